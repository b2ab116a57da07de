import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Organization } from '../../entities/organization.js';
import { type Owned, parseId } from '../../entities/owned.js';

/** The row with this id if the organization owns it. What belongs to another organization does not exist. */
export async function findOwned<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization,
  id: string,
): Promise<T | null> {
  const key = parseId(id);
  if (key === null) return null;
  return em.findOne(entity, { id: key, organization: organization.id } as FilterQuery<T>);
}
