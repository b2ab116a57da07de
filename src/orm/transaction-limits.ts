import type { Work } from '../concurrency/wait-budget.js';

/** PostgreSQL setting with the initial `lock_timeout` of a transaction, in milliseconds. */
export const LOCK_WAIT_SETTING = 'refunds.lock_wait';

/** PostgreSQL ends a statement after 30 seconds. A connection without a response for longer counts as lost. */
export const ANSWER_TIMEOUT_MS = 35_000;
/** Margin by which the gateway waits longer than PostgreSQL: for the locks at the start of a transaction, and for its later statements. */
const EXTRA_FOR_LOCKS_MS = 500;
const EXTRA_IN_TRANSACTION_MS = 5_000;
/** A lock wait may exceed the budget by this much: a lower `lock_timeout` is only sent if it is lower by more than this. */
const LOCK_TIMEOUT_SLACK_MS = 100;

/** The time limits of a connection's transactions. They are sent together with the statements. */
export class TransactionLimits {
  private state: 'none' | 'unsent' | 'opening' | 'open' = 'none';
  private lockTimeout: number | undefined;

  /** Begins a transaction. `begin` is sent with the first statement. */
  begin(): void {
    this.state = 'unsent';
  }

  /** Returns whether no statement of the transaction has been sent; in this case, the transaction ends. */
  isUnsent(): boolean {
    const isUnsent = this.state === 'unsent';
    if (isUnsent) this.state = 'none';
    return isUnsent;
  }

  /** Returns the SQL that must precede the next statement; empty if none. */
  beforeNext(ends: boolean, work: Work | undefined): string {
    if (ends) {
      this.state = 'none';
      return '';
    }
    if (this.state === 'none') return '';
    const limit = work && Math.max(1, Math.ceil(Math.min(work.budget.left, work.lockWaitMs ?? work.budget.left)));
    if (this.state === 'unsent') {
      this.state = 'opening';
      // The statements of the same tick are the locks and reads at the start of the transaction.
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

  /**
   * Returns the time limit for the response to the next statement, in milliseconds; `undefined` for no limit.
   *
   * @param ends whether the statement ends the transaction, and so belongs to it
   */
  answerTimeout(ends: boolean, work: Work | undefined): number | undefined {
    if (work === undefined || work.answerTimeoutMs !== undefined) return work?.answerTimeoutMs;
    if (this.state === 'none' && !ends) return ANSWER_TIMEOUT_MS;
    return Math.ceil(work.budget.left) + (this.state === 'opening' ? EXTRA_FOR_LOCKS_MS : EXTRA_IN_TRANSACTION_MS);
  }
}
