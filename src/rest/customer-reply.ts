import { type Static, Type } from '@sinclair/typebox';
import type { Customer } from '../entities/customer.js';
import type { WholeRow } from '../reads/read-model.js';
import type { Turnover } from '../services/ledger/balances.js';
import { always, amountText, currencyCode, flag, forEach, id, nothing, number, text, textOrNull, time } from './fields.js';
import { grouped, jsonNumber } from './formats.js';

const ADDRESS_FIELDS = [
  'billing_address1',
  'billing_address2',
  'billing_address_city',
  'billing_address_country',
  'billing_address_email',
  'billing_address_postcode',
  'billing_address_phone',
  'billing_address_state',
  'shipping_address1',
  'shipping_address2',
  'shipping_address_city',
  'shipping_address_country',
  'shipping_address_email',
  'shipping_address_postcode',
  'shipping_address_phone',
  'shipping_address_state',
] as const;

/** A customer as it stands in a credit note. Fields of features that the gateway lacks are null, or what the legacy server has by default. */
export const CustomerReply = Type.Object({
  id,
  balance: { ...number, description: 'In the base currency; negative if the customer has credit' },
  salutation: nothing,
  email: textOrNull,
  website: nothing,
  note: nothing,
  active: flag,
  contact_service: always('customer'),
  contact_type: always('business'),
  currency_code: currencyCode,
  opening_balance: always(0),
  opening_balance_at: nothing,
  opening_balance_exchange_rate: always(1),
  opening_balance_branch_id: nothing,
  first_name: nothing,
  last_name: nothing,
  company_name: nothing,
  display_name: text,
  work_phone: nothing,
  personal_phone: nothing,
  ...forEach(ADDRESS_FIELDS, nothing),
  created_at: time,
  updated_at: nothing,
  local_opening_balance: always(0),
  closing_balance: number,
  contact_normal: always('debit'),
});

/** A customer as lists have it, and by itself. */
export const CustomerItem = Type.Object({
  ...CustomerReply.properties,
  formatted_balance: amountText,
  formatted_opening_balance: always('0.00'),
  formatted_opening_balance_at: always(''),
  customer_type: always('business'),
  formatted_customer_type: always('Business'),
});

/** Returns a customer as it stands in a credit note. The balance is in the base currency, negative if the customer has credit. */
export function customerReply(
  { id, displayName, email, currencyCode, active, createdAt }: WholeRow<Customer>,
  turnover: Turnover,
): Static<typeof CustomerReply> {
  const balance = jsonNumber(turnover.debits.minus(turnover.credits));
  return {
    id,
    balance,
    salutation: null,
    email,
    website: null,
    note: null,
    active: active ? 1 : 0,
    contact_service: 'customer',
    contact_type: 'business',
    currency_code: currencyCode,
    opening_balance: 0,
    opening_balance_at: null,
    opening_balance_exchange_rate: 1,
    opening_balance_branch_id: null,
    first_name: null,
    last_name: null,
    company_name: null,
    display_name: displayName,
    work_phone: null,
    personal_phone: null,
    ...forEach(ADDRESS_FIELDS, null),
    created_at: createdAt.toISOString(),
    updated_at: null,
    local_opening_balance: 0,
    closing_balance: balance,
    contact_normal: 'debit',
  };
}

/** Returns a customer as lists have it, and by itself. */
export function customerItem(customer: WholeRow<Customer>, turnover: Turnover, baseCurrency: string): Static<typeof CustomerItem> {
  return {
    ...customerReply(customer, turnover),
    formatted_balance: grouped(turnover.debits.minus(turnover.credits), baseCurrency),
    formatted_opening_balance: '0.00',
    formatted_opening_balance_at: '',
    customer_type: 'business',
    formatted_customer_type: 'Business',
  };
}
