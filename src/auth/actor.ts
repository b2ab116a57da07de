import { Role } from '../entities/access.js';
import type { Organization } from '../entities/organization.js';
import { Protocol, type Provenance } from '../entities/provenance.js';
import { Forbidden, Unauthenticated } from '../errors.js';
import { type Query, query } from '../orm/query.js';

/** Metadata of a request, which is stored with the records that it makes. */
export type RequestMetadata = Omit<Provenance, 'createdBy' | 'userId' | 'apiKeyId'>;

/** The authenticated caller of a request. Exactly one of `userId` and `apiKeyId` is set. */
export interface Actor {
  readonly organization: Organization;
  readonly role: Role;
  /** Name of the user or of the API key. */
  readonly name: string;
  readonly userId: number | null;
  readonly apiKeyId: number | null;
  readonly request: Readonly<RequestMetadata>;
  /** Number of days after today that the actor may use as posting dates. */
  readonly postingDaysAhead: number;
}

/** Returns the actor's data that is stored with a record. */
export function provenanceOf({ name, userId, apiKeyId, request }: Actor): Provenance {
  return { createdBy: name, userId, apiKeyId, ...request };
}

/** Returns the metadata of work that comes from no client, such as an operator's command. */
export function internalRequest(requestId: string): RequestMetadata {
  const nothing = { traceId: null, clientName: null, clientVersion: null, operationName: null, ip: null };
  return { requestId, protocol: Protocol.INTERNAL, ...nothing };
}

const ORDER: readonly Role[] = [Role.VIEWER, Role.ACCOUNTANT, Role.ADMIN];

/**
 * @param field the input field that needs the role, if it is not the whole request
 * @throws {Forbidden} if the actor's role is lower than the required one
 * @example requireRole(actor, Role.ACCOUNTANT)
 */
export function requireRole(actor: Actor, required: Role, field?: string): void {
  const refusal = refusalFor(actor, required);
  if (refusal !== null) throw field === undefined ? refusal : refusal.at(field);
}

/** Returns the refusal of an actor whose role is lower than the required one; otherwise `null`. */
export function refusalFor(actor: Actor, required: Role): Forbidden | null {
  return ORDER.indexOf(actor.role) >= ORDER.indexOf(required) ? null : new Forbidden(required, actor.role);
}

/**
 * The present roles of callers. Since its authentication, a caller's key may have been revoked or may have expired, and its membership may
 * have ended or got another role.
 */
export class CurrentRoles {
  /** @param roles with the keys `key <id>` and `user <id>` */
  constructor(private readonly roles: ReadonlyMap<string, Role>) {}

  /**
   * @throws {Unauthenticated} if the actor's key or membership has ended
   * @throws {Forbidden} if the actor's present role is lower than the required one
   */
  require(actor: Actor, required: Role): void {
    const { apiKeyId, userId } = actor;
    const role = this.roles.get(apiKeyId === null ? `user ${userId}` : `key ${apiKeyId}`);
    if (role === undefined) throw new Unauthenticated(apiKeyId === null ? 'ORGANIZATION_UNKNOWN' : 'CREDENTIAL');
    requireRole({ ...actor, role }, required);
  }
}

/**
 * Reads the present roles of the actors, by the database's clock. It must run after the locks are granted, so that it sees all changes
 * that were committed before.
 */
export function readCurrentRoles(organizationId: number, actors: readonly Actor[]): Query<CurrentRoles> {
  const keys = new Set(actors.flatMap(({ apiKeyId }) => apiKeyId ?? []));
  const users = new Set(actors.flatMap(({ userId }) => userId ?? []));
  return query(
    CURRENT_ROLES,
    [organizationId, [...keys], [...users]],
    (rows) => new CurrentRoles(new Map(rows.map(({ kind, id, role }) => [`${kind} ${id}`, role as Role]))),
  );
}

const CURRENT_ROLES = `
  select 'key' as kind, id, role from api_keys
  where organization_id = $1 and id = any ($2) and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
  union all
  select 'user', user_id, role from memberships where organization_id = $1 and user_id = any ($3) and ended_at is null`;
