import type { EntityManager } from '@mikro-orm/postgresql';
import pLimit from 'p-limit';
import { DEFAULT_WAIT_MS, WaitBudget, workFor } from '../../concurrency/wait-budget.js';
import { ANSWER_TIMEOUT_MS } from '../../orm/transaction-limits.js';
import { type Sweep, sweepIdempotencyKeys } from '../unit-of-work/idempotency-sweep.js';
import { organizationsToSnapshot, snapshotBalances } from './balances.js';

/** Number of lines beyond which an organization's snapshots do not wait for the next maintenance, because each balance reads these lines. */
const BUSY_LINES = 1_000;

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
  const sweep = async (): Promise<void> => {
    const { skipped } = await sweepIdempotencyKeys(em);
    if (skipped !== null) onSkippedSweep(skipped);
  };
  await runJobs([sweep, ...(await snapshots(em, 1, answerTimeoutMs))], answerTimeoutMs);
}

/**
 * Updates the balance snapshots of organizations with many new lines, between two runs of {@link maintain}. As safe as that.
 *
 * @throws {AggregateError} with the errors of all organizations
 */
export async function snapshotBusyOrganizations(em: EntityManager): Promise<void> {
  await runJobs(await snapshots(em, BUSY_LINES, ANSWER_TIMEOUT_MS), ANSWER_TIMEOUT_MS);
}

type Job = () => Promise<unknown>;

/** Returns a job for each organization that has at least so many new lines. */
async function snapshots(em: EntityManager, minLines: number, answerTimeoutMs: number): Promise<Job[]> {
  const organizations = await limited(() => organizationsToSnapshot(em, minLines), answerTimeoutMs);
  return organizations.map((id) => () => snapshotBalances(em.fork(), id));
}

/** Runs the jobs one after the other. */
async function runJobs(jobs: readonly Job[], answerTimeoutMs: number): Promise<void> {
  const inTurn = pLimit(1);
  const done = await Promise.allSettled(jobs.map((job) => inTurn(() => limited(job, answerTimeoutMs))));
  const errors = done.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${jobs.length} maintenance jobs failed`);
}

function limited<T>(job: () => Promise<T>, answerTimeoutMs: number): Promise<T> {
  return workFor({ organizationId: null, budget: new WaitBudget(DEFAULT_WAIT_MS), answerTimeoutMs }, job);
}
