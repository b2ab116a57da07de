import { Role } from '../entities/access.js';
import type { Organization } from '../entities/organization.js';
import { Protocol, type Provenance } from '../entities/provenance.js';
import { Forbidden } from '../errors.js';

/** The request that somebody acts in, as far as it is kept with what is done. */
export type RequestMetadata = Omit<Provenance, 'createdBy' | 'userId' | 'apiKeyId'>;

/** Who is calling, in which organization and request. Exactly one of the two ids is set. */
export interface Actor {
  readonly organization: Organization;
  readonly role: Role;
  /** Name of the user or of the API key. */
  readonly name: string;
  readonly userId: number | null;
  readonly apiKeyId: number | null;
  readonly request: Readonly<RequestMetadata>;
  /** How many days after today the actor may post on. */
  readonly postingDaysAhead: number;
}

/** What is kept of the actor with what is done. */
export function provenanceOf({ name, userId, apiKeyId, request }: Actor): Provenance {
  return { createdBy: name, userId, apiKeyId, ...request };
}

/** The request of work that comes through no door. */
export function internalRequest(requestId: string): RequestMetadata {
  const nothing = { traceId: null, clientName: null, clientVersion: null, operationName: null, ip: null };
  return { requestId, protocol: Protocol.INTERNAL, ...nothing };
}

const ORDER: readonly Role[] = [Role.VIEWER, Role.ACCOUNTANT, Role.ADMIN];

/** @throws {Forbidden} if the actor's role may do less than the one that is required */
export function requireRole(actor: Actor, required: Role): void {
  if (ORDER.indexOf(actor.role) < ORDER.indexOf(required)) throw new Forbidden(required, actor.role);
}
