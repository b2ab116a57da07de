import type { EntityManager } from '@mikro-orm/postgresql';
import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.js';
import type { DatabaseDriver } from './driver.js';

/** Returns the concurrency limit of the units of work that wait for locks on a connection of this pool. */
export function lockWaitersOf(em: EntityManager): ConcurrencyLimit {
  return (em.getDriver() as DatabaseDriver).lockWaiters;
}
