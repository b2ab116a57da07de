import { NOT_EXECUTED, ServiceUnavailable } from '../errors.js';
import type { WaitBudget } from './wait-budget.js';

export interface Shares {
  readonly total: number;
  /** Limit of one organization. */
  readonly perOrganization: number;
  /** Part of the total that is reserved for organizations that hold none. */
  readonly reserved: number;
}

interface Waiting {
  enter(): void;
}

/**
 * Bulkhead: limits concurrent use of a resource, in total and per organization. A reserve is left for other organizations, so that several
 * busy ones cannot take everything either.
 */
export class ConcurrencyLimit {
  private active = 0;
  private readonly held = new Map<number, number>();
  /** The waiting requests of each organization. The order of the organizations is that of their turns. */
  private readonly queues = new Map<number, Set<Waiting>>();

  constructor(private readonly shares: Shares) {}

  /** Returns whether the organization would have to wait. */
  isFull(organizationId: number): boolean {
    return this.queues.has(organizationId) || !this.mayEnter(organizationId);
  }

  /**
   * Waits for the organization's turn.
   *
   * @returns a function that leaves again; it must be called once
   * @throws {ServiceUnavailable} if the turn does not come within the budget
   */
  async enter(organizationId: number, budget: WaitBudget): Promise<() => void> {
    if (this.isFull(organizationId)) await budget.spend(() => this.wait(organizationId, budget.left));
    else this.take(organizationId);
    return () => this.leave(organizationId);
  }

  private mayEnter(organizationId: number): boolean {
    const { total, perOrganization, reserved } = this.shares;
    const held = this.held.get(organizationId) ?? 0;
    return held < perOrganization && this.active < (held === 0 ? total : total - reserved);
  }

  private take(organizationId: number): void {
    this.active += 1;
    this.held.set(organizationId, (this.held.get(organizationId) ?? 0) + 1);
  }

  private leave(organizationId: number): void {
    this.active -= 1;
    const held = (this.held.get(organizationId) ?? 0) - 1;
    if (held > 0) this.held.set(organizationId, held);
    else this.held.delete(organizationId);
    this.admit();
  }

  private wait(organizationId: number, limitMs: number): Promise<void> {
    const queue = this.queues.get(organizationId) ?? new Set<Waiting>();
    this.queues.set(organizationId, queue);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        queue.delete(waiting);
        if (queue.size === 0) this.queues.delete(organizationId);
        reject(new ServiceUnavailable(NOT_EXECUTED));
      }, limitMs);
      queue.add(waiting);
    });
  }

  /** Organizations take turns. The requests of one organization enter in the order of their arrival. */
  private admit(): void {
    for (const [organizationId, queue] of [...this.queues]) {
      const [first] = queue;
      if (first === undefined || !this.mayEnter(organizationId)) continue;
      queue.delete(first);
      this.queues.delete(organizationId);
      if (queue.size > 0) this.queues.set(organizationId, queue);
      this.take(organizationId);
      first.enter();
    }
  }
}
