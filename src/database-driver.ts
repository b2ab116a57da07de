import type { Socket } from 'node:net';
import { ConnectionException } from '@mikro-orm/core';
import { type EntityManager, PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { type Client, DatabaseError, type Pool, type PoolClient, type QueryResult, type TypeOverrides } from 'pg';
import { isPlanOutdated, isReadOnly } from './database-errors.js';

type Dialect = ReturnType<PostgreSqlConnection['createKyselyDialect']>;
type Driver = ReturnType<Dialect['createDriver']>;

/** A row as the database answers it. */
export type Row = Readonly<Record<string, unknown>>;

/** A statement and what stands for $1, $2, … in it. Each connection plans its text once, and keeps the plan. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Clients decide what the text is, so there may be any number: its plan is kept if there are not too many already. */
  readonly isTheirs?: boolean;
}

/**
 * Sends the statements in one round trip, and answers the rows of each. They run one after the other, each on what was
 * committed before it. Within a transaction they have been sent when this returns.
 */
export function executeTogether(em: EntityManager, statements: readonly Statement[]): Promise<Row[][]> {
  return (em.getDriver() as DatabaseDriver).executeTogether(statements, em.getTransactionContext<Transaction>());
}

/** The ORM's PostgreSQL driver, which loses no place in the pool, makes fewer round trips, and has statements planned once. */
export class DatabaseDriver extends PostgreSqlDriver {
  protected override readonly connection: DatabaseConnection = new DatabaseConnection(this.config);

  executeTogether(statements: readonly Statement[], transaction: Transaction | undefined): Promise<Row[][]> {
    const { connection } = this;
    // Not a moment later: who commits without waiting for the answers commits what was sent.
    if (transaction !== undefined) return this.rethrow(connection.send(statements, transaction));
    return this.rethrow(connection.ensureConnection().then(() => connection.send(statements, connection.getClient())));
  }
}

type Transaction = ReturnType<PostgreSqlConnection['getClient']>;

/** PostgreSQL's number of the type. */
const BIGINT = 20;

class DatabaseConnection extends PostgreSqlConnection {
  send(statements: readonly Statement[], through: Transaction): Promise<Row[][]> {
    return through.getExecutor().provideConnection((connection) =>
      Promise.all(
        statements.map(({ text, values, isTheirs = false }) => {
          if (!isTheirs || NAMES.size < MANY_PLANS) keepPlan(text);
          return this.executeQuery(
            text,
            async () => (await connection.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows,
            { params: [...values] },
          );
        }),
      ),
    );
  }

  override mapOptions(
    overrides: Parameters<PostgreSqlConnection['mapOptions']>[0],
  ): ReturnType<PostgreSqlConnection['mapOptions']> {
    const options = super.mapOptions(overrides);
    // A bigint comes as its digits anyhow; the parser of old would look at each by a regular expression, and give back just those.
    (options.types as TypeOverrides).setTypeParser(BIGINT, (digits) => digits);
    return options;
  }

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
 *
 * What keeps us from a connection is marked as such.
 */
function givingBack(driver: Driver): Driver {
  const acquireConnection = driver.acquireConnection.bind(driver);
  driver.acquireConnection = (options) =>
    acquireConnection(options).catch((error: Error) => {
      // Whatever keeps us out may let us in later: a name that cannot be resolved, a password, a certificate.
      throw new ConnectionException(error);
    });
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
 * Sends `begin` with the first statement of its transaction, and whatever else is asked for at the same time in one piece:
 * most of what a small statement costs is its round trip. What comes with values is a {@link Statement}.
 */
function sendTogether(client: PoolClient): void {
  const ask = client.query.bind(client) as (...query: unknown[]) => Promise<QueryResult | QueryResult[]>;
  const query = (...asked: unknown[]) => ask(...asked).catch(ending(client));
  let begins = false;
  const send = async (text: string, values: unknown[] = []): Promise<QueryResult> => {
    if (text === 'begin') {
      begins = true;
      return NOTHING;
    }
    const opens = begins;
    begins = false;
    if (opens && (text === 'commit' || text === 'rollback')) return NOTHING;
    holdBack(client);
    try {
      if (values.length === 0) return last(await query(opens ? `begin; ${text}` : text));
      // What follows a `begin` that fails is done without a transaction: so what opens one only locks and reads.
      const begun = opens ? query('begin') : undefined;
      const [result] = await Promise.all([query({ name: NAMES.get(text), text, values }), begun]);
      return last(result);
    } catch (error) {
      if (isPlanOutdated(error)) NAMES.delete(text);
      throw isConnectionLost(error) ? new ConnectionException(error) : error;
    }
  };
  // A cursor is no text, and never the first thing in a transaction.
  Object.assign(client, {
    query: (text: unknown, values?: unknown[]) => (typeof text === 'string' ? send(text, values) : query(text, values)),
  });
}

/**
 * PostgreSQL closes a connection after a FATAL error. Until the socket closes too, the pool would give it to the next request.
 * A connection whose server takes no writes any more is of no use either: the next one reaches the server that has taken over.
 */
function ending(client: PoolClient): (error: unknown) => never {
  return (error) => {
    if (error instanceof DatabaseError && (error.severity === 'FATAL' || isReadOnly(error))) {
      (client as unknown as Client).end().catch(() => undefined);
    }
    throw error;
  };
}

/** pg gives some losses of a connection no code: their texts are all there is. Errors of the server have a severity. */
function isConnectionLost(error: unknown): error is Error {
  if (!(error instanceof Error) || 'severity' in error) return false;
  return 'code' in error || /Connection (terminated|ended)|not queryable|Query read timeout/.test(error.message);
}

/** Several statements in one text have a result each. */
function last(results: QueryResult | QueryResult[]): QueryResult {
  return Array.isArray(results) ? (results.at(-1) ?? NOTHING) : results;
}

/** Lets the socket gather what is written until nothing more is to be done at once. */
function holdBack(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** PostgreSQL keeps a plan for each name, on each connection: some 50 kB. */
function keepPlan(text: string): void {
  if (NAMES.has(text)) return;
  named += 1;
  NAMES.set(text, `statement-${named}`);
}

const NAMES = new Map<string, string>();
const MANY_PLANS = 100;
let named = 0;
