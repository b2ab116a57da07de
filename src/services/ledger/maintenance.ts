import type { EntityManager } from '@mikro-orm/postgresql';
import pLimit from 'p-limit';
import { type Sweep, sweepIdempotencyKeys } from '../unit-of-work/idempotency-sweep.js';
import { organizationsToSnapshot, snapshotBalances } from './balances.js';

/**
 * What every gateway does from time to time. Doing it twice, or in two processes at once, does no harm. What fails for one
 * organization is done for the others.
 *
 * @param onDoubt hears of a sweep of idempotency keys that was not made
 * @throws {AggregateError} of what has failed
 */
export async function maintain(em: EntityManager, onDoubt: (doubt: NonNullable<Sweep['doubt']>) => void): Promise<void> {
  const { doubt } = await sweepIdempotencyKeys(em);
  if (doubt !== null) onDoubt(doubt);
  const organizations = await organizationsToSnapshot(em);
  const inTurn = pLimit(1);
  const done = await Promise.allSettled(organizations.map((id) => inTurn(() => snapshotBalances(em.fork(), id))));
  const errors = done.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, `the balances of ${errors.length} organizations were not snapshot`);
}
