import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import { tidy } from '../text.js';
import { by, recordEvent } from './audit-trail.js';
import type { Idempotency } from './idempotency.js';
import { inUnitOfWork } from './unit-of-work.js';

export interface LockTransactions {
  /** Nothing is posted on or before it. */
  readonly lockDate: string;
  readonly reason: string;
}

/** Locks the books up to and including a day. Waits for what is in flight, and keeps who did it, when and why. */
export function lockTransactions(
  em: EntityManager,
  actor: Actor,
  { lockDate, reason }: LockTransactions,
  idempotency?: Idempotency,
): Promise<Organization> {
  return changeLock(em, actor, 'lockTransactions', { lockDate, reason: tidy(reason) }, idempotency);
}

/** Opens the books again. Waits for what is in flight, and keeps who did it, when and why. */
export function unlockTransactions(
  em: EntityManager,
  actor: Actor,
  reason: string,
  idempotency?: Idempotency,
): Promise<Organization> {
  return changeLock(em, actor, 'unlockTransactions', { reason: tidy(reason) }, idempotency);
}

function changeLock(
  em: EntityManager,
  actor: Actor,
  operation: string,
  fields: { lockDate?: string; reason: string },
  idempotency: Idempotency | undefined,
): Promise<Organization> {
  const command = { operation, fields, result: Organization, idempotency, period: 'alone' as const, role: Role.ADMIN };
  return inUnitOfWork(em, actor, command, async (em, organization) => {
    const before = organization.lockDate;
    const after = fields.lockDate === undefined ? null : organization.postingDate(fields.lockDate, 'lockDate');
    organization.lockDate = after;
    const details = { before: before ?? 'none', after: after ?? 'none', reason: fields.reason };
    recordEvent(em, organization, operation, details, by(actor));
    return organization;
  });
}
