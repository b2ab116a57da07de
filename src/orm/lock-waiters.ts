import type { EntityManager } from '@mikro-orm/postgresql';
import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.js';
import type { DatabaseDriver } from './driver.js';

/** Returns the concurrency limit of transactions that wait for locks. Each connection pool has one. */
export function lockWaitersOf(em: EntityManager): ConcurrencyLimit {
  return (em.getDriver() as DatabaseDriver).lockWaiters;
}
