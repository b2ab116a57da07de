import type { EntityManager } from '@mikro-orm/postgresql';
import { Organization } from '../entities/organization.js';
import { snapshotBalances } from './balances.js';
import { sweepIdempotencyKeys } from './unit-of-work.js';

/** What every gateway does from time to time. Doing it twice, or in two processes at once, does no harm. */
export async function maintain(em: EntityManager): Promise<void> {
  await sweepIdempotencyKeys(em);
  const organizations = await em.find(Organization, {}, { fields: ['id'] });
  for (const { id } of organizations) await snapshotBalances(em, id);
}
