import type { EntityManager } from '@mikro-orm/postgresql';
import { AuditEvent } from '../entities/audit-event.js';
import type { Organization } from '../entities/organization.js';
import { columnsOf } from '../orm/columns.js';
import { query, run } from '../orm/query.js';
import { mapRows } from '../orm/row-mapping.js';
import { ADDED_REFERENCES } from '../services/refunds/add-refund-reference.js';

/** Returns the events that added references to each of the refunds, oldest first. */
export async function addedReferences(
  em: EntityManager,
  organization: Organization,
  refundIds: readonly number[],
): Promise<(refundId: number) => readonly AuditEvent[]> {
  const sql = `select ${columnsOf(em, AuditEvent)} from audit_events where ${ADDED_REFERENCES} order by id`;
  const [events] = await run(
    em,
    query(sql, [organization.id, refundIds.map(String)], (rows) => mapRows(em, AuditEvent, organization, rows)),
  );
  const eventsOf = Map.groupBy(events, ({ details }) => details.refundId);
  return (refundId) => eventsOf.get(String(refundId)) ?? [];
}
