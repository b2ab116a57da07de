import type { Socket } from 'node:net';
import { type Configuration, ConnectionException } from '@mikro-orm/core';
import { type EntityManager, PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { type Client, DatabaseError, type Pool, type PoolClient, type QueryResult, type TypeOverrides } from 'pg';
import { ConcurrencyLimit, type Shares } from '../concurrency/concurrency-limit.js';
import { currentWork, type Work } from '../concurrency/wait-budget.js';
import { ServiceUnavailable } from '../errors.js';
import { isPlanOutdated, isReadOnly } from './errors.js';
import { DEFAULT_POOL_SIZE } from './pool-size.js';

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
  /** Units of work that wait for locks: at most half of the pool, and a quarter for one organization. */
  readonly lockWaiters = new ConcurrencyLimit(sharesOf(poolSize(this.config) / 2, poolSize(this.config) / 4));

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
    const onPoolCreated = (pool: Pool): void => {
      const leave = leavingReadOnly(pool);
      pool.on('connect', (client) => sendTogether(client, leave));
    };
    const dialect = super.createKyselyDialect({ ...overrides, onPoolCreated } as typeof overrides);
    const createDriver = dialect.createDriver.bind(dialect);
    // The rest is for finding out who is calling, for probes and for background work.
    const shared = poolSize(this.config) - OWN_CONNECTIONS;
    const limit = new ConcurrencyLimit(sharesOf(shared, poolSize(this.config) / 3));
    dialect.createDriver = () => sharing(givingBack(createDriver()), limit);
    return dialect;
  }
}

/** Connections of the pool that no organization takes. */
const OWN_CONNECTIONS = 2;

function poolSize(config: Configuration): number {
  return config.get('pool').max ?? DEFAULT_POOL_SIZE;
}

/** The last third is for organizations that have nothing yet. */
function sharesOf(total: number, perOrganization: number): Shares {
  return { total: Math.floor(total), perOrganization: Math.floor(perOrganization), reserved: Math.floor(total / 3) };
}

/** What a connection may take although nothing is left of the budget: one that is idle is there at once. */
const LEAST_WAIT_MS = 250;

/** Whoever a connection is for takes it out of its organization's share, and waits no longer for it than its budget allows. */
function sharing(driver: Driver, limit: ConcurrencyLimit): Driver {
  const leaving = new WeakMap<object, () => void>();
  const acquireConnection = driver.acquireConnection.bind(driver);
  const releaseConnection = driver.releaseConnection.bind(driver);
  driver.acquireConnection = async (options) => {
    const work = currentWork();
    if (work === undefined) return acquireConnection(options);
    const { organizationId, budget } = work;
    const leave = organizationId === null ? undefined : await limit.enter(organizationId, budget);
    const acquiring = acquireConnection(options);
    try {
      const connection = await budget.spend(() => inTime(acquiring, Math.max(budget.left, LEAST_WAIT_MS)));
      if (leave !== undefined) leaving.set(connection, leave);
      return connection;
    } catch (error) {
      leave?.();
      // One that comes too late is the next one's.
      if (error instanceof ServiceUnavailable) void acquiring.then(releaseConnection, () => undefined);
      throw error;
    }
  };
  driver.releaseConnection = async (connection, options) => {
    await releaseConnection(connection, options);
    leaving.get(connection)?.();
    leaving.delete(connection);
  };
  return driver;
}

/** @throws {ServiceUnavailable} if it takes longer */
async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ServiceUnavailable()), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
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
function sendTogether(client: PoolClient, onReadOnly: () => void): void {
  const ask = client.query.bind(client) as (...query: unknown[]) => Promise<QueryResult | QueryResult[]>;
  const query = (...asked: unknown[]) => ask(...asked).catch(ending(client, onReadOnly));
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
    holdBack(client);
    try {
      if (values.length === 0) return last(await query({ text: `${first}${text}`, query_timeout }));
      // What follows a `begin` that fails is done without a transaction: so what opens one only locks and reads.
      const begun = first === '' ? undefined : query({ text: first, query_timeout });
      const [result] = await Promise.all([query({ name: NAMES.get(text), text, values, query_timeout }), begun]);
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
 * SQL that brings `lock_timeout` down to what is left of the time for waiting, for locks that are asked for in one round trip: the
 * ones before have taken their part of it. It is never null.
 */
export const REFRESH_LOCK_TIMEOUT = `
  set_config('lock_timeout', greatest(1, coalesce(nullif(current_setting('refunds.lock_wait', true), ''), '5000')::float8
    - 1000 * extract(epoch from clock_timestamp() - transaction_timestamp()))::int::text, true)`;

/** PostgreSQL ends a statement after 30 seconds. A connection that says nothing for longer has gone silent. */
const SILENCE_MS = 35_000;
/**
 * How much later than PostgreSQL itself we give up waiting for the locks that open a transaction, and for statements in it, which
 * may have more to do.
 */
const SILENCE_AFTER_LOCKS_MS = 500;
const SILENCE_IN_TRANSACTION_MS = 5_000;
/** By so much a wait for a lock may outlast the budget, to save statements. */
const LOCK_TIMEOUT_SLACK_MS = 100;

/** The time limits of the transactions of one connection. They are set along with other statements. */
class TransactionLimits {
  private state: 'none' | 'unsent' | 'opening' | 'open' = 'none';
  private lockTimeout: number | undefined;

  /** What is asked for is sent with the first statement. */
  begin(): void {
    this.state = 'unsent';
  }

  /** Whether nothing of the transaction has been sent, which is then over. */
  isUnsent(): boolean {
    const isUnsent = this.state === 'unsent';
    if (isUnsent) this.state = 'none';
    return isUnsent;
  }

  /** What has to be sent before the next statement; empty for nothing. */
  beforeNext(ends: boolean, work: Work | undefined): string {
    if (ends) {
      this.state = 'none';
      return '';
    }
    if (this.state === 'none') return '';
    const wanted = work && Math.max(1, Math.ceil(Math.min(work.budget.left, work.lockWaitMs ?? work.budget.left)));
    if (this.state === 'unsent') {
      this.state = 'opening';
      // What is sent at once opens the transaction.
      process.nextTick(() => {
        if (this.state === 'opening') this.state = 'open';
      });
      this.lockTimeout = wanted;
      return wanted === undefined
        ? 'begin; '
        : `begin; set local lock_timeout = ${wanted}; set local refunds.lock_wait = ${wanted}; `;
    }
    const isLess = wanted !== undefined && this.lockTimeout !== undefined && wanted < this.lockTimeout - LOCK_TIMEOUT_SLACK_MS;
    if (!isLess) return '';
    this.lockTimeout = wanted;
    return `set local lock_timeout = ${wanted}; `;
  }

  /** How long the next statement may take to be answered, in milliseconds; `undefined` for no limit. */
  silenceLimit(work: Work | undefined): number | undefined {
    if (work === undefined || work.silenceMs !== undefined) return work?.silenceMs;
    if (this.state === 'none') return SILENCE_MS;
    return Math.ceil(work.budget.left) + (this.state === 'opening' ? SILENCE_AFTER_LOCKS_MS : SILENCE_IN_TRANSACTION_MS);
  }
}

/** PostgreSQL closes a connection after a FATAL error. Until the socket closes too, the pool would give it to the next request. */
function ending(client: PoolClient, onReadOnly: () => void): (error: unknown) => never {
  return (error) => {
    if (isReadOnly(error)) onReadOnly();
    if (error instanceof DatabaseError && error.severity === 'FATAL') {
      (client as unknown as Client).end().catch(() => undefined);
    }
    throw error;
  };
}

/**
 * A server that takes no writes any more has become a standby: all connections that there are lead to it, and none of them is lent
 * out again. New ones reach the server that has taken over.
 *
 * @returns what to call when one of them was refused a write
 */
function leavingReadOnly(pool: Pool): () => void {
  const clients = new Set<PoolClient>();
  const left = new WeakSet<PoolClient>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  const connect = pool.connect.bind(pool);
  Object.assign(pool, {
    connect: async (): Promise<PoolClient> => {
      for (;;) {
        const client = await connect();
        if (!left.has(client)) return client;
        client.release(true);
      }
    },
  });
  return () => {
    for (const client of clients) left.add(client);
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
