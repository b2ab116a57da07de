import { Role } from '../../entities/access.js';
import { MAX_ADDED_REFERENCES, Refund } from '../../entities/refund.js';
import { InvalidInput, RefundNotFound } from '../../errors.js';
import { type Query, query, run } from '../../orm/query.js';
import { command } from '../unit-of-work/command.js';
import { id, text } from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import { lockOrder } from '../unit-of-work/locks.js';

/** SQL condition of the audit events that added references to refunds. $1 is the organization, $2 the ids of the refunds as texts. */
export const ADDED_REFERENCES = `
  organization_id = $1 and action = 'addRefundReference' and details ->> 'refundId' = any ($2)`;

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
    const [, count] = await run(em, lockOrder(organization.id), countReferences(refund));
    if (count >= MAX_ADDED_REFERENCES) {
      const reason = `refundId must name a refund with less than ${MAX_ADDED_REFERENCES} added references`;
      throw new InvalidInput([{ field: 'refundId', constraints: { maxReferences: reason }, value: refundId }]);
    }
    return refund;
  },
  audit: ({ result, values }) => ({ refundId: String(result.id), referenceNo: values.referenceNo }),
});

/** Returns a query of the number of references that were added to the refund. */
function countReferences({ id, organization }: Refund): Query<number> {
  const sql = `select count(*) as count from audit_events where ${ADDED_REFERENCES}`;
  return query(sql, [organization.id, [String(id)]], ([row]) => Number(row?.count));
}
