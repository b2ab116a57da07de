import { type Static, Type } from '@sinclair/typebox';
import type { Big } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { AccountReply } from './account-reply.js';
import { CreditNoteReply } from './credit-note-reply.js';
import { amountText, currencyCode, id, midnightUtc, monthFirstDate, nothing, number, textOrNull, time } from './fields.js';
import { grouped, jsonNumber, midnight, monthFirst } from './formats.js';

/** A refund: flat, in snake_case, with JSON numbers and the posting date as midnight UTC. */
export const RefundReply = Type.Object({
  id,
  credit_note_id: id,
  from_account_id: id,
  amount: { ...number, description: 'In the currency of the credit note' },
  currency_code: currencyCode,
  exchange_rate: number,
  reference_no: { ...textOrNull, description: 'Null if the refund was made without one' },
  description: { ...textOrNull, description: 'Null if the refund was made without one' },
  date: midnightUtc,
  branch_id: id,
  created_at: time,
  updated_at: nothing,
});

/** A refund as lists have it, and by itself. `formtted_amount` is the legacy API's own spelling, which its clients read. */
export const RefundItem = Type.Object({
  ...RefundReply.properties,
  from_account: AccountReply,
  credit_note: CreditNoteReply,
  formtted_amount: amountText,
  formatted_date: monthFirstDate,
});

interface RefundFields {
  readonly id: number;
  readonly creditNote: { readonly id: number };
  readonly fromAccount: { readonly id: number };
  readonly branch: { readonly id: number };
  readonly amount: Big;
  readonly currencyCode: string;
  readonly exchangeRate: Big;
  readonly referenceNo: string | null;
  readonly description: string | null;
  readonly date: PostingDate;
  readonly createdAt: Date;
}

export function refundReply(refund: RefundFields): Static<typeof RefundReply> {
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

export function refundItem(
  refund: RefundFields,
  account: Static<typeof AccountReply>,
  creditNote: Static<typeof CreditNoteReply>,
): Static<typeof RefundItem> {
  return {
    ...refundReply(refund),
    from_account: account,
    credit_note: creditNote,
    formtted_amount: grouped(refund.amount, refund.currencyCode),
    formatted_date: monthFirst(refund.date),
  };
}
