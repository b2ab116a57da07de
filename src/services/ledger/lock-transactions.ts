import { Role } from '../../entities/access.js';
import { Organization } from '../../entities/organization.js';
import { type CommandDone, command } from '../unit-of-work/command.js';
import { optional, postingDate, text } from '../unit-of-work/fields.js';

/**
 * Locks the books up to and including a day. Waits for what is in flight, and keeps who did it, when and why.
 *
 * @throws {LockDateEarlier} if days are locked that it would open
 * @throws {DateTooFarAhead} if it would lock days that cannot be posted on yet
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
 * Opens the books again, after a day, or altogether without one. Waits for what is in flight, and keeps who did it, when and why.
 *
 * @throws {LockDateNotEarlier} if that would open nothing
 * @throws {DateTooFarAhead} if the days that stay locked reach further than may be posted on
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
