import { provenanceOf } from '../../auth/actor.js';
import { Role } from '../../entities/access.js';
import type { Organization } from '../../entities/organization.js';
import { Refund } from '../../entities/refund.js';
import { RefundReversal } from '../../entities/refund-reversal.js';
import { DateBeforeRefund, RefundAlreadyReversed, RefundNotFound } from '../../errors.js';
import { daysAfter, type PostingDate } from '../../values/posting-date.js';
import { mirrorEntry } from '../ledger/mirror-entry.js';
import { command } from '../unit-of-work/command.js';
import { id, optional, postingDate, text } from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import { lockCreditNote } from '../unit-of-work/locks.js';

/**
 * Reverses a refund: posts the mirror of its journal entry, and adds the amount to the note's remaining credit again. The period of the refund
 * itself may be locked. The default date is today in the organization's time zone, or the first day after it that is open and not before the
 * refund's own date.
 *
 * @throws {RefundNotFound}
 * @throws {RefundAlreadyReversed}
 * @throws {TransactionsDateLocked} if the books are locked on the reversal's date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeRefund}
 */
export const reverseRefund = command({
  name: 'reverseRefund',
  role: Role.ACCOUNTANT,
  result: Refund,
  fields: { refundId: id, date: optional(postingDate), reason: text },
  async run({ em, organization, actor, assertExpected }, { refundId, date: chosen, reason }) {
    const refund = await findOwned(em, Refund, organization, refundId);
    if (refund === null) throw new RefundNotFound(refundId);
    // Concurrent reversals wait for the lock, and then see the reversal of its former holder.
    const creditNote = await lockCreditNote(em, organization, String(refund.creditNote.id));
    await assertExpected();
    if ((await em.count(RefundReversal, { refund })) > 0) throw new RefundAlreadyReversed(refundId);

    const date = chosen ?? firstOpenDay(organization, refund);
    organization.assertUnlocked(date);
    organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
    if (date < refund.date) throw new DateBeforeRefund(date, { refundDate: refund.date });

    const mirror = await mirrorEntry(em, organization, refund.journalEntry.id, date);
    creditNote.reverseRefund(refund);
    em.persist([mirror, new RefundReversal(refund, mirror, reason, provenanceOf(actor))]);
    return refund;
  },
});

function firstOpenDay({ today, lockDate }: Organization, refund: Refund): PostingDate {
  const unlocked = lockDate === null ? today : daysAfter(lockDate, 1);
  const [, , latest = today] = [today, unlocked, refund.date].sort();
  return latest;
}
