import type { EntityManager } from '@mikro-orm/postgresql';
import { Organization } from '../entities/organization.js';
import { snapshotBalances } from './balances.js';
import { type Sweep, sweepIdempotencyKeys } from './idempotency-sweep.js';

/**
 * What every gateway does from time to time. Doing it twice, or in two processes at once, does no harm.
 *
 * @param onDoubt hears of a sweep of idempotency keys that was not made
 */
export async function maintain(em: EntityManager, onDoubt: (doubt: NonNullable<Sweep['doubt']>) => void): Promise<void> {
  const { doubt } = await sweepIdempotencyKeys(em);
  if (doubt !== null) onDoubt(doubt);
  const organizations = await em.find(Organization, {}, { fields: ['id'] });
  for (const { id } of organizations) await snapshotBalances(em, id);
}
