import { ServiceUnavailable } from '../errors.js';
import type { WaitBudget } from './wait-budget.js';

export interface Shares {
  readonly total: number;
  /** As many may be one organization's. */
  readonly perOrganization: number;
  /** The last of the total, which only an organization that has none yet may take. */
  readonly reserved: number;
}

interface Waiting {
  enter(): void;
}

/** Lets organizations share something of which there is only so much: none can take all of it, nor can several. */
export class ConcurrencyLimit {
  private active = 0;
  private readonly held = new Map<number, number>();
  /** Who waits, by organization; the organization whose turn is next is first. */
  private readonly queues = new Map<number, Set<Waiting>>();

  constructor(private readonly shares: Shares) {}

  /** Whether the organization would have to wait. */
  isFull(organizationId: number): boolean {
    return this.queues.has(organizationId) || !this.mayEnter(organizationId);
  }

  /**
   * @returns what gives the place back; to be called once
   * @throws {ServiceUnavailable} if none becomes free within the budget
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
        reject(new ServiceUnavailable());
      }, limitMs);
      queue.add(waiting);
    });
  }

  /** Organizations take turns; within one, who came first goes first. */
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
