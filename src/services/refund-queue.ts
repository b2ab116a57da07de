import type { EntityManager } from '@mikro-orm/postgresql';
import { isFaultOfOne, isLockTimeout } from '../database-errors.js';
import { Refund } from '../entities/refund.js';
import { Gathering } from '../gathering.js';
import { placesOf } from './places.js';
import {
  type Outcome,
  Postponed,
  RefundFault,
  type RefundRequest,
  refundCreditNote,
  refundCreditNotes,
} from './refund-credit-note.js';
import { bindKey, type RefundList, repeatsIn } from './refund-list.js';
import { MOMENT_MS, Patience } from './unit-of-work.js';

/**
 * Refunds for all who ask at once: those that arrive while a unit of work of their organization is in flight share the next
 * one, with its locks, its statements and its commit. Each still hears its own outcome.
 *
 * The next unit of work begins when the one before has written all and commits: what it needs of that one, it waits for at
 * the locks. A shared unit of work waits for what somebody else holds for a moment only. Then it goes on without those who
 * need that, and each of them waits alone.
 */
export class RefundQueue {
  private readonly gathering = new Gathering<number, RefundRequest, Refund>((requests, organizationId, proceed) =>
    this.refund(organizationId, requests, proceed),
  );

  constructor(private readonly em: EntityManager) {}

  /** Makes the refund, and throws what {@link refundCreditNotes} refuses it with. */
  add(request: RefundRequest): Promise<Refund> {
    return this.gathering.add(request.actor.organization.id, request);
  }

  /** Makes the refunds of the list each by itself. */
  async addEach(organizationId: number, list: RefundList): Promise<PromiseSettledResult<Refund>[]> {
    await bindKey(this.em.fork(), organizationId, list);
    const repeats = repeatsIn(list.requests);
    return Promise.allSettled(
      list.requests.map(async (request) => {
        const repeat = repeats.get(request);
        if (repeat !== undefined) throw repeat;
        return this.add(request);
      }),
    );
  }

  private async refund(
    organizationId: number,
    requests: readonly RefundRequest[],
    proceed: () => void,
  ): Promise<(Refund | Promise<Refund>)[]> {
    const [first, ...others] = requests;
    if (first === undefined || others.length > 0 || placesOf(this.em).areTaken(organizationId)) {
      return this.refundTogether(organizationId, requests, Patience.SHORT, proceed);
    }
    // Should it have to wait, it keeps the others waiting for a moment only.
    const timer = setTimeout(proceed, MOMENT_MS);
    try {
      return [await this.refundAlone(first, proceed)];
    } finally {
      clearTimeout(timer);
    }
  }

  private async refundTogether(
    organizationId: number,
    requests: readonly RefundRequest[],
    patience: Patience,
    proceed: () => void,
  ): Promise<(Refund | Promise<Refund>)[]> {
    try {
      const outcomes = await refundCreditNotes(this.em.fork(), organizationId, requests, patience, proceed);
      return outcomes.map((outcome, index) => this.settle(requests[index] as RefundRequest, outcome));
    } catch (error) {
      if (patience === Patience.SHORT && isLockTimeout(error)) {
        return this.refundTogether(organizationId, requests, Patience.NONE, proceed);
      }
      if (!isFaultOfOne(error) && !(error instanceof RefundFault)) throw error;
      // It may be the fault of one alone: each finds out for itself.
      return requests.map((request) => this.refundAlone(request));
    }
  }

  private settle(request: RefundRequest, outcome: Outcome): Refund | Promise<Refund> {
    if (outcome instanceof Refund) return outcome;
    if (outcome instanceof Error) return Promise.reject(outcome);
    return outcome === Postponed.AFTER_ANOTHER ? this.add(request) : this.refundAlone(request);
  }

  private refundAlone(request: RefundRequest, onWritten?: () => void): Promise<Refund> {
    return refundCreditNote(this.em.fork(), request, onWritten);
  }
}
