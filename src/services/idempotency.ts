import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { IdempotencyKey } from '../entities/idempotency-key.js';
import type { Organization } from '../entities/organization.js';
import { IdempotencyKeyReused } from '../errors.js';
import { Big } from '../money.js';

/** The key that the caller chose for its command, and whom to tell if the command was done before. */
export interface Idempotency {
  readonly key: string;
  onReplay(): void;
}

/**
 * Does the work once per key: the second time, the first one's result is found again.
 *
 * Runs inside the caller's transaction. The lock makes a second request with the key wait for the first, in whatever
 * process it runs; the key is written with the result, so a refused or lost attempt leaves nothing behind.
 *
 * @param command what is to be done, normalized: equal commands have equal fields, in equal order
 * @throws {IdempotencyKeyReused} if the key was used for another command
 */
export async function once<T extends { id: number }>(
  em: EntityManager,
  organization: Organization,
  idempotency: Idempotency | undefined,
  command: Readonly<Record<string, string | Big>>,
  find: (id: number) => Promise<T>,
  work: () => Promise<T>,
): Promise<T> {
  if (idempotency === undefined) return work();
  const { key } = idempotency;
  const fingerprint = fingerprintOf(command);
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, ?))', [key, organization.id]);
  const earlier = await em.findOne(IdempotencyKey, { organization: organization.id, key });
  if (earlier !== null) {
    if (earlier.fingerprint !== fingerprint) throw new IdempotencyKeyReused();
    idempotency.onReplay();
    return find(earlier.resultId);
  }
  const result = await work();
  // The result gets its id from the database.
  await em.persist(result).flush();
  em.persist(em.create(IdempotencyKey, { organization: organization.id, key, fingerprint, resultId: result.id }));
  return result;
}

function fingerprintOf(command: Readonly<Record<string, string | Big>>): string {
  const normalized = Object.entries(command).map(([field, value]) => [field, value instanceof Big ? value.toFixed() : value]);
  return createHash('sha256').update(JSON.stringify(normalized)).digest('hex');
}
