import type { Refund } from '../entities/refund.js';
import type { Big } from '../values/money.js';

/** A refund as legacy clients read it: flat, snake_case, numbers as JSON numbers, the posting date as midnight UTC. */
export function refundReply(refund: Refund) {
  return {
    id: refund.id,
    credit_note_id: refund.creditNote.id,
    from_account_id: refund.fromAccount.id,
    amount: jsonNumber(refund.amount),
    currency_code: refund.currencyCode,
    exchange_rate: jsonNumber(refund.exchangeRate),
    reference_no: refund.referenceNo,
    description: refund.description,
    date: `${refund.date}T00:00:00.000Z`,
    branch_id: refund.branch.id,
    created_at: refund.createdAt.toISOString(),
    updated_at: null,
  };
}

/** Exact: no amount and no rate of ours has more than the 15 digits that a double keeps. */
function jsonNumber(value: Big): number {
  return Number.parseFloat(value.toFixed());
}
