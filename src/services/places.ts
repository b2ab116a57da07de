import type { EntityManager } from '@mikro-orm/postgresql';
import pLimit, { type LimitFunction } from 'p-limit';
import { ServiceUnavailable } from '../errors.js';

/** So many units of work of an organization may wait for locks at once: each holds a connection, and others need some too. */
const PLACES = 8;

/** Who has waited so long for a place is told to come again: its caller may have gone. */
const TIMEOUT_MS = 5_000;

/** Keeps what waits for the locks of one organization from taking all connections, which other organizations need. */
class Places {
  private readonly limits = new Map<number, LimitFunction>();

  areTaken(organizationId: number): boolean {
    return (this.limits.get(organizationId)?.activeCount ?? 0) >= PLACES;
  }

  /** @throws {ServiceUnavailable} if no place becomes free in time */
  async take<T>(organizationId: number, work: () => Promise<T>): Promise<T> {
    const limit = this.limits.get(organizationId) ?? pLimit(PLACES);
    this.limits.set(organizationId, limit);
    const asked = performance.now();
    try {
      return await limit(() => {
        if (performance.now() - asked > TIMEOUT_MS) throw new ServiceUnavailable();
        return work();
      });
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) this.limits.delete(organizationId);
    }
  }
}

/** There are as many sets of places as pools of connections. */
const PLACES_OF = new WeakMap<object, Places>();

export function placesOf(em: EntityManager): Places {
  const driver = em.getDriver();
  const places = PLACES_OF.get(driver) ?? new Places();
  PLACES_OF.set(driver, places);
  return places;
}
