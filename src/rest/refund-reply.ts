import type { Big } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { grouped, jsonNumber, midnight, monthFirst } from './formats.js';

interface RefundFields {
  readonly id: number;
  readonly creditNote: { readonly id: number };
  readonly fromAccount: { readonly id: number };
  readonly branch: { readonly id: number };
  readonly amount: Big;
  readonly currencyCode: string;
  readonly exchangeRate: Big;
  readonly referenceNo: string;
  readonly description: string;
  readonly date: PostingDate;
  readonly createdAt: Date;
}

/** Returns a refund in the shape of the legacy API: flat, in snake_case, with JSON numbers and the posting date as midnight UTC. */
export function refundReply(refund: RefundFields) {
  return {
    id: refund.id,
    credit_note_id: refund.creditNote.id,
    from_account_id: refund.fromAccount.id,
    amount: jsonNumber(refund.amount),
    currency_code: refund.currencyCode,
    exchange_rate: jsonNumber(refund.exchangeRate),
    reference_no: refund.referenceNo,
    description: refund.description,
    date: midnight(refund.date),
    branch_id: refund.branch.id,
    created_at: refund.createdAt.toISOString(),
    updated_at: null,
  };
}

/** Returns a refund as lists have it. `formtted_amount` is the legacy API's own spelling, which its clients read. */
export function refundItem(refund: RefundFields, account: object, creditNote: object) {
  return {
    ...refundReply(refund),
    from_account: account,
    credit_note: creditNote,
    formtted_amount: grouped(refund.amount, refund.currencyCode),
    formatted_date: monthFirst(refund.date),
  };
}
