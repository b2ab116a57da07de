import type { Configuration } from '@mikro-orm/core';
import { type EntityManager, PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { PostgresDialect } from 'kysely';
import pg from 'pg';
import { ConcurrencyLimit, type Shares } from '../concurrency/concurrency-limit.js';
import { currentWork } from '../concurrency/wait-budget.js';
import { DatabasePool, DEFAULT_POOL_SIZE } from './pool.js';

/** MikroORM's PostgreSQL driver, with its own connections and pool: https://mikro-orm.io/docs/7.0/custom-driver */
export class DatabaseDriver extends PostgreSqlDriver {
  protected override readonly connection: DatabaseConnection = new DatabaseConnection(this.config);
  /** Concurrency limit of transactions that wait for locks: half of the pool, and a quarter of the pool for one organization. */
  readonly lockWaiters = new ConcurrencyLimit(sharesOf(poolSize(this.config) / 2, poolSize(this.config) / 4));
  /** Concurrency limit of searches, which keep PostgreSQL busy: a quarter of the pool, and a twelfth of it for one organization. */
  readonly searches = new ConcurrencyLimit(sharesOf(poolSize(this.config) / 4, Math.max(1, poolSize(this.config) / 12)));
}

/** Returns the concurrency limit of transactions that wait for locks. Each connection pool has one. */
export function lockWaitersOf(em: EntityManager): ConcurrencyLimit {
  return (em.getDriver() as DatabaseDriver).lockWaiters;
}

/**
 * Runs a statement that may read many rows, when it is its organization's turn.
 *
 * @throws {ServiceUnavailable} if the turn does not come within the budget
 */
export async function searchInTurn<T>(em: EntityManager, search: () => Promise<T>): Promise<T> {
  const work = currentWork();
  if (work === undefined || work.organizationId === null) return search();
  const leave = await (em.getDriver() as DatabaseDriver).searches.enter(work.organizationId, work.budget);
  try {
    return await search();
  } finally {
    leave();
  }
}

/** OID of the type in PostgreSQL. */
const BIGINT = 20;

class DatabaseConnection extends PostgreSqlConnection {
  private pool: pg.Pool | undefined;

  override createKyselyDialect(overrides: Parameters<PostgreSqlConnection['createKyselyDialect']>[0]): PostgresDialect {
    const options = this.mapOptions(overrides);
    // pg returns a bigint as a string of digits. MikroORM's parser returns the same string, but first matches it against a regular expression.
    (options.types as pg.TypeOverrides).setTypeParser(BIGINT, (digits) => digits);
    const pool = new pg.Pool(options);
    // Without a listener, the loss of a connection would end the process. The queries on the connection are rejected anyway.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.pool = pool;
    // The remaining connections are for authentication, health probes and background work.
    const shared = poolSize(this.config) - OWN_CONNECTIONS;
    const limit = new ConcurrencyLimit(sharesOf(shared, poolSize(this.config) / 3));
    return new PostgresDialect({ pool: new DatabasePool(pool, limit) });
  }

  override async getNativeClient(): Promise<pg.Pool> {
    await this.ensureConnection();
    return this.pool as pg.Pool;
  }
}

/** Connections of the pool that organizations cannot use. */
const OWN_CONNECTIONS = 2;

function poolSize(config: Configuration): number {
  return config.get('pool').max ?? DEFAULT_POOL_SIZE;
}

/** Reserves the last third for organizations that use no connection yet. */
function sharesOf(total: number, perOrganization: number): Shares {
  return { total: Math.floor(total), perOrganization: Math.floor(perOrganization), reserved: Math.floor(total / 3) };
}
