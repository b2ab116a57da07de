import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Account } from '../../entities/account.js';
import { CreditNote } from '../../entities/credit-note.js';
import { credit, debit, JournalEntry, JournalSource } from '../../entities/journal-entry.js';
import { CreditNoteNotFound } from '../../errors.js';
import { systemAccounts } from '../ledger/system-accounts.js';
import { by, recordEvent } from '../unit-of-work/audit-trail.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import type { Idempotency } from '../unit-of-work/idempotency.js';
import { inUnitOfWork } from '../unit-of-work/unit-of-work.js';

/**
 * Puts a draft into the books, on its own date.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteAlreadyOpened}
 * @throws {CreditNoteIsVoid}
 * @throws {TransactionsDateLocked} if the books are locked on the note's date
 * @throws {DateTooFarAhead}
 */
export function openCreditNote(em: EntityManager, actor: Actor, id: string, idempotency?: Idempotency): Promise<CreditNote> {
  const command = { operation: 'openCreditNote', fields: { id }, result: CreditNote, idempotency };
  return inUnitOfWork(em, actor, command, async (em, organization) => {
    const creditNote = await findOwned(em, CreditNote, organization, id, LockMode.PESSIMISTIC_WRITE);
    if (creditNote === null) throw new CreditNoteNotFound(id, 'id');
    creditNote.assertDraft();
    await em.populate(creditNote, ['lines.account'], { orderBy: { lines: { id: 'asc' } } });
    await putIntoBooks(em, actor, creditNote, 'id');
    recordEvent(em, organization, 'openCreditNote', { number: creditNote.number }, by(actor));
    return creditNote;
  });
}

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
