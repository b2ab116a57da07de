import type { CreditNote } from '../entities/credit-note.js';
import type { CreditNoteLine } from '../entities/credit-note-line.js';
import { CreditNoteStatus, remainingOf, statusOf } from '../entities/credit-note-state.js';
import type { WholeRow } from '../reads/read-model.js';
import { roundToCurrency } from '../values/money.js';
import { grouped, jsonNumber, midnight, monthFirst, withSign } from './formats.js';

/** Returns a credit note as it stands in a refund. Fields of features that the gateway lacks are null. */
export function creditNoteReply(note: WholeRow<CreditNote>, baseCurrency: string) {
  const remaining = remainingOf(note);
  const total = jsonNumber(note.total);
  const local = jsonNumber(roundToCurrency(note.total.times(note.exchangeRate), baseCurrency));
  const status = statusOf(note);
  return {
    id: note.id,
    amount: total,
    discount: null,
    adjustment: null,
    note: note.note || null,
    subtotal: total,
    total,
    customer_id: note.customer.id,
    credit_note_date: midnight(note.date),
    credit_note_number: note.number,
    reference_no: note.referenceNo || null,
    refunded_amount: jsonNumber(note.refunded),
    invoices_amount: jsonNumber(note.applied),
    currency_code: note.currencyCode,
    exchange_rate: jsonNumber(note.exchangeRate),
    discount_type: null,
    terms_conditions: null,
    opened_at: note.openedAt?.toISOString() ?? null,
    user_id: null,
    created_at: note.createdAt.toISOString(),
    updated_at: null,
    warehouse_id: null,
    branch_id: note.branch.id,
    pdf_template_id: null,
    local_amount: local,
    is_draft: status === CreditNoteStatus.DRAFT,
    is_published: note.openedAt !== null,
    is_open: status === CreditNoteStatus.OPEN,
    is_closed: status === CreditNoteStatus.CLOSED,
    credits_remaining: jsonNumber(remaining),
    credits_used: jsonNumber(note.total.minus(remaining)),
    subtotal_local: local,
    discount_amount: 0,
    discount_amount_local: null,
    discount_percentage: null,
    total_local: local,
    adjustment_local: null,
  };
}

/** Returns a credit note as lists have it, and by itself. */
export function creditNoteItem(
  note: WholeRow<CreditNote>,
  lines: readonly WholeRow<CreditNoteLine>[],
  customer: object,
  baseCurrency: string,
) {
  const { total, currencyCode } = note;
  const remaining = remainingOf(note);
  return {
    ...creditNoteReply(note, baseCurrency),
    entries: lines.map((line, index) => entryReply(line, index + 1, note)),
    customer,
    formatted_credits_remaining: grouped(remaining, currencyCode),
    formatted_credit_note_date: monthFirst(note.date),
    formatted_created_at: monthFirst(note.createdAt.toISOString().slice(0, 10)),
    formatted_amount: grouped(total, currencyCode),
    formatted_credits_used: grouped(total.minus(remaining), currencyCode),
    formatted_subtotal: grouped(total, currencyCode),
    discount_amount_formatted: '',
    discount_amount_local_formatted: '',
    discount_percentage_formatted: '',
    adjustment_formatted: '',
    adjustment_local_formatted: '',
    total_formatted: withSign(total, currencyCode),
    total_local_formatted: withSign(roundToCurrency(total.times(note.exchangeRate), baseCurrency), baseCurrency),
  };
}

/** A line credits an account, where the legacy API has an item with a quantity and a rate. */
function entryReply(line: WholeRow<CreditNoteLine>, index: number, { id, currencyCode }: WholeRow<CreditNote>) {
  const amount = jsonNumber(line.amount);
  return {
    id: line.id,
    index,
    description: line.description || null,
    discount: null,
    quantity: 1,
    rate: amount,
    item: null,
    amount,
    subtotal: amount,
    total: amount,
    reference_type: 'CreditNote',
    reference_id: String(id),
    item_id: null,
    discount_type: 'percentage',
    sell_account_id: line.account.id,
    cost_account_id: null,
    landed_cost: 0,
    allocated_cost_amount: 0,
    created_at: line.createdAt.toISOString(),
    updated_at: null,
    warehouse_id: null,
    project_id: null,
    project_ref_id: null,
    project_ref_type: null,
    project_ref_invoiced_amount: 0,
    is_inclusive_tax: 0,
    tax_rate_id: null,
    tax_rate: null,
    tax_amount: 0,
    subtotal_inclusing_tax: amount,
    subtotal_excluding_tax: amount,
    discount_amount: 0,
    quantity_formatted: '1.00',
    rate_formatted: grouped(line.amount, currencyCode),
    total_formatted: grouped(line.amount, currencyCode),
  };
}
