import { Role } from '../entities/access.js';
import type { Organization } from '../entities/organization.js';
import { Protocol, type Provenance } from '../entities/provenance.js';
import { Forbidden } from '../errors.js';

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
 * @throws {Forbidden} if the actor's role is lower than the required one
 * @example requireRole(actor, Role.ACCOUNTANT)
 */
export function requireRole(actor: Actor, required: Role): void {
  if (ORDER.indexOf(actor.role) < ORDER.indexOf(required)) throw new Forbidden(required, actor.role);
}
