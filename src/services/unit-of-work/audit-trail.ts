import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { AuditEvent } from '../../entities/audit-event.js';
import type { Organization } from '../../entities/organization.js';

/** Who the operator's commands are by: whoever may run them has the database itself. */
export const OPERATOR = { createdBy: 'operator', requestId: 'cli' };

/** How an actor stands in the trail. */
export function by({ name, request }: Actor): { createdBy: string; requestId: string } {
  return { createdBy: name, requestId: request.requestId };
}

/** Keeps what was done to who may do what, or to what may be posted; written with it, in the caller's transaction. */
export function recordEvent(
  em: EntityManager,
  organization: Organization,
  action: string,
  details: Readonly<Record<string, string>>,
  doer: { createdBy: string; requestId: string },
): void {
  em.create(AuditEvent, { organization: organization.id, action, details, ...doer });
}
