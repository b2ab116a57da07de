import { AsyncLocalStorage } from 'node:async_hooks';

/** Default of the total wait of a request. */
export const DEFAULT_WAIT_MS = 5_000;

/**
 * Limits the total wait of a request: for its turn, for connections, for locks, and for all of these again in each retry.
 *
 * @example const row = await budget.spend(() => lockRow(id, budget.left));
 */
export class WaitBudget {
  private spent = 0;
  private waits = 0;
  private since = 0;

  constructor(private readonly limitMs: number) {}

  /** Remaining milliseconds; 0 if the budget is spent. */
  get left(): number {
    const running = this.waits > 0 ? performance.now() - this.since : 0;
    return Math.max(0, this.limitMs - this.spent - running);
  }

  /** Runs the work and subtracts its time from the budget. Time in which several overlap counts once. */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    if (this.waits === 0) this.since = performance.now();
    this.waits += 1;
    try {
      return await work();
    } finally {
      this.waits -= 1;
      if (this.waits === 0) this.spent += performance.now() - this.since;
    }
  }
}

/** The owner of the statements that run now, and the limits of their waits. */
export interface Work {
  /** The organization whose share of the connections is used; `null` for the gateway's own work. */
  readonly organizationId: number | null;
  readonly budget: WaitBudget;
  /** Longest wait for one lock, in milliseconds. The rest of the budget, if absent. */
  readonly lockWaitMs?: number;
  /** Time without an answer after which a connection is closed, in milliseconds. */
  readonly answerTimeoutMs?: number;
  /** Aborts when the client has disconnected. */
  readonly signal?: AbortSignal;
}

const current = new AsyncLocalStorage<Work>();

/** Returns the work that the caller is part of; `undefined` in an operator's command. */
export function currentWork(): Work | undefined {
  return current.getStore();
}

/** Runs a function as part of `work`. {@link currentWork} returns it there and in everything that the function awaits. */
export function workFor<T>(work: Work, run: () => T): T {
  return current.run(work, run);
}
