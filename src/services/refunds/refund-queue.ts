import type { EntityManager } from '@mikro-orm/postgresql';
import { Batcher } from '../../concurrency/batcher.js';
import { currentWork, DEFAULT_WAIT_MS, WaitBudget, type Work, workFor } from '../../concurrency/wait-budget.js';
import { Refund } from '../../entities/refund.js';
import { Forbidden, NOT_EXECUTED, ServiceUnavailable, Unauthenticated } from '../../errors.js';
import { isDataError, isLockTimeout } from '../../orm/errors.js';
import { LOCK_TIMEOUT_MS, LockWait, mayWait } from '../unit-of-work/locks.js';
import type { Scheduling } from '../unit-of-work/unit-of-work.js';
import { Deferred, type Outcome, RefundFault, refundBatch } from './refund-batch.js';
import type { RefundRequest } from './refund-command.js';
import { refundCreditNote } from './refund-credit-note.js';

/** Shared by the requests of one call. Once one of them has begun, all are tried: a client that disconnects must not leave half a list. */
export interface Progress {
  hasBegun: boolean;
}

interface Queued {
  readonly request: RefundRequest;
  /** Its organization, its abort signal and its wait budget. */
  readonly work: Work;
  readonly progress: Progress;
}

type Results = (Refund | Promise<Refund>)[];

/**
 * Group commit for refunds: requests that arrive while a transaction of their organization is running share the next transaction: its locks,
 * its statements and its commit. Each request gets its own outcome.
 *
 * The next transaction starts while the previous one commits, and waits for the locks that the previous one still holds.
 *
 * A batch waits for other transactions' locks up to the lock timeout. After that it skips the requests that need those locks, and each of them
 * is retried alone, in a transaction that waits longer.
 */
export class RefundQueue {
  private readonly batcher = new Batcher<number, Queued, Refund>((batch, organizationId, proceed) =>
    this.process(organizationId, batch, proceed),
  );

  constructor(private readonly em: EntityManager) {}

  /**
   * Makes the refund as part of a batch. Returns and throws the same as {@link refundCreditNote}.
   *
   * @param progress shared by the requests of one list
   * @throws {ServiceUnavailable} if the client has disconnected before the transaction began
   * @example
   * const refund = await queue.add(refundRequest(actor, input, { duplicateWindowSeconds: 30 }));
   */
  add(request: RefundRequest, progress: Progress = { hasBegun: false }): Promise<Refund> {
    const organizationId = request.actor.organization.id;
    const work = currentWork() ?? { organizationId, budget: new WaitBudget(DEFAULT_WAIT_MS) };
    return work.budget.spend(() => this.batcher.add(organizationId, { request, work, progress }));
  }

  private async process(organizationId: number, batch: readonly Queued[], proceed: () => void): Promise<Results> {
    const present = batch.filter(({ work, progress }) => progress.hasBegun || !work.signal?.aborted);
    if (present.length < batch.length) {
      return refundOnly(present, batch, () => this.process(organizationId, present, proceed));
    }
    for (const { progress } of batch) progress.hasBegun = true;
    const [first, ...others] = batch;
    if (first === undefined || others.length > 0 || !mayWait(this.em, organizationId)) {
      return this.refundTogether(organizationId, batch, LockWait.TIMEOUT, proceed);
    }
    // A request that waits for a lock delays the next batch no longer than the lock timeout.
    const timer = setTimeout(proceed, LOCK_TIMEOUT_MS);
    try {
      return [await this.refundAlone(first, { onWritten: proceed })];
    } finally {
      clearTimeout(timer);
    }
  }

  private async refundTogether(
    organizationId: number,
    batch: readonly Queued[],
    lockWait: LockWait,
    proceed: () => void,
  ): Promise<Results> {
    const inTime = batch.filter(({ work }) => work.budget.left > 0);
    if (inTime.length < batch.length) {
      return refundOnly(inTime, batch, () => this.refundTogether(organizationId, inTime, lockWait, proceed));
    }
    const requests = batch.map(({ request }) => request);
    const budget = new WaitBudget(Math.min(...batch.map(({ work }) => work.budget.left)));
    try {
      const outcomes = await workFor({ organizationId, budget }, () =>
        budget.spend(() => refundBatch(this.em.fork(), organizationId, requests, lockWait, proceed)),
      );
      return batch.map((queued, index) => this.settle(queued, outcomes[index] as Outcome));
    } catch (error) {
      if (lockWait === LockWait.TIMEOUT && isLockTimeout(error)) {
        return this.refundTogether(organizationId, batch, LockWait.SKIP, proceed);
      }
      const hasLostAccess = error instanceof Unauthenticated || error instanceof Forbidden;
      if (!hasLostAccess && !isLockTimeout(error) && !isDataError(error) && !(error instanceof RefundFault)) throw error;
      // One request may have caused the error, or another transaction holds the period lock: each request is retried alone.
      return batch.map((queued) => this.refundAlone(queued, { hasTimedOut: isLockTimeout(error) }));
    }
  }

  private settle(queued: Queued, outcome: Outcome): Refund | Promise<Refund> {
    if (outcome instanceof Refund) return outcome;
    if (outcome instanceof Error) return Promise.reject(outcome);
    return outcome === Deferred.AFTER_ANOTHER
      ? this.batcher.add(queued.request.actor.organization.id, queued)
      : this.refundAlone(queued, { hasTimedOut: true });
  }

  private refundAlone({ request, work }: Queued, scheduling: Scheduling): Promise<Refund> {
    return workFor(work, () => refundCreditNote(this.em.fork(), request, scheduling));
  }
}

/** Makes the refunds of some requests of the batch, and rejects the others with ServiceUnavailable. Nothing is written for those. */
async function refundOnly(some: readonly Queued[], batch: readonly Queued[], refund: () => Promise<Results>): Promise<Results> {
  const results = some.length === 0 ? [] : await refund();
  return batch.map((queued) => results[some.indexOf(queued)] ?? Promise.reject(new ServiceUnavailable(NOT_EXECUTED)));
}
