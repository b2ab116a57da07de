import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { AuditEvent } from '../../entities/audit-event.js';
import type { Organization } from '../../entities/organization.js';

/** Author of operators' commands. The gateway does not authenticate operators: access to the database is their permission. */
export const OPERATOR = { createdBy: 'operator', requestId: 'cli' };

/** Returns the author of an actor's audit events. */
export function authorOf({ name, request }: Actor): { createdBy: string; requestId: string } {
  return { createdBy: name, requestId: request.requestId };
}

/** Records the audit event of a command, in its transaction. */
export function recordEvent(
  em: EntityManager,
  organization: Organization,
  action: string,
  details: Readonly<Record<string, string>>,
  author: { createdBy: string; requestId: string },
): void {
  em.create(AuditEvent, { organization: organization.id, action, details, ...author });
}
