import type { EntityManager } from '@mikro-orm/postgresql';
import { Role } from '../../entities/access.js';
import { AuditEvent } from '../../entities/audit-event.js';
import type { Organization } from '../../entities/organization.js';
import { MAX_ADDED_REFERENCES, Refund } from '../../entities/refund.js';
import { InvalidInput, RefundNotFound } from '../../errors.js';
import { columnsOf } from '../../orm/columns.js';
import { query, run } from '../../orm/query.js';
import { mapRows } from '../../orm/row-mapping.js';
import { command } from '../unit-of-work/command.js';
import { id, text } from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import { lockOrder } from '../unit-of-work/locks.js';

/**
 * Adds a reference to a refund, such as the bank's number of the transfer, which may be known only later. It is an audit event: the refund itself
 * stays as it was made.
 *
 * @throws {RefundNotFound}
 * @throws {InvalidInput} if the refund has {@link MAX_ADDED_REFERENCES} already
 */
export const addRefundReference = command({
  name: 'addRefundReference',
  role: Role.ACCOUNTANT,
  result: Refund,
  fields: { refundId: id, referenceNo: text },
  async run({ em, organization }, { refundId }) {
    const refund = await findOwned(em, Refund, organization, refundId);
    if (refund === null) throw new RefundNotFound(refundId);
    // The insert of the event takes this lock too. Before the count, it keeps others from adding a reference meanwhile.
    await run(em, lockOrder(organization.id));
    const referencesOf = await addedReferences(em, organization, [refund.id]);
    if (referencesOf(refund.id).length >= MAX_ADDED_REFERENCES) {
      const reason = `refundId must name a refund with less than ${MAX_ADDED_REFERENCES} added references`;
      throw new InvalidInput([{ field: 'refundId', constraints: { maxReferences: reason }, value: refundId }]);
    }
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
