import type { Configuration } from '@mikro-orm/core';
import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { Pool, TypeOverrides } from 'pg';
import { ConcurrencyLimit, type Shares } from '../concurrency/concurrency-limit.js';
import { shareConnections } from './connection-shares.js';
import { isReadOnly } from './errors.js';
import type { Dialect, Transaction } from './kysely.js';
import { closeAfterFatalError, returnLostConnections } from './lost-connections.js';
import { pipeline } from './pipelining.js';
import { DEFAULT_POOL_SIZE } from './pool-size.js';
import { prepare } from './prepared-statements.js';
import { leaveReadOnlyServers } from './read-only-servers.js';
import type { Row, Statement } from './statement.js';

/** MikroORM's PostgreSQL driver with pipelining, prepared statements, shares of the pool, and recovery from lost connections. */
export class DatabaseDriver extends PostgreSqlDriver {
  protected override readonly connection: DatabaseConnection = new DatabaseConnection(this.config);
  /** Units of work that wait for locks: at most half of the pool, and a quarter for one organization. */
  readonly lockWaiters = new ConcurrencyLimit(sharesOf(poolSize(this.config) / 2, poolSize(this.config) / 4));

  executeTogether(statements: readonly Statement[], transaction: Transaction | undefined): Promise<Row[][]> {
    const { connection } = this;
    // Sends without a tick in between: a caller that commits without waiting for the results commits what it has sent.
    if (transaction !== undefined) return this.rethrow(connection.send(statements, transaction));
    return this.rethrow(connection.ensureConnection().then(() => connection.send(statements, connection.getClient())));
  }
}

/** PostgreSQL's number of the type. */
const BIGINT = 20;

class DatabaseConnection extends PostgreSqlConnection {
  send(statements: readonly Statement[], through: Transaction): Promise<Row[][]> {
    return through.getExecutor().provideConnection((connection) =>
      Promise.all(
        statements.map(({ text, values, isTheirs = false }) => {
          prepare(text, isTheirs);
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
    // pg returns a bigint as a string of digits. MikroORM's parser matches each against a regular expression, and returns the same.
    (options.types as TypeOverrides).setTypeParser(BIGINT, (digits) => digits);
    return options;
  }

  override createKyselyDialect(overrides: Parameters<PostgreSqlConnection['createKyselyDialect']>[0]): Dialect {
    const onPoolCreated = (pool: Pool): void => {
      const leave = leaveReadOnlyServers(pool);
      pool.on('connect', (client) =>
        pipeline(client, (error) => {
          if (isReadOnly(error)) leave();
          closeAfterFatalError(client, error);
        }),
      );
    };
    const dialect = super.createKyselyDialect({ ...overrides, onPoolCreated } as typeof overrides);
    const createDriver = dialect.createDriver.bind(dialect);
    // The other connections authenticate callers, answer probes and do background work.
    const shared = poolSize(this.config) - OWN_CONNECTIONS;
    const limit = new ConcurrencyLimit(sharesOf(shared, poolSize(this.config) / 3));
    dialect.createDriver = () => shareConnections(returnLostConnections(createDriver()), limit);
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
