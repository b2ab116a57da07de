import type { Refund } from '../entities/refund.js';
import type { Big } from '../values/money.js';

/** Returns a refund in the shape of the legacy API: flat, in snake_case, with JSON numbers and the posting date as midnight UTC. */
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

/** Returns the exact number: amounts and rates have at most the 15 digits that a double holds. */
function jsonNumber(value: Big): number {
  return Number.parseFloat(value.toFixed());
}
