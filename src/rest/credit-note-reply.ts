import { type Static, Type } from '@sinclair/typebox';
import type { Account } from '../entities/account.js';
import type { CreditNote } from '../entities/credit-note.js';
import type { CreditNoteLine } from '../entities/credit-note-line.js';
import { CreditNoteStatus, remainingOf, statusOf } from '../entities/credit-note-state.js';
import type { Row, WholeRow } from '../reads/read-model.js';
import { roundToCurrency } from '../values/money.js';
import { BranchReply } from './branch-reply.js';
import { CustomerReply } from './customer-reply.js';
import {
  always,
  amountText,
  currencyCode,
  forEach,
  id,
  midnightUtc,
  monthFirstDate,
  nothing,
  number,
  text,
  textOrNull,
  time,
  timeOrNull,
  yesNo,
} from './fields.js';
import { grouped, jsonNumber, midnight, monthFirst, withSign } from './formats.js';

/** A credit note as it stands in a refund. Fields of features that the gateway lacks are null, or what the legacy server has by default. */
export const CreditNoteReply = Type.Object({
  id,
  amount: number,
  discount: nothing,
  adjustment: nothing,
  note: textOrNull,
  subtotal: number,
  total: number,
  customer_id: id,
  credit_note_date: midnightUtc,
  credit_note_number: text,
  reference_no: textOrNull,
  refunded_amount: number,
  invoices_amount: number,
  currency_code: currencyCode,
  exchange_rate: number,
  discount_type: nothing,
  terms_conditions: nothing,
  opened_at: timeOrNull,
  user_id: nothing,
  created_at: time,
  updated_at: nothing,
  warehouse_id: nothing,
  branch_id: id,
  pdf_template_id: nothing,
  local_amount: { ...number, description: "In the organization's base currency" },
  is_draft: yesNo,
  is_published: yesNo,
  is_open: yesNo,
  is_closed: yesNo,
  credits_remaining: { ...number, description: 'What can still be refunded' },
  credits_used: number,
  subtotal_local: number,
  discount_amount: always(0),
  discount_amount_local: nothing,
  discount_percentage: nothing,
  total_local: number,
  adjustment_local: nothing,
});

/** The fields of an item that the gateway does not know. */
const UNKNOWN_OF_ITEM = [
  'id',
  'type',
  'code',
  'sellable',
  'purchasable',
  'note',
  'active',
  'sell_price',
  'cost_price',
  'picture_uri',
  'cost_account_id',
  'inventory_account_id',
  'sell_description',
  'purchase_description',
  'quantity_on_hand',
  'landed_cost',
  'category_id',
  'user_id',
  'created_at',
  'updated_at',
  'sell_tax_rate_id',
  'purchase_tax_rate_id',
] as const;

/** What a line is for, as the item that the legacy web app shows the name of. The gateway has no items: all that it knows are these two fields. */
export const ItemReply = Type.Object({
  name: { ...text, description: 'The description of the line, or else the name of its account' },
  sell_account_id: id,
  ...forEach(UNKNOWN_OF_ITEM, nothing),
});

/** A line of a credit note. It credits an account, where the legacy API has an item with a quantity and a rate. */
export const EntryReply = Type.Object({
  id,
  index: id,
  description: textOrNull,
  discount: nothing,
  quantity: always(1),
  rate: number,
  item: ItemReply,
  amount: number,
  subtotal: number,
  total: number,
  reference_type: always('CreditNote'),
  reference_id: text,
  item_id: nothing,
  discount_type: always('percentage'),
  sell_account_id: id,
  cost_account_id: nothing,
  landed_cost: always(0),
  allocated_cost_amount: always(0),
  created_at: time,
  updated_at: nothing,
  warehouse_id: nothing,
  project_id: nothing,
  project_ref_id: nothing,
  project_ref_type: nothing,
  project_ref_invoiced_amount: always(0),
  is_inclusive_tax: always(0),
  tax_rate_id: nothing,
  tax_rate: nothing,
  tax_amount: always(0),
  subtotal_inclusing_tax: number,
  subtotal_excluding_tax: number,
  discount_amount: always(0),
  quantity_formatted: always('1.00'),
  rate_formatted: amountText,
  total_formatted: amountText,
});

/** A credit note as lists have it. */
export const CreditNoteItem = Type.Object({
  ...CreditNoteReply.properties,
  entries: Type.Array(EntryReply),
  customer: CustomerReply,
  formatted_credits_remaining: amountText,
  formatted_credit_note_date: monthFirstDate,
  formatted_created_at: monthFirstDate,
  formatted_amount: amountText,
  formatted_credits_used: amountText,
  formatted_subtotal: amountText,
  discount_amount_formatted: always(''),
  discount_amount_local_formatted: always(''),
  discount_percentage_formatted: always(''),
  adjustment_formatted: always(''),
  adjustment_local_formatted: always(''),
  total_formatted: text,
  total_local_formatted: text,
});

/** A credit note by itself. */
export const OneCreditNote = Type.Object({
  ...CreditNoteItem.properties,
  branch: BranchReply,
  attachments: Type.Array(Type.Unknown(), { maxItems: 0 }),
});

export function creditNoteReply(note: WholeRow<CreditNote>, baseCurrency: string): Static<typeof CreditNoteReply> {
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

/** A line and the account that it credits. */
export interface LineWithAccount {
  readonly line: WholeRow<CreditNoteLine>;
  readonly account: Row<Account, 'name'>;
}

export function creditNoteItem(
  note: WholeRow<CreditNote>,
  lines: readonly LineWithAccount[],
  customer: Static<typeof CustomerReply>,
  baseCurrency: string,
): Static<typeof CreditNoteItem> {
  const { total, currencyCode: currency } = note;
  const remaining = remainingOf(note);
  return {
    ...creditNoteReply(note, baseCurrency),
    entries: lines.map((line, index) => entryReply(line, index + 1, note)),
    customer,
    formatted_credits_remaining: grouped(remaining, currency),
    formatted_credit_note_date: monthFirst(note.date),
    formatted_created_at: monthFirst(note.createdAt.toISOString().slice(0, 10)),
    formatted_amount: grouped(total, currency),
    formatted_credits_used: grouped(total.minus(remaining), currency),
    formatted_subtotal: grouped(total, currency),
    discount_amount_formatted: '',
    discount_amount_local_formatted: '',
    discount_percentage_formatted: '',
    adjustment_formatted: '',
    adjustment_local_formatted: '',
    total_formatted: withSign(total, currency),
    total_local_formatted: withSign(roundToCurrency(total.times(note.exchangeRate), baseCurrency), baseCurrency),
  };
}

function entryReply({ line, account }: LineWithAccount, index: number, note: WholeRow<CreditNote>): Static<typeof EntryReply> {
  const amount = jsonNumber(line.amount);
  return {
    id: line.id,
    index,
    description: line.description || null,
    discount: null,
    quantity: 1,
    rate: amount,
    item: { name: line.description || account.name, sell_account_id: account.id, ...forEach(UNKNOWN_OF_ITEM, null) },
    amount,
    subtotal: amount,
    total: amount,
    reference_type: 'CreditNote',
    reference_id: String(note.id),
    item_id: null,
    discount_type: 'percentage',
    sell_account_id: account.id,
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
    rate_formatted: grouped(line.amount, note.currencyCode),
    total_formatted: grouped(line.amount, note.currencyCode),
  };
}
