import { raw } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { namesCell } from '../../auth/api-keys.js';
import { ApiKey } from '../../entities/access.js';
import { Organization } from '../../entities/organization.js';
import { OperatorRefusal } from './operator-command.js';

/** What a router must know to send the requests of organizations to their cell. */
export interface Routes {
  /** Values of the organization-id header. */
  readonly organizations: readonly string[];
  /** Beginnings of the valid keys that do not name the cell themselves. */
  readonly keys: readonly string[];
}

/**
 * Returns the routes of one organization, or of all organizations of this database that are not frozen: those move, or have moved.
 *
 * @param cell the name of the cell that the database belongs to
 * @throws {OperatorRefusal} if the one organization is frozen
 */
export async function routesTo(em: EntityManager, cell: string, organization: Organization | null): Promise<Routes> {
  if (organization !== null && organization.frozenAt !== null) {
    throw new OperatorRefusal(`${organization.publicId} is frozen here: it moves, or has moved`);
  }
  const organizations =
    organization === null ? await em.find(Organization, { frozenAt: null }, { orderBy: { publicId: 'asc' } }) : [organization];
  const ids = organizations.map(({ id }) => id);
  const isValid = { revokedAt: null, $or: [{ expiresAt: null }, { expiresAt: { $gt: raw('clock_timestamp()') } }] };
  const keys = await em.find(ApiKey, { organization: ids, ...isValid }, { orderBy: { prefix: 'asc' } });
  return {
    organizations: organizations.map(({ publicId }) => publicId),
    keys: [...new Set(keys.map(({ prefix }) => prefix).filter((prefix) => !namesCell(prefix, cell)))],
  };
}
