import { InvalidInput } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { MAX_ADDED_REFERENCES, Refund } from '../../entities/refund.js';
import { RefundNotFound } from '../../errors.js';
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
 * @throws {InvalidInput} if the refund has {@link MAX_ADDED_REFERENCES} already, or has this one
 */
export const addRefundReference = command({
  name: 'addRefundReference',
  role: Role.ACCOUNTANT,
  result: Refund,
  fields: { refundId: id, referenceNo: text },
  async run({ em, organization }, { refundId, referenceNo }) {
    const refund = await findOwned(em, Refund, organization, refundId);
    if (refund === null) throw new RefundNotFound(refundId);
    // The insert of the event takes this lock too. Before the references are read, it keeps others from adding one meanwhile.
    const [, added] = await run(em, lockOrder(organization.id), addedTo(refund));
    if ([refund.referenceNo, ...added].includes(referenceNo)) {
      const reason = 'referenceNo must be one that the refund does not have yet';
      throw new InvalidInput([{ field: 'referenceNo', constraints: { isNew: reason }, value: referenceNo }]);
    }
    if (added.length >= MAX_ADDED_REFERENCES) {
      const reason = `refundId must name a refund with less than ${MAX_ADDED_REFERENCES} added references`;
      throw new InvalidInput([{ field: 'refundId', constraints: { maxReferences: reason }, value: refundId }]);
    }
    return refund;
  },
  audit: ({ result, values }) => ({ refundId: String(result.id), referenceNo: values.referenceNo }),
});

/** Returns a query of the references that were added to the refund. */
function addedTo({ id, organization }: Refund): Query<string[]> {
  const sql = `select details ->> 'referenceNo' as reference from audit_events where ${ADDED_REFERENCES}`;
  return query(sql, [organization.id, [String(id)]], (rows) => rows.map(({ reference }) => String(reference)));
}
