import type { EntityManager } from '@mikro-orm/postgresql';
import { Gathering } from '../../concurrency/batcher.js';
import { currentWork, DEFAULT_WAIT_MS, WaitBudget, type Work, workFor } from '../../concurrency/wait-budget.js';
import { Refund } from '../../entities/refund.js';
import { Forbidden, ServiceUnavailable, Unauthenticated } from '../../errors.js';
import { isFaultOfOne, isLockTimeout } from '../../orm/errors.js';
import { lockWaitersOf } from '../../orm/lock-waiters.js';
import { MOMENT_MS, Patience } from '../unit-of-work/unit-of-work.js';
import type { RefundRequest } from './refund-command.js';
import { type Outcome, Postponed, RefundFault, refundCreditNote, refundCreditNotes } from './refund-credit-note.js';
import { bindKey, type RefundList, repeatsIn } from './refund-list.js';

/**
 * Refunds for all who ask at once: those that arrive while a unit of work of their organization is in flight share the next
 * one, with its locks, its statements and its commit. Each still hears its own outcome.
 *
 * The next unit of work begins when the one before has written all and commits: what it needs of that one, it waits for at
 * the locks. A shared unit of work waits for what somebody else holds for a moment only. Then it goes on without those who
 * need that, and each of them waits alone.
 */
export class RefundQueue {
  private readonly gathering = new Gathering<number, Item, Refund>((items, organizationId, proceed) =>
    this.refund(organizationId, items, proceed),
  );

  constructor(private readonly em: EntityManager) {}

  /**
   * Makes the refund, and throws what {@link refundCreditNotes} refuses it with.
   *
   * @throws {ServiceUnavailable} if the client has gone before the unit of work began
   */
  add(request: RefundRequest): Promise<Refund> {
    return this.queue(request, { hasBegun: false });
  }

  private queue(request: RefundRequest, list: Item['list']): Promise<Refund> {
    const organizationId = request.actor.organization.id;
    const work = currentWork() ?? { organizationId, budget: new WaitBudget(DEFAULT_WAIT_MS) };
    return work.budget.spend(() => this.gathering.add(organizationId, { request, work, list }));
  }

  /** Makes the refunds of the list each by itself. */
  async addEach(organizationId: number, list: RefundList): Promise<PromiseSettledResult<Refund>[]> {
    await bindKey(this.em.fork(), organizationId, list);
    const repeats = repeatsIn(list.requests);
    const whole = { hasBegun: false };
    return Promise.allSettled(
      list.requests.map(async (request) => {
        const repeat = repeats.get(request);
        if (repeat !== undefined) throw repeat;
        return this.queue(request, whole);
      }),
    );
  }

  private async refund(organizationId: number, items: readonly Item[], proceed: () => void): Promise<(Refund | Promise<Refund>)[]> {
    const gone = items.filter(({ work, list }) => work.signal?.aborted && !list.hasBegun);
    if (gone.length > 0) return this.refundWithout(gone, items, (others) => this.refund(organizationId, others, proceed));
    for (const { list } of items) list.hasBegun = true;
    const [first, ...others] = items;
    const lockWaiters = lockWaitersOf(this.em);
    if (first === undefined || others.length > 0 || lockWaiters.isFull(organizationId)) {
      return this.refundTogether(organizationId, items, Patience.SHORT, proceed);
    }
    // Should it have to wait, it keeps the others waiting for a moment only.
    const timer = setTimeout(proceed, MOMENT_MS);
    try {
      return [await this.refundAlone(first, { onWritten: proceed })];
    } finally {
      clearTimeout(timer);
    }
  }

  private async refundTogether(
    organizationId: number,
    items: readonly Item[],
    patience: Patience,
    proceed: () => void,
  ): Promise<(Refund | Promise<Refund>)[]> {
    const late = items.filter(({ work }) => work.budget.left === 0);
    if (late.length > 0)
      return this.refundWithout(late, items, (inTime) => this.refundTogether(organizationId, inTime, patience, proceed));
    const requests = items.map(({ request }) => request);
    const budget = new WaitBudget(Math.min(...items.map(({ work }) => work.budget.left)));
    try {
      const outcomes = await workFor({ organizationId, budget }, () =>
        budget.spend(() => refundCreditNotes(this.em.fork(), organizationId, requests, { patience }, proceed)),
      );
      return outcomes.map((outcome, index) => this.settle(items[index] as Item, outcome));
    } catch (error) {
      if (patience === Patience.SHORT && isLockTimeout(error)) {
        return this.refundTogether(organizationId, items, Patience.NONE, proceed);
      }
      const hasLost = error instanceof Unauthenticated || error instanceof Forbidden;
      if (!hasLost && !isLockTimeout(error) && !isFaultOfOne(error) && !(error instanceof RefundFault)) throw error;
      // It may be the fault of one alone, or the period that all wait for: each finds out for itself.
      return items.map((item) => this.refundAlone(item, { hasWaited: isLockTimeout(error) }));
    }
  }

  /** Refuses those who have waited for as long as they may, or have gone: nothing is written for them. */
  private async refundWithout(
    refused: readonly Item[],
    items: readonly Item[],
    refund: (others: readonly Item[]) => Promise<(Refund | Promise<Refund>)[]>,
  ): Promise<(Refund | Promise<Refund>)[]> {
    const others = items.filter((item) => !refused.includes(item));
    const refunds = others.length === 0 ? [] : await refund(others);
    return items.map((item) =>
      refused.includes(item) ? Promise.reject(new ServiceUnavailable()) : (refunds[others.indexOf(item)] as Refund),
    );
  }

  private settle(item: Item, outcome: Outcome): Refund | Promise<Refund> {
    if (outcome instanceof Refund) return outcome;
    if (outcome instanceof Error) return Promise.reject(outcome);
    return outcome === Postponed.AFTER_ANOTHER
      ? this.gathering.add(item.request.actor.organization.id, item)
      : this.refundAlone(item, { hasWaited: true });
  }

  private refundAlone({ request, work }: Item, options: Parameters<typeof refundCreditNote>[2]): Promise<Refund> {
    return workFor(work, () => refundCreditNote(this.em.fork(), request, options));
  }
}

/** A refund that somebody waits for. */
interface Item {
  readonly request: RefundRequest;
  /** What is left of the time that its request may wait. */
  readonly work: Work;
  /** What it came with, of which all is tried once any has begun: a client that goes leaves no half of it. */
  readonly list: { hasBegun: boolean };
}
