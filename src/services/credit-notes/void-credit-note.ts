import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { CreditNote } from '../../entities/credit-note.js';
import { RefundReversal } from '../../entities/refund-reversal.js';
import { CreditNoteNotFound, DateBeforeRefund } from '../../errors.js';
import { entryWithLines } from '../refunds/reverse-refund.js';
import { by, recordEvent } from '../unit-of-work/audit-trail.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import type { Idempotency } from '../unit-of-work/idempotency.js';
import { inUnitOfWork } from '../unit-of-work/unit-of-work.js';

export interface VoidCreditNote {
  readonly id: string;
  /** Absent: today in the organization's time zone, or the note's own date if that is later. */
  readonly date?: string | null | undefined;
}

/**
 * Takes a credit note back that nothing was paid of, by the mirror of its own entry.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteIsVoid}
 * @throws {CreditNoteHasRefunds} or has been applied to invoices
 * @throws {TransactionsDateLocked} if the books are locked on the date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeCreditNote}
 * @throws {DateBeforeRefund} if refunds of it were reversed later than on the date
 */
export function voidCreditNote(
  em: EntityManager,
  actor: Actor,
  command: VoidCreditNote,
  idempotency?: Idempotency,
): Promise<CreditNote> {
  const fields = { ...command };
  return inUnitOfWork(
    em,
    actor,
    { operation: 'voidCreditNote', fields, result: CreditNote, idempotency },
    async (em, organization) => {
      const creditNote = await findOwned(em, CreditNote, organization, command.id, LockMode.PESSIMISTIC_WRITE);
      if (creditNote === null) throw new CreditNoteNotFound(command.id, 'id');
      creditNote.assertVoidable();
      recordEvent(em, organization, 'voidCreditNote', { number: creditNote.number }, by(actor));
      if (creditNote.journalEntry === null) {
        creditNote.void(null);
        return creditNote;
      }
      const [, latest = creditNote.date] = [organization.today, creditNote.date].sort();
      const date = command.date ? organization.postingDate(command.date) : latest;
      organization.assertUnlocked(date);
      organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
      creditNote.assertNotBefore(date);
      const [reversal] = await em.find(RefundReversal, { refund: { creditNote } }, { orderBy: { date: 'desc' }, limit: 1 });
      if (reversal !== undefined && date < reversal.date) throw new DateBeforeRefund(date, reversal.date);

      const mirror = (await entryWithLines(em, creditNote.journalEntry.id)).reversed(date);
      em.persist(mirror);
      creditNote.void(mirror);
      return creditNote;
    },
  );
}
