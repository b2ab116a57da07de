import { createHash } from 'node:crypto';
import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../auth/actor.js';
import { IdempotencyKey } from '../entities/idempotency-key.js';
import { Organization } from '../entities/organization.js';
import { IdempotencyKeyReused } from '../errors.js';
import { Big } from '../money.js';

/** The key that the caller chose for its command, and whom to tell whether the command was done before. */
export interface Idempotency {
  readonly key: string;
  onOutcome(outcome: { replayed: boolean }): void;
}

/**
 * Work shares the organization's period with other work; changing the lock date wants it alone. So no lock date slips in
 * under a refund in flight, and no refund under a lock date.
 */
export type Period = 'shared' | 'alone';

/** What is to be done: its name and its fields, which together tell one command from another. */
export interface Command<T> {
  readonly operation: string;
  readonly fields: object;
  /** What it makes. */
  readonly result: EntityClass<T>;
  readonly idempotency: Idempotency | undefined;
  readonly period?: Period;
}

/**
 * Does the work in one transaction, with an identity map of its own, and once per idempotency key: the second time, the
 * first one's result is read again.
 *
 * The key's lock makes a second request with the key wait for the first, in whatever process it runs. The key is written
 * with the result, so a refused or lost attempt leaves nothing behind.
 *
 * @throws {IdempotencyKeyReused} if the key was used for another command
 */
export function inUnitOfWork<T extends { id: number }>(
  em: EntityManager,
  actor: Actor,
  { operation, fields, result, idempotency, period = 'shared' }: Command<T>,
  work: (em: EntityManager, organization: Organization) => Promise<T>,
): Promise<T> {
  return em.transactional(
    async (em) => {
      await em.execute(PERIOD_LOCK[period], [actor.organization.id]);
      const organization = await em.findOneOrFail(Organization, actor.organization.id);
      if (idempotency === undefined) return work(em, organization);

      const { key } = idempotency;
      const fingerprint = fingerprintOf(operation, fields, organization);
      await em.execute(KEY_LOCK, [key, organization.id]);
      const earlier = await em.findOne(IdempotencyKey, { organization: organization.id, key });
      if (earlier !== null && earlier.fingerprint !== fingerprint) throw new IdempotencyKeyReused();
      idempotency.onOutcome({ replayed: earlier !== null });
      if (earlier !== null) {
        return em.findOneOrFail(result, { id: earlier.resultId } as FilterQuery<T>);
      }
      const made = await work(em, organization);
      // What it made gets its id from the database.
      await em.persist(made).flush();
      em.create(IdempotencyKey, { organization: organization.id, key, fingerprint, resultId: made.id });
      return made;
    },
    { clear: true },
  );
}

/** Advisory locks queue fairly, unlike row locks: a lock date does not starve behind a stream of refunds. */
export const PERIOD_LOCK: Record<Period, string> = {
  shared: `select pg_advisory_xact_lock_shared(hashtextextended('period', ?))`,
  alone: `select pg_advisory_xact_lock(hashtextextended('period', ?))`,
};

/** The prefix keeps callers' keys apart from the period: a caller may well call a key "period". */
const KEY_LOCK = `select pg_advisory_xact_lock(hashtextextended('idempotency key ' || ?, ?))`;

/** Equal commands have equal fingerprints: 100 and "100.00" are one amount, and a date-time is the date that it means here. */
function fingerprintOf(operation: string, fields: object, organization: Organization): string {
  const normalized = JSON.stringify(
    { operation, ...fields },
    function (this: Record<string, unknown>, name: string, value: unknown) {
      const original = this[name];
      if (original instanceof Big) return original.toFixed();
      if ((name === 'date' || name === 'lockDate') && typeof value === 'string') return organization.postingDate(value, name);
      if (value === null) return undefined;
      return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
    },
  );
  return createHash('sha256').update(normalized).digest('hex');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For so long a key is known; after that the same key is a new one. */
export const IDEMPOTENCY_RETENTION_DAYS = 30;

/** Forgets the keys that are older than the retention, and tells how many there were. */
export function sweepIdempotencyKeys(em: EntityManager): Promise<number> {
  const oldest = new Date(Date.now() - IDEMPOTENCY_RETENTION_DAYS * 24 * 60 * 60 * 1000);
  return em.nativeDelete(IdempotencyKey, { createdAt: { $lt: oldest } });
}
