import { ConnectionException } from '@mikro-orm/core';
import type { PostgresPool } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.js';
import { currentWork } from '../concurrency/wait-budget.js';
import { NOT_EXECUTED, ServiceUnavailable } from '../errors.js';
import { DatabaseClient } from './client.js';

/**
 * Default number of connections. Refunds of an organization share a connection, so few connections are busy at a time; more busy ones would lower
 * the throughput of a small machine. Most connections are for transactions that wait for locks.
 */
export const DEFAULT_POOL_SIZE = 24;

/** Minimum number of connections. With fewer, one organization that waits for locks would leave too few to the others. */
export const MIN_POOL_SIZE = 6;

/** Minimum wait for a connection, also if the budget is used up: the pool lends an idle connection almost immediately. */
const MIN_WAIT_MS = 250;

/**
 * The pool of connections for kysely. It limits the number of connections that one organization uses, limits the wait for a connection to the
 * request's budget, and replaces connections to a server that has become a standby.
 */
export class DatabasePool implements PostgresPool {
  readonly options: object;
  private readonly clients = new Map<PoolClient, DatabaseClient>();

  constructor(
    private readonly pool: Pool,
    private readonly limit: ConcurrencyLimit,
  ) {
    this.options = pool.options;
    pool.on('connect', (client) => this.clients.set(client, new DatabaseClient(client, () => this.replaceConnections())));
    pool.on('remove', (client) => this.clients.delete(client));
  }

  /**
   * Lends a connection. Its `release` returns it to the pool.
   *
   * @throws {ServiceUnavailable} if no connection becomes free within the budget
   * @throws {ConnectionException} if the database cannot be reached
   */
  async connect(): Promise<DatabaseClient> {
    const work = currentWork();
    if (work === undefined) return this.lend();
    const { organizationId, budget } = work;
    const leave = organizationId === null ? undefined : await this.limit.enter(organizationId, budget);
    const lending = this.lend();
    try {
      const client = await budget.spend(() => inTime(lending, Math.max(budget.left, MIN_WAIT_MS)));
      client.onRelease = leave;
      return client;
    } catch (error) {
      leave?.();
      // A connection that is lent too late returns to the pool.
      if (error instanceof ServiceUnavailable)
        void lending.then(
          (client) => client.release(),
          () => undefined,
        );
      throw error;
    }
  }

  end(): Promise<void> {
    return this.pool.end();
  }

  private async lend(): Promise<DatabaseClient> {
    for (;;) {
      const client = this.clients.get(await this.checkOut());
      if (client === undefined) throw new Error('the pool lent a connection without a connect event');
      if (!client.isObsolete) return client;
      client.release();
    }
  }

  private async checkOut(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      // All causes count as transient: a host name that is not resolved, a wrong password, an invalid certificate.
      throw new ConnectionException(error as Error);
    }
  }

  /** Replaces all connections: they are connected to a server that has become a standby. New ones connect to the new primary. */
  private replaceConnections(): void {
    for (const client of this.clients.values()) client.isObsolete = true;
  }
}

/** @throws {ServiceUnavailable} if the promise is not settled within the limit */
async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ServiceUnavailable(NOT_EXECUTED)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
