import { Role } from '../entities/access.js';
import { Unauthenticated } from '../errors.js';
import type { Row, Statement } from '../orm/statement.js';
import { type Actor, requireRole } from './actor.js';

/**
 * What callers may do by now, as it is read within a unit of work: since they were let in, a key may have been revoked or have
 * expired, a membership may have ended or have got another role.
 */
export class Standing {
  private readonly roles: ReadonlyMap<string, Role>;

  /** @param rows what {@link standingStatement} answered */
  constructor(rows: readonly Row[]) {
    this.roles = new Map(rows.map(({ kind, id, role }) => [`${kind} ${id}`, role as Role]));
  }

  /**
   * @throws {Unauthenticated} if the actor may do nothing any more
   * @throws {Forbidden} if the actor's present role may do less than the one that is required
   */
  assertMay(actor: Actor, required: Role): void {
    const { apiKeyId, userId } = actor;
    const role = this.roles.get(apiKeyId === null ? `user ${userId}` : `key ${apiKeyId}`);
    if (role === undefined) throw new Unauthenticated(apiKeyId === null ? 'ORGANIZATION_UNKNOWN' : 'CREDENTIAL');
    requireRole({ ...actor, role }, required);
  }
}

/** Reads the standing of the actors, by the database's clock. It sees what was committed before it: so it stands after the locks. */
export function standingStatement(organizationId: number, actors: readonly Actor[]): Statement {
  const keys = new Set(actors.flatMap(({ apiKeyId }) => apiKeyId ?? []));
  const users = new Set(actors.flatMap(({ userId }) => userId ?? []));
  return { text: STANDING, values: [organizationId, [...keys], [...users]] };
}

const STANDING = `
  select 'key' as kind, id, role from api_keys
  where organization_id = $1 and id = any ($2) and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
  union all
  select 'user', user_id, role from memberships where organization_id = $1 and user_id = any ($3) and ended_at is null`;
