import type { EntityManager } from '@mikro-orm/postgresql';
import { namesCell } from '../../auth/api-keys.js';
import { ApiKey } from '../../entities/access.js';
import { Organization } from '../../entities/organization.js';

/** What a router must know to send the requests of organizations to their cell. */
export interface Routes {
  /** Values of the organization-id header. */
  readonly organizations: readonly string[];
  /** Beginnings of the valid keys that do not name the cell themselves. */
  readonly keys: readonly string[];
}

/**
 * Returns the routes of one organization, or of all organizations of this database.
 *
 * @param cell the name of the cell that the database belongs to
 */
export async function routesTo(em: EntityManager, cell: string, organization: Organization | null): Promise<Routes> {
  const organizations = organization === null ? await em.find(Organization, {}, { orderBy: { publicId: 'asc' } }) : [organization];
  const ids = organizations.map(({ id }) => id);
  const keys = await em.find(ApiKey, { organization: ids, revokedAt: null }, { orderBy: { prefix: 'asc' } });
  return {
    organizations: organizations.map(({ publicId }) => publicId),
    keys: [...new Set(keys.map(({ prefix }) => prefix).filter((prefix) => !namesCell(prefix, cell)))],
  };
}
