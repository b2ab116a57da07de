import { AsyncLocalStorage } from 'node:async_hooks';

/** How long a request waits in all, where nothing else is configured. */
export const DEFAULT_WAIT_MS = 5_000;

/** How long a request may still wait: for its turn, for a connection, for each lock and in each further attempt, all together. */
export class WaitBudget {
  private spent = 0;
  private waits = 0;
  private since = 0;

  constructor(private readonly limitMs: number) {}

  /** In milliseconds; 0 when all is spent. */
  get left(): number {
    const running = this.waits > 0 ? performance.now() - this.since : 0;
    return Math.max(0, this.limitMs - this.spent - running);
  }

  /** Takes the time of the work off the budget. Works that overlap count once. */
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

/** On whose behalf statements are sent, and how long they may wait. */
export interface Work {
  /** Whose share of the connections it takes; `null` for work of the gateway's own. */
  readonly organizationId: number | null;
  readonly budget: WaitBudget;
  /** The longest wait for one lock, in milliseconds. Absent: all that is left of the budget. */
  readonly lockWaitMs?: number;
  /** How long a connection may be silent before it is given up, in milliseconds. */
  readonly silenceMs?: number;
  /** Aborts when the client has gone. */
  readonly signal?: AbortSignal;
}

const current = new AsyncLocalStorage<Work>();

/** The work that the caller is part of; `undefined` for an operator's command. */
export function currentWork(): Work | undefined {
  return current.getStore();
}

/** Runs a function on behalf of `work`, which {@link currentWork} then returns to whatever it awaits. */
export function workFor<T>(work: Work, run: () => T): T {
  return current.run(work, run);
}
