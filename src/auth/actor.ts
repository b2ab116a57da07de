import { Role } from '../entities/access.js';
import type { Organization } from '../entities/organization.js';
import { Forbidden } from '../errors.js';

/** Who is calling, in which organization and request. Exactly one of the two ids is set. */
export interface Actor {
  readonly organization: Organization;
  readonly role: Role;
  /** Name of the user or of the API key. */
  readonly name: string;
  readonly userId: number | null;
  readonly apiKeyId: number | null;
  readonly requestId: string;
}

const ORDER: readonly Role[] = [Role.VIEWER, Role.ACCOUNTANT, Role.ADMIN];

/** @throws {Forbidden} if the actor's role may do less than the one that is required */
export function requireRole(actor: Actor, required: Role): void {
  if (ORDER.indexOf(actor.role) < ORDER.indexOf(required)) throw new Forbidden(required, actor.role);
}
