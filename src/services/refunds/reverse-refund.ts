import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { type Actor, provenanceOf } from '../../auth/actor.js';
import { CreditNote } from '../../entities/credit-note.js';
import { JournalEntry } from '../../entities/journal-entry.js';
import { Refund } from '../../entities/refund.js';
import { RefundReversal } from '../../entities/refund-reversal.js';
import { DateBeforeRefund, RefundAlreadyReversed, RefundNotFound } from '../../errors.js';
import { tidy } from '../../values/text.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import type { Idempotency } from '../unit-of-work/idempotency.js';
import { inUnitOfWork } from '../unit-of-work/unit-of-work.js';

export interface ReverseRefund {
  readonly refundId: string;
  /** A day in an open period, not before the refund's own: a date, or a date-time that means one. */
  readonly date: string;
  readonly reason: string;
}

/**
 * Takes a refund back by its mirror entry, also when the refund's own period is locked, and gives the credit back.
 *
 * @throws {RefundNotFound}
 * @throws {RefundAlreadyReversed}
 * @throws {TransactionsDateLocked} if the books are locked on the reversal's date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeRefund}
 */
export function reverseRefund(em: EntityManager, actor: Actor, command: ReverseRefund, idempotency?: Idempotency): Promise<Refund> {
  const reason = tidy(command.reason);
  const fields = { ...command, reason };
  return inUnitOfWork(em, actor, { operation: 'reverseRefund', fields, result: Refund, idempotency }, async (em, organization) => {
    const refund = await findOwned(em, Refund, organization, command.refundId);
    if (refund === null) throw new RefundNotFound(command.refundId);
    // The note's lock is what refunds wait for, too: of parallel reversals one wins, and the others see that it did.
    const creditNote = await em.findOneOrFail(CreditNote, refund.creditNote.id, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if ((await em.count(RefundReversal, { refund })) > 0) throw new RefundAlreadyReversed(command.refundId);

    const date = organization.postingDate(command.date);
    organization.assertUnlocked(date);
    organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
    if (date < refund.date) throw new DateBeforeRefund(date, refund.date);

    const mirror = (await entryWithLines(em, refund.journalEntry.id)).reversed(date);
    creditNote.giveBack(refund);
    em.persist([mirror, new RefundReversal(refund, mirror, reason, provenanceOf(actor))]);
    return refund;
  });
}

/** An entry that can be reversed. */
export function entryWithLines(em: EntityManager, id: number): Promise<JournalEntry> {
  return em.findOneOrFail(JournalEntry, id, { populate: ['lines'], orderBy: { lines: { id: 'asc' } } });
}
