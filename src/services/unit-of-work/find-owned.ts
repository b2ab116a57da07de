import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Organization } from '../../entities/organization.js';
import { type Owned, parseId } from '../../entities/owned.js';

/**
 * Returns the entity with this id if the organization owns it; `null` for an unknown or malformed id, and for a record of another organization.
 *
 * @example
 * const account = await findOwned(em, Account, organization, accountId);
 * if (account === null) throw new AccountNotFound(accountId, 'accountId');
 */
export async function findOwned<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization,
  id: string,
): Promise<T | null> {
  const numericId = parseId(id);
  if (numericId === null) return null;
  return em.findOne(entity, { id: numericId, organization: organization.id } as FilterQuery<T>);
}
