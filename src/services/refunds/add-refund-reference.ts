import type { EntityManager } from '@mikro-orm/postgresql';
import { Role } from '../../entities/access.js';
import { AuditEvent } from '../../entities/audit-event.js';
import type { Organization } from '../../entities/organization.js';
import { Refund } from '../../entities/refund.js';
import { RefundNotFound } from '../../errors.js';
import { columnsOf } from '../../orm/columns.js';
import { query, run } from '../../orm/query.js';
import { mapRows } from '../../orm/row-mapping.js';
import { command } from '../unit-of-work/command.js';
import { id, text } from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';

/**
 * Adds a reference to a refund, such as the bank's number of the transfer, which may be known only later. It is an audit event: the refund itself
 * stays as it was made.
 *
 * @throws {RefundNotFound}
 */
export const addRefundReference = command({
  name: 'addRefundReference',
  role: Role.ACCOUNTANT,
  result: Refund,
  fields: { refundId: id, referenceNo: text },
  async run({ em, organization }, { refundId }) {
    const refund = await findOwned(em, Refund, organization, refundId);
    if (refund === null) throw new RefundNotFound(refundId);
    return refund;
  },
  audit: ({ result, values }) => ({ refundId: String(result.id), referenceNo: values.referenceNo }),
});

/** Returns the events that added references to each of the refunds, oldest first. */
export async function addedReferences(
  em: EntityManager,
  organization: Organization,
  refundIds: readonly number[],
): Promise<(refundId: number) => readonly AuditEvent[]> {
  const sql = `
    select ${columnsOf(em, AuditEvent)} from audit_events
    where organization_id = $1 and action = 'addRefundReference' and details ->> 'refundId' = any ($2) order by id`;
  const [events] = await run(
    em,
    query(sql, [organization.id, refundIds.map(String)], (rows) => mapRows(em, AuditEvent, organization, rows)),
  );
  const eventsOf = Map.groupBy(events, ({ details }) => details.refundId);
  return (refundId) => eventsOf.get(String(refundId)) ?? [];
}
