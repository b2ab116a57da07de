import type { Work } from '../concurrency/wait-budget.js';

/** Setting that keeps the `lock_timeout` which a transaction began with, in milliseconds. */
export const LOCK_WAIT_SETTING = 'refunds.lock_wait';

/** PostgreSQL ends a statement after 30 seconds. A connection without an answer for longer is lost. */
const SILENCE_MS = 35_000;
/**
 * How much longer than PostgreSQL itself the gateway waits: for the locks that open a transaction, and for statements in it, which
 * take longer.
 */
const SILENCE_AFTER_LOCKS_MS = 500;
const SILENCE_IN_TRANSACTION_MS = 5_000;
/** A wait for a lock may outlast the budget by this much, which saves statements. */
const LOCK_TIMEOUT_SLACK_MS = 100;

/** The time limits of one connection's transactions. They are sent together with other statements. */
export class TransactionLimits {
  private state: 'none' | 'unsent' | 'opening' | 'open' = 'none';
  private lockTimeout: number | undefined;

  /** `begin` is sent with the first statement. */
  begin(): void {
    this.state = 'unsent';
  }

  /** Whether nothing of the transaction has been sent; if so, ends it. */
  isUnsent(): boolean {
    const isUnsent = this.state === 'unsent';
    if (isUnsent) this.state = 'none';
    return isUnsent;
  }

  /** Returns the SQL to send before the next statement; empty for none. */
  beforeNext(ends: boolean, work: Work | undefined): string {
    if (ends) {
      this.state = 'none';
      return '';
    }
    if (this.state === 'none') return '';
    const limit = work && Math.max(1, Math.ceil(Math.min(work.budget.left, work.lockWaitMs ?? work.budget.left)));
    if (this.state === 'unsent') {
      this.state = 'opening';
      // Statements of the same tick belong to the opening of the transaction.
      process.nextTick(() => {
        if (this.state === 'opening') this.state = 'open';
      });
      this.lockTimeout = limit;
      return limit === undefined
        ? 'begin; '
        : `begin; set local lock_timeout = ${limit}; set local ${LOCK_WAIT_SETTING} = ${limit}; `;
    }
    const isLess = limit !== undefined && this.lockTimeout !== undefined && limit < this.lockTimeout - LOCK_TIMEOUT_SLACK_MS;
    if (!isLess) return '';
    this.lockTimeout = limit;
    return `set local lock_timeout = ${limit}; `;
  }

  /** Returns how long the next statement may take to be answered, in milliseconds; `undefined` for no limit. */
  silenceLimit(work: Work | undefined): number | undefined {
    if (work === undefined || work.silenceMs !== undefined) return work?.silenceMs;
    if (this.state === 'none') return SILENCE_MS;
    return Math.ceil(work.budget.left) + (this.state === 'opening' ? SILENCE_AFTER_LOCKS_MS : SILENCE_IN_TRANSACTION_MS);
  }
}
