import type { Configuration } from '@mikro-orm/core';
import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { PostgresDialect } from 'kysely';
import pg from 'pg';
import { ConcurrencyLimit, type Shares } from '../concurrency/concurrency-limit.js';
import { DatabasePool } from './pool.js';
import { DEFAULT_POOL_SIZE } from './pool-size.js';

/** MikroORM's PostgreSQL driver, with connections of our own: https://mikro-orm.io/docs/7.0/custom-driver */
export class DatabaseDriver extends PostgreSqlDriver {
  protected override readonly connection: DatabaseConnection = new DatabaseConnection(this.config);
  /** Units of work that wait for locks: at most half of the pool, and a quarter for one organization. */
  readonly lockWaiters = new ConcurrencyLimit(sharesOf(poolSize(this.config) / 2, poolSize(this.config) / 4));
}

/** PostgreSQL's number of the type. */
const BIGINT = 20;

class DatabaseConnection extends PostgreSqlConnection {
  private pool: pg.Pool | undefined;

  override createKyselyDialect(overrides: Parameters<PostgreSqlConnection['createKyselyDialect']>[0]): PostgresDialect {
    const options = this.mapOptions(overrides);
    // pg returns a bigint as a string of digits. MikroORM's parser matches each against a regular expression, and returns the same.
    (options.types as pg.TypeOverrides).setTypeParser(BIGINT, (digits) => digits);
    const pool = new pg.Pool(options);
    // Without a listener, a connection that is lost would end the process. Whatever waits for it is rejected as well.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.pool = pool;
    // The other connections authenticate callers, answer probes and do background work.
    const shared = poolSize(this.config) - OWN_CONNECTIONS;
    const limit = new ConcurrencyLimit(sharesOf(shared, poolSize(this.config) / 3));
    return new PostgresDialect({ pool: new DatabasePool(pool, limit) });
  }

  override async getNativeClient(): Promise<pg.Pool> {
    await this.ensureConnection();
    return this.pool as pg.Pool;
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
