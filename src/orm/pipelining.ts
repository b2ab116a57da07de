import type { Socket } from 'node:net';
import { ConnectionException } from '@mikro-orm/core';
import type { PoolClient, QueryResult } from 'pg';
import { currentWork } from '../concurrency/wait-budget.js';
import { isPlanOutdated } from './errors.js';
import { isConnectionLost } from './lost-connections.js';
import { forget, nameOf } from './prepared-statements.js';
import { TransactionLimits } from './transaction-limits.js';

const NOTHING = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] } satisfies QueryResult;

/**
 * Sends `begin` and time limits with the first statement of a transaction, and all statements of one tick in one packet: most of
 * what a small statement costs is its round trip. A text with values is a {@link Statement}.
 *
 * @param onError called with each error of a query, before the query is rejected
 */
export function pipeline(client: PoolClient, onError: (error: unknown) => void): void {
  const original = client.query.bind(client) as (...query: unknown[]) => Promise<QueryResult | QueryResult[]>;
  const query = (...args: unknown[]) =>
    original(...args).catch((error) => {
      onError(error);
      throw error;
    });
  const transaction = new TransactionLimits();
  const send = async (text: string, values: unknown[] = []): Promise<QueryResult> => {
    if (text === 'begin') {
      transaction.begin();
      return NOTHING;
    }
    const ends = text === 'commit' || text === 'rollback';
    if (ends && transaction.isUnsent()) return NOTHING;
    const work = currentWork();
    const first = transaction.beforeNext(ends, work);
    const query_timeout = transaction.silenceLimit(work);
    cork(client);
    try {
      if (values.length === 0) return last(await query({ text: `${first}${text}`, query_timeout }));
      // If `begin` fails, the statement runs outside of a transaction: so the first statement of one only locks and reads.
      const begun = first === '' ? undefined : query({ text: first, query_timeout });
      const [result] = await Promise.all([query({ name: nameOf(text), text, values, query_timeout }), begun]);
      return last(result);
    } catch (error) {
      if (isPlanOutdated(error)) forget(text);
      throw isConnectionLost(error) ? new ConnectionException(error) : error;
    }
  };
  // A cursor is an object, and never the first query of a transaction.
  Object.assign(client, {
    query: (text: unknown, values?: unknown[]) => (typeof text === 'string' ? send(text, values) : query(text, values)),
  });
}

/** A text of several statements has one result for each. */
function last(results: QueryResult | QueryResult[]): QueryResult {
  return Array.isArray(results) ? (results.at(-1) ?? NOTHING) : results;
}

/** Lets the socket collect what is written in this tick, and send it in one packet. */
function cork(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
