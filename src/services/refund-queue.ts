import type { EntityManager } from '@mikro-orm/postgresql';
import pLimit from 'p-limit';
import { isLockTimeout, isRolledBack } from '../database-errors.js';
import { Refund } from '../entities/refund.js';
import { Gathering } from '../gathering.js';
import {
  type Outcome,
  Postponed,
  type RefundRequest,
  refundAllOrNone,
  refundCreditNote,
  refundCreditNotes,
} from './refund-credit-note.js';
import { Patience } from './unit-of-work.js';

/** So many refunds may be made alone at once. Each holds a connection; the others stay free for those who need not wait. */
const MOST_ALONE = 8;

/** How long a refund that is made alone keeps the others of its organization waiting. */
const MOMENT_MS = 250;

/**
 * Refunds for all who ask at once: those that arrive while a unit of work of their organization is in flight share the next
 * one, with its locks, its statements and its commit. Each still hears its own outcome.
 *
 * The next unit of work begins when the one before has written all and commits: what it needs of that one, it waits for at
 * the locks. A shared unit of work waits for what somebody else holds for a moment only. Then it goes on without those who need that,
 * and each of them waits alone.
 */
export class RefundQueue {
  private readonly gathering = new Gathering<number, RefundRequest, Refund>((requests, organizationId, proceed) =>
    this.refund(organizationId, requests, proceed),
  );
  private readonly alone = pLimit(MOST_ALONE);

  constructor(private readonly em: EntityManager) {}

  /** Makes the refund, and throws what {@link refundCreditNotes} refuses it with. */
  add(request: RefundRequest): Promise<Refund> {
    return this.gathering.add(request.actor.organization.id, request);
  }

  /** Makes all of the refunds or none, and throws what {@link refundAllOrNone} does. */
  addAllOrNone(organizationId: number, requests: readonly RefundRequest[]): Promise<Refund[]> {
    return this.alone(() => refundAllOrNone(this.em.fork(), organizationId, requests));
  }

  private async refund(
    organizationId: number,
    requests: readonly RefundRequest[],
    proceed: () => void,
  ): Promise<(Refund | Promise<Refund>)[]> {
    const [first, ...others] = requests;
    if (first === undefined || others.length > 0 || this.alone.activeCount >= MOST_ALONE) {
      return this.refundTogether(organizationId, requests, Patience.SHORT, proceed);
    }
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
      if (!isRolledBack(error)) throw error;
      if (patience === Patience.SHORT && isLockTimeout(error)) {
        return this.refundTogether(organizationId, requests, Patience.NONE, proceed);
      }
      // The fault may be one's alone: each finds out for itself.
      return requests.map((request) => this.refundAlone(request));
    }
  }

  private settle(request: RefundRequest, outcome: Outcome): Refund | Promise<Refund> {
    if (outcome instanceof Refund) return outcome;
    if (outcome instanceof Error) return Promise.reject(outcome);
    return outcome === Postponed.AFTER_ANOTHER ? this.add(request) : this.refundAlone(request);
  }

  private refundAlone(request: RefundRequest, onWritten?: () => void): Promise<Refund> {
    return this.alone(() => refundCreditNote(this.em.fork(), request, onWritten));
  }
}
