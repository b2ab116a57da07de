import { ConnectionException } from '@mikro-orm/core';
import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { Pool, PoolClient, QueryResult } from 'pg';

type Dialect = ReturnType<PostgreSqlConnection['createKyselyDialect']>;
type Driver = ReturnType<Dialect['createDriver']>;

/** A row as the database answers it. Several statements in one text are answered by the rows of each. */
export type Row = Readonly<Record<string, unknown>>;

/** The ORM's PostgreSQL driver, which loses no place in the pool, and makes fewer round trips. */
export class DatabaseDriver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection = new DatabaseConnection(this.config);
}

class DatabaseConnection extends PostgreSqlConnection {
  override createKyselyDialect(overrides: Parameters<PostgreSqlConnection['createKyselyDialect']>[0]): Dialect {
    const onPoolCreated = (pool: Pool): void => void pool.on('connect', sendTogether);
    const dialect = super.createKyselyDialect({ ...overrides, onPoolCreated } as typeof overrides);
    const createDriver = dialect.createDriver.bind(dialect);
    dialect.createDriver = () => givingBack(createDriver());
    return dialect;
  }
}

/**
 * A connection that is lost in the middle of a transaction goes back to the pool, which then replaces it.
 *
 * Without this, the query builder under the ORM gives a connection back only after a rollback that succeeds, and a dead one
 * cannot succeed: each loss would cost the pool a place, until none is left and every request waits in vain.
 */
function givingBack(driver: Driver): Driver {
  const beginTransaction = driver.beginTransaction.bind(driver);
  driver.beginTransaction = async (connection, settings) => {
    try {
      await beginTransaction(connection, settings);
    } catch (error) {
      await driver.releaseConnection(connection);
      // Nothing else keeps a transaction from beginning.
      throw new ConnectionException(error as Error);
    }
  };
  const rollbackTransaction = driver.rollbackTransaction.bind(driver);
  // What failed before the rollback is what the caller hears of. A transaction ends with its connection in any case.
  driver.rollbackTransaction = (connection) => rollbackTransaction(connection).catch(() => undefined);
  return driver;
}

const NOTHING = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] } satisfies QueryResult;

/**
 * Sends `begin` with the first statement of its transaction, and answers several statements in one text with the rows of each.
 * Most of what a small statement costs is its round trip.
 */
function sendTogether(client: PoolClient): void {
  const query = client.query.bind(client) as (text: unknown, values?: unknown[]) => Promise<QueryResult | QueryResult[]>;
  let begins = false;
  const send = async (text: unknown, values?: unknown[]): Promise<QueryResult> => {
    if (text === 'begin') {
      begins = true;
      return NOTHING;
    }
    if (!begins) return merged(await query(text, values));
    begins = false;
    if (text === 'commit' || text === 'rollback') return NOTHING;
    if (values?.length) throw new Error('the first statement of a transaction has its values in its text');
    const [, ...results] = (await query(`begin; ${text}`)) as QueryResult[];
    return merged(results);
  };
  // A cursor is no promise, and never the first thing in a transaction.
  Object.assign(client, {
    query: (text: unknown, values?: unknown[]) => (typeof text === 'string' ? send(text, values) : query(text, values)),
  });
}

function merged(results: QueryResult | QueryResult[]): QueryResult {
  if (!Array.isArray(results)) return results;
  const [only, ...others] = results;
  return only !== undefined && others.length === 0 ? only : { ...NOTHING, rows: results.map(({ rows }) => rows) };
}
