import { Role } from '../../entities/access.js';
import { Organization } from '../../entities/organization.js';
import { type CommandDone, command } from '../unit-of-work/command.js';
import { optional, postingDate, text } from '../unit-of-work/fields.js';

/**
 * Locks the books up to and including a day. Waits for running commands of the organization, and records an audit event.
 *
 * @throws {LockDateEarlier} if the date is before the present lock date
 * @throws {DateTooFarAhead} if the date is later than the latest allowed posting date
 */
export const lockTransactions = command({
  name: 'lockTransactions',
  role: Role.ADMIN,
  period: 'exclusive',
  result: Organization,
  fields: { lockDate: postingDate, reason: text },
  async run({ organization, actor }, { lockDate }) {
    organization.lock(lockDate, actor.postingDaysAhead);
    return organization;
  },
  audit: lockDateChange,
});

/**
 * Unlocks the books after a day; completely if there is no date. Waits for running commands of the organization, and records an audit event.
 *
 * @throws {LockDateNotEarlier} if the date is not before the present lock date, or the books are not locked
 * @throws {DateTooFarAhead} if the date is later than the latest allowed posting date
 */
export const unlockTransactions = command({
  name: 'unlockTransactions',
  role: Role.ADMIN,
  period: 'exclusive',
  result: Organization,
  fields: { lockDate: optional(postingDate), reason: text },
  async run({ organization, actor }, { lockDate }) {
    organization.unlock(lockDate, actor.postingDaysAhead);
    return organization;
  },
  audit: lockDateChange,
});

function lockDateChange({ before, result, values }: CommandDone<Organization, { readonly reason: string }>) {
  return { before: before.lockDate ?? 'none', after: result.lockDate ?? 'none', reason: values.reason };
}
