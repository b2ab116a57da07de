import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { CreditNote } from '../../entities/credit-note.js';
import { credit, debit, JournalEntry, JournalSource } from '../../entities/journal-entry.js';
import { systemAccounts } from '../ledger/system-accounts.js';
import { command } from '../unit-of-work/command.js';
import { id } from '../unit-of-work/fields.js';
import { lockCreditNote } from '../unit-of-work/locks.js';

/**
 * Puts a draft into the books, on its own date.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteAlreadyOpened}
 * @throws {CreditNoteIsVoid}
 * @throws {TransactionsDateLocked} if the books are locked on the note's date
 * @throws {DateTooFarAhead}
 */
export const openCreditNote = command({
  name: 'openCreditNote',
  role: Role.ACCOUNTANT,
  result: CreditNote,
  fields: { id },
  async run({ em, organization, actor }, { id }) {
    const creditNote = await lockCreditNote(em, organization, id);
    creditNote.assertDraft();
    await em.populate(creditNote, ['lines.account'], { orderBy: { lines: { id: 'asc' } } });
    await putIntoBooks(em, actor, creditNote, 'id');
    return creditNote;
  },
  audit: ({ result }) => ({ number: result.number }),
});

/**
 * Posts the note's own entry: debit the lines' income accounts, credit the receivable. Part of the caller's transaction.
 *
 * @param field the input field that is to blame if the note's date may not be posted on
 */
export async function putIntoBooks(em: EntityManager, actor: Actor, creditNote: CreditNote, field: string): Promise<void> {
  const { organization, customer, branch } = creditNote;
  organization.assertUnlocked(creditNote.date, field);
  organization.assertNotTooFarAhead(creditNote.date, actor.postingDaysAhead, field);
  const accounts = await em.find(Account, { organization: organization.id, systemRole: { $ne: null } });
  const { receivable } = systemAccounts(organization, accounts);
  const entry = new JournalEntry(
    organization,
    { postingDate: creditNote.date, source: JournalSource.CREDIT_NOTE, memo: `Credit note ${creditNote.number}` },
    [
      ...creditNote.bookedLines().map(({ account, booked, foreign }) => debit(account, booked, { foreign, branch })),
      credit(receivable, creditNote.totalBase, { foreign: creditNote.inForeign(creditNote.total), customer, branch }),
    ],
  );
  creditNote.open(entry);
  em.persist(entry);
}
