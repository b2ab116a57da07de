import type { EntityManager } from '@mikro-orm/postgresql';
import { Role } from '../../entities/access.js';
import { CreditNote } from '../../entities/credit-note.js';
import { RefundReversal } from '../../entities/refund-reversal.js';
import { DateBeforeRefund } from '../../errors.js';
import type { PostingDate } from '../../values/posting-date.js';
import { mirrorEntry } from '../ledger/mirror-entry.js';
import { command } from '../unit-of-work/command.js';
import { id, optional, postingDate } from '../unit-of-work/fields.js';
import { lockCreditNote } from '../unit-of-work/locks.js';

/**
 * Voids a credit note without refunds: posts the mirror of its journal entry. The default date is the latest of today in the organization's
 * time zone, the note's own date and the reversals of its refunds. A draft has no entry, and so nothing is posted.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteIsVoid}
 * @throws {CreditNoteHasRefunds} if the note has refunds, has been applied to invoices, or was cancelled in part
 * @throws {TransactionsDateLocked} if the books are locked on the date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeCreditNote}
 * @throws {DateBeforeRefund} if the date is before the latest reversal of one of the note's refunds
 */
export const voidCreditNote = command({
  name: 'voidCreditNote',
  role: Role.ACCOUNTANT,
  result: CreditNote,
  fields: { id, date: optional(postingDate) },
  async run({ em, organization, actor, assertExpected }, { id, date: chosen }) {
    const creditNote = await lockCreditNote(em, organization, id);
    await assertExpected();
    creditNote.assertVoidable();
    if (creditNote.journalEntry === null) {
      creditNote.void(null);
      return creditNote;
    }
    const reversal = await latestReversal(em, creditNote);
    const [, latest = creditNote.date] = [organization.today, reversal ?? creditNote.date].sort();
    const date = chosen ?? latest;
    organization.assertUnlocked(date);
    organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
    creditNote.assertNotBefore(date);
    await assertNotBeforeReversals(em, creditNote, date);

    const mirror = await mirrorEntry(em, organization, creditNote.journalEntry.id, date);
    em.persist(mirror);
    creditNote.void(mirror);
    return creditNote;
  },
  audit: ({ result }) => ({ number: result.number }),
});

/**
 * Checks that none of the note's refunds was reversed after the date: until then, its amount was no remaining credit.
 *
 * @throws {DateBeforeRefund}
 */
export async function assertNotBeforeReversals(em: EntityManager, creditNote: CreditNote, date: PostingDate): Promise<void> {
  const reversalDate = await latestReversal(em, creditNote);
  if (reversalDate !== undefined && date < reversalDate) throw new DateBeforeRefund(date, { reversalDate });
}

async function latestReversal(em: EntityManager, creditNote: CreditNote): Promise<PostingDate | undefined> {
  const [reversal] = await em.find(RefundReversal, { refund: { creditNote } }, { orderBy: { date: 'desc' }, limit: 1 });
  return reversal?.date;
}
