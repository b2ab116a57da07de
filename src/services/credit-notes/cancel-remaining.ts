import type { EntityManager } from '@mikro-orm/postgresql';
import { provenanceOf } from '../../auth/actor.js';
import { InvalidInput, Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { Account, systemAccounts } from '../../entities/account.js';
import { CreditNote } from '../../entities/credit-note.js';
import { CreditNoteCancellation, MAX_CANCELLATIONS } from '../../entities/credit-note-cancellation.js';
import { assertSomethingRemains } from '../../entities/credit-note-state.js';
import { debit, JournalEntry, JournalSource } from '../../entities/journal-entry.js';
import { command } from '../unit-of-work/command.js';
import { decimal, id, optional, postingDate, text } from '../unit-of-work/fields.js';
import { lockCreditNote } from '../unit-of-work/locks.js';
import { assertNotBeforeReversals } from './void-credit-note.js';

/**
 * Cancels what remains of a credit note: posts an entry that mirrors the note's own entry in proportion to the remaining credit. The note is
 * closed then. If a refund of it is reversed later, its amount is remaining credit again.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteIsDraft}
 * @throws {CreditNoteIsVoid}
 * @throws {CreditNoteHasNoRemainingAmount}
 * @throws {CreditNoteChanged} if the remaining credit differs from the expected one
 * @throws {TransactionsDateLocked} if the books are locked on the date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeCreditNote}
 * @throws {DateBeforeRefund} if the date is before the latest reversal of one of the note's refunds
 * @throws {InvalidInput} if the note has {@link MAX_CANCELLATIONS} already
 */
export const cancelRemaining = command({
  name: 'cancelRemaining',
  role: Role.ACCOUNTANT,
  result: CreditNote,
  fields: { creditNoteId: id, date: postingDate, reason: text, expectedRemaining: optional(decimal) },
  async run({ em, organization, actor }, { creditNoteId, date, reason, expectedRemaining }) {
    const creditNote = await lockCreditNote(em, organization, creditNoteId, 'creditNoteId');
    creditNote.assertOpened();
    const refusals = new Refusals();
    if (expectedRemaining) refusals.check(() => creditNote.assertRemaining([expectedRemaining]));
    refusals.check(() => assertSomethingRemains(creditNote, 'creditNoteId'));
    refusals.check(() => {
      organization.assertUnlocked(date);
      organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
      creditNote.assertNotBefore(date);
    });
    if (refusals.any) throw refusals.all();
    await assertNotBeforeReversals(em, creditNote, date);
    await assertFewCancellations(em, creditNote);

    await em.populate(creditNote, ['lines.account', 'branch', 'customer'], { orderBy: { lines: { id: 'asc' } } });
    const accounts = await em.find(Account, { organization: organization.id, systemRole: { $ne: null } });
    const cancelled = creditNote.cancelRemaining();
    const { customer, branch } = creditNote;
    const entry = new JournalEntry(
      organization,
      { postingDate: date, source: JournalSource.CANCELLATION, memo: `Cancellation of credit note ${creditNote.number}` },
      [
        debit(systemAccounts(organization, accounts).receivable, cancelled.baseAmount, {
          foreign: creditNote.inForeign(cancelled.amount),
          customer,
          branch,
        }),
        ...cancelled.lines,
      ],
    );
    em.persist([entry, new CreditNoteCancellation(creditNote, cancelled, entry, reason, provenanceOf(actor))]);
    return creditNote;
  },
});

/** The caller holds the note's lock, so nobody adds one meanwhile. */
async function assertFewCancellations(em: EntityManager, creditNote: CreditNote): Promise<void> {
  if ((await em.count(CreditNoteCancellation, { creditNote })) < MAX_CANCELLATIONS) return;
  const reason = `creditNoteId must name a credit note with fewer than ${MAX_CANCELLATIONS} cancellations; what remains of this one can be refunded`;
  throw new InvalidInput([{ field: 'creditNoteId', constraints: { maxCancellations: reason }, value: String(creditNote.id) }]);
}
