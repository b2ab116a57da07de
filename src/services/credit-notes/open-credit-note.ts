import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { Account, systemAccounts } from '../../entities/account.js';
import { CreditNote } from '../../entities/credit-note.js';
import { credit, JournalEntry, JournalSource } from '../../entities/journal-entry.js';
import { command } from '../unit-of-work/command.js';
import { id } from '../unit-of-work/fields.js';
import { lockCreditNote } from '../unit-of-work/locks.js';

/**
 * Opens a draft: posts its journal entry on the note's own date.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteAlreadyOpened}
 * @throws {CreditNoteIsVoid}
 * @throws {CustomerInactive}
 * @throws {BranchInactive}
 * @throws {AccountInactive}
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
    await em.populate(creditNote, ['lines.account', 'customer', 'branch'], { orderBy: { lines: { id: 'asc' } } });
    // Since the draft was recorded, they may have been deactivated.
    const refusals = new Refusals();
    refusals.check(() => creditNote.customer.assertActive('id'));
    refusals.check(() => creditNote.branch.assertActive('id'));
    for (const account of new Set(creditNote.lines.map(({ account }) => account))) refusals.check(() => account.assertActive('id'));
    refusals.check(() => organization.assertUnlocked(creditNote.date, 'id'));
    if (refusals.any) throw refusals.all();
    await putIntoBooks(em, actor, creditNote, 'id');
    return creditNote;
  },
  audit: ({ result }) => ({ number: result.number }),
});

/**
 * Opens the note and posts its journal entry, in the caller's transaction: debits the accounts of the lines, credits the receivable.
 *
 * @param field the input field that errors about the note's date name
 * @throws {TransactionsDateLocked}
 * @throws {DateTooFarAhead}
 */
export async function putIntoBooks(em: EntityManager, actor: Actor, creditNote: CreditNote, field: string): Promise<void> {
  const { organization } = creditNote;
  organization.assertUnlocked(creditNote.date, field);
  organization.assertNotTooFarAhead(creditNote.date, actor.postingDaysAhead, field);
  const accounts = await em.find(Account, { organization: organization.id, systemRole: { $ne: null } });
  const { receivable } = systemAccounts(organization, accounts);
  const entry = creditNoteEntry(creditNote, receivable);
  creditNote.open(entry);
  em.persist(entry);
}

/** Builds the journal entry of a note: debits the accounts of the lines, credits the receivable. */
export function creditNoteEntry(creditNote: CreditNote, receivable: Account): JournalEntry {
  const { organization, customer, branch } = creditNote;
  return new JournalEntry(
    organization,
    { postingDate: creditNote.date, source: JournalSource.CREDIT_NOTE, memo: `Credit note ${creditNote.number}` },
    [
      ...creditNote.postedLines(),
      credit(receivable, creditNote.totalBase, { foreign: creditNote.inForeign(creditNote.total), customer, branch }),
    ],
  );
}
