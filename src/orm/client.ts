import { ConnectionException } from '@mikro-orm/core';
import type { PostgresCursor, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { currentWork } from '../concurrency/wait-budget.js';
import { isConnectionLost, isFatal, isPlanOutdated, isReadOnly } from './errors.js';
import { type ResultRow, type Statement, TOGETHER } from './query.js';
import { TransactionLimits } from './transaction-limits.js';

/**
 * Maximum number of statements that have a name, and that one connection prepares. PostgreSQL keeps a plan of some 50 kB for each statement on
 * each connection. pg 8.23 cannot deallocate a single statement, so a connection that has prepared this many is replaced. Delete the replacement
 * when pg can: https://github.com/brianc/node-postgres/issues/1889
 */
const MAX_PREPARED_STATEMENTS = 100;

/** The names of the prepared statements by their text. */
const NAMES = new LRUCache<string, string>({ max: MAX_PREPARED_STATEMENTS });
let named = 0;

const EMPTY_RESULT = { command: 'SELECT', rowCount: 0, rows: [] } satisfies PostgresQueryResult<never>;

/**
 * A pg connection with the interface that kysely needs. It sends `begin` and the time limits together with the first statement of a transaction,
 * prepares each statement that has values, and returns to the pool even if the connection is lost.
 */
export class DatabaseClient implements PostgresPoolClient {
  /** Whether the pool must replace the connection instead of lending it again. */
  isObsolete = false;
  /** Is called once, when the connection returns to the pool. */
  onRelease: (() => void) | undefined;
  private readonly transaction = new TransactionLimits();
  private readonly prepared = new Set<string>();

  constructor(
    private readonly client: PoolClient,
    /** Is called when the server refuses a write because it is a standby. */
    private readonly onReadOnly: () => void,
  ) {}

  release(): void {
    const { onRelease } = this;
    this.onRelease = undefined;
    this.client.release(this.isObsolete);
    onRelease?.();
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query(sql: string | PostgresCursor<unknown>, parameters: readonly unknown[] = []): unknown {
    if (typeof sql !== 'string') throw new Error('pg supports no cursor on a connection with a pipeline');
    return sql === TOGETHER ? this.sendAll(parameters as readonly Statement[]) : this.send(sql, parameters);
  }

  private async sendAll(statements: readonly Statement[]): Promise<PostgresQueryResult<ResultRow[]>> {
    const outcomes = await Promise.allSettled(statements.map(({ text, values }) => this.send(text, values)));
    // The first failure is the cause: PostgreSQL refuses all later statements of its transaction, and these refusals may arrive together with it.
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    const results = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    return { ...EMPTY_RESULT, rows: results.map(({ value }) => value.rows as ResultRow[]) };
  }

  private async send(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<unknown>> {
    const { transaction } = this;
    if (text === 'begin') {
      transaction.begin();
      return EMPTY_RESULT;
    }
    const ends = text === 'commit' || text === 'rollback';
    if (ends && transaction.isUnsent()) return EMPTY_RESULT;
    const work = currentWork();
    const first = transaction.beforeNext(ends, work);
    const query_timeout = transaction.answerTimeout(ends, work);
    try {
      if (values.length === 0) return lastResult(await this.submit({ text: `${first}${text}`, query_timeout }));
      // If `begin` fails, the statement runs outside a transaction. So the first statement of a transaction must only lock and read.
      const begun = first === '' ? undefined : this.submit({ text: first, query_timeout });
      const name = this.nameOf(text);
      const [result] = await Promise.all([this.submit({ name, text, values: [...values], query_timeout }), begun]);
      return lastResult(result);
    } catch (error) {
      return this.fail(text, error);
    }
  }

  private submit(query: QueryConfig & QueryTimeout): Promise<QueryResult | QueryResult[]> {
    return this.client.query(query);
  }

  private nameOf(text: string): string {
    const name = preparedName(text);
    this.prepared.add(name);
    if (this.prepared.size >= MAX_PREPARED_STATEMENTS) this.isObsolete = true;
    return name;
  }

  private fail(text: string, error: unknown): PostgresQueryResult<never> {
    // Without its name, the statement gets a new one, and so a new plan, the next time.
    if (isPlanOutdated(error)) NAMES.delete(text);
    if (isReadOnly(error)) this.onReadOnly();
    // PostgreSQL closes the connection after a fatal error. The pool would lend it again until the socket is closed.
    if (isFatal(error) || text === 'rollback') this.isObsolete = true;
    // An error of the rollback is ignored: the caller gets the error that caused the rollback, and a lost connection ends the transaction too.
    if (text === 'rollback') return EMPTY_RESULT;
    // kysely 0.29 does not release a connection whose transaction fails to begin, nor one whose rollback fails, which is hidden from it above.
    // Delete when it does: https://github.com/kysely-org/kysely/issues/1990
    if (text.startsWith('start transaction')) this.release();
    throw isConnectionLost(error) ? new ConnectionException(error) : error;
  }
}

/** Returns the name of the prepared statement with this text. A text that was evicted from the cache gets a new name. */
function preparedName(text: string): string {
  const cached = NAMES.get(text);
  if (cached !== undefined) return cached;
  named += 1;
  const name = `statement-${named}`;
  NAMES.set(text, name);
  return name;
}

/** An option of pg since 8.13. Delete when pg's types have it: https://github.com/brianc/node-postgres/pull/3074 */
interface QueryTimeout {
  readonly query_timeout: number | undefined;
}

/** Returns the result of the last statement. pg returns an array for a text of several statements. */
function lastResult(results: QueryResult | QueryResult[]): PostgresQueryResult<unknown> {
  const result = Array.isArray(results) ? results.at(-1) : results;
  return (result ?? EMPTY_RESULT) as PostgresQueryResult<unknown>;
}
