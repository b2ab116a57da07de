import type { EntityManager } from '@mikro-orm/postgresql';
import pLimit from 'p-limit';
import { DEFAULT_WAIT_MS, WaitBudget, workFor } from '../../concurrency/wait-budget.js';
import { ANSWER_TIMEOUT_MS } from '../../orm/transaction-limits.js';
import { type Sweep, sweepIdempotencyKeys } from '../unit-of-work/idempotency-sweep.js';
import { organizationsToSnapshot, snapshotBalances } from './balances.js';

/**
 * The periodic jobs of each gateway process: deletes expired idempotency keys, and updates the balance snapshots. It is safe to run more than
 * once, and in several processes at the same time. An error in one job or organization does not stop the others.
 *
 * @param onSkippedSweep is called if the sweep of idempotency keys deleted nothing because the clock may be wrong
 * @param answerTimeoutMs time without an answer after which a connection is closed: otherwise a silent one would end the maintenance for ever
 * @throws {AggregateError} with the errors of all jobs and organizations
 */
export async function maintain(
  em: EntityManager,
  onSkippedSweep: (skipped: NonNullable<Sweep['skipped']>) => void,
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
): Promise<void> {
  const limited = <T>(job: () => Promise<T>) =>
    workFor({ organizationId: null, budget: new WaitBudget(DEFAULT_WAIT_MS), answerTimeoutMs }, job);
  const sweep = async (): Promise<void> => {
    const { skipped } = await sweepIdempotencyKeys(em);
    if (skipped !== null) onSkippedSweep(skipped);
  };
  const organizations = await limited(() => organizationsToSnapshot(em));
  const inTurn = pLimit(1);
  const jobs = [sweep, ...organizations.map((id) => () => snapshotBalances(em.fork(), id))];
  const done = await Promise.allSettled(jobs.map((job) => inTurn(() => limited<unknown>(job))));
  const errors = done.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${jobs.length} maintenance jobs failed`);
}
