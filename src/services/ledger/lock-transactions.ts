import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Role } from '../../entities/access.js';
import { Organization } from '../../entities/organization.js';
import { tidy } from '../../values/text.js';
import { by, recordEvent } from '../unit-of-work/audit-trail.js';
import type { Idempotency } from '../unit-of-work/idempotency.js';
import { inUnitOfWork } from '../unit-of-work/unit-of-work.js';

export interface LockTransactions {
  /** Nothing is posted on or before it. */
  readonly lockDate: string;
  readonly reason: string;
}

export interface UnlockTransactions {
  /** Up to and including it the books stay locked; absent: nothing does. */
  readonly lockDate?: string | null | undefined;
  readonly reason: string;
}

/**
 * Locks the books up to and including a day. Waits for what is in flight, and keeps who did it, when and why.
 *
 * @throws {LockDateEarlier} if days are locked that it would open
 * @throws {DateTooFarAhead} if it would lock days that cannot be posted on yet
 */
export function lockTransactions(
  em: EntityManager,
  actor: Actor,
  { lockDate, reason }: LockTransactions,
  idempotency?: Idempotency,
): Promise<Organization> {
  return changeLock(em, actor, 'lockTransactions', { lockDate, reason: tidy(reason) }, idempotency, (organization) =>
    organization.lock(organization.postingDate(lockDate, 'lockDate'), actor.postingDaysAhead),
  );
}

/**
 * Opens the books again, after a day or altogether. Waits for what is in flight, and keeps who did it, when and why.
 *
 * @throws {LockDateNotEarlier} if that would open nothing
 * @throws {DateTooFarAhead} if the days that stay locked reach further than may be posted on
 */
export function unlockTransactions(
  em: EntityManager,
  actor: Actor,
  { lockDate, reason }: UnlockTransactions,
  idempotency?: Idempotency,
): Promise<Organization> {
  return changeLock(em, actor, 'unlockTransactions', { lockDate, reason: tidy(reason) }, idempotency, (organization) =>
    organization.unlock(lockDate ? organization.postingDate(lockDate, 'lockDate') : null, actor.postingDaysAhead),
  );
}

function changeLock(
  em: EntityManager,
  actor: Actor,
  operation: string,
  fields: UnlockTransactions,
  idempotency: Idempotency | undefined,
  change: (organization: Organization) => void,
): Promise<Organization> {
  const command = { operation, fields, result: Organization, idempotency, period: 'alone' as const, role: Role.ADMIN };
  return inUnitOfWork(em, actor, command, async (em, organization) => {
    const before = organization.lockDate;
    change(organization);
    const details = { before: before ?? 'none', after: organization.lockDate ?? 'none', reason: fields.reason };
    recordEvent(em, organization, operation, details, by(actor));
    return organization;
  });
}
