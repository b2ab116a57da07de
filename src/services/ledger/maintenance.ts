import type { EntityManager } from '@mikro-orm/postgresql';
import pLimit from 'p-limit';
import { type Sweep, sweepIdempotencyKeys } from '../unit-of-work/idempotency-sweep.js';
import { organizationsToSnapshot, snapshotBalances } from './balances.js';

/**
 * The periodic jobs of each gateway process: deletes expired idempotency keys, and updates the balance snapshots. It is safe to run more than
 * once, and in several processes at the same time. An error in one organization does not stop the others.
 *
 * @param onSkippedSweep is called if the sweep of idempotency keys deleted nothing because the clock may be wrong
 * @throws {AggregateError} with the errors of all organizations
 */
export async function maintain(em: EntityManager, onSkippedSweep: (skipped: NonNullable<Sweep['skipped']>) => void): Promise<void> {
  const { skipped } = await sweepIdempotencyKeys(em);
  if (skipped !== null) onSkippedSweep(skipped);
  const organizations = await organizationsToSnapshot(em);
  const inTurn = pLimit(1);
  const done = await Promise.allSettled(organizations.map((id) => inTurn(() => snapshotBalances(em.fork(), id))));
  const errors = done.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (errors.length > 0)
    throw new AggregateError(errors, `the balance snapshots of ${errors.length} organizations were not updated`);
}
