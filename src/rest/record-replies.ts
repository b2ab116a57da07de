import type { Account } from '../entities/account.js';
import { AccountType, normalBalance, Side } from '../entities/account-type.js';
import type { Branch } from '../entities/branch.js';
import type { Customer } from '../entities/customer.js';
import type { WholeRow } from '../reads/read-model.js';
import type { Turnover } from '../services/ledger/balances.js';
import { ZERO } from '../values/money.js';
import { grouped, jsonNumber } from './formats.js';

/** Records in the shapes of the legacy API. Fields of features that the gateway lacks are null, or what the legacy server has by default. */

/** The label of each type, its parent and its root. */
const TYPES: Readonly<Record<AccountType, readonly [label: string, parent: string, root: string]>> = {
  [AccountType.CASH]: ['Cash', 'current-asset', 'asset'],
  [AccountType.BANK]: ['Bank', 'current-asset', 'asset'],
  [AccountType.ACCOUNTS_RECEIVABLE]: ['Accounts Receivable', 'current-asset', 'asset'],
  [AccountType.INVENTORY]: ['Inventory', 'current-asset', 'asset'],
  [AccountType.OTHER_CURRENT_ASSET]: ['Other Current Asset', 'current-asset', 'asset'],
  [AccountType.FIXED_ASSET]: ['Fixed Asset', 'fixed-asset', 'asset'],
  [AccountType.NONE_CURRENT_ASSET]: ['Non-Current Asset', 'fixed-asset', 'asset'],
  [AccountType.ACCOUNTS_PAYABLE]: ['Accounts Payable', 'current-liability', 'liability'],
  [AccountType.CREDIT_CARD]: ['Credit Card', 'current-liability', 'liability'],
  [AccountType.TAX_PAYABLE]: ['Tax Payable', 'current-liability', 'liability'],
  [AccountType.OTHER_CURRENT_LIABILITY]: ['Other Current Liability', 'current-liability', 'liability'],
  [AccountType.LONG_TERM_LIABILITY]: ['Long Term Liability', 'long-term-liability', 'liability'],
  [AccountType.NON_CURRENT_LIABILITY]: ['Non-Current Liability', 'long-term-liability', 'liability'],
  [AccountType.EQUITY]: ['Equity', 'equity', 'equity'],
  [AccountType.INCOME]: ['Income', 'income', 'income'],
  [AccountType.OTHER_INCOME]: ['Other Income', 'income', 'income'],
  [AccountType.COST_OF_GOODS_SOLD]: ['Cost of Goods Sold', 'expense', 'expense'],
  [AccountType.EXPENSE]: ['Expense', 'expense', 'expense'],
  [AccountType.OTHER_EXPENSE]: ['Other Expense', 'expense', 'expense'],
};

/** Returns an account as it stands in a refund. The amount is the balance in the base currency; null if nothing was posted to the account. */
export function accountReply(account: WholeRow<Account>, { debits, credits }: Turnover) {
  const [label, parent, root] = TYPES[account.type];
  const isDebit = normalBalance(account.type) === Side.DEBIT;
  const balance = isDebit ? debits.minus(credits) : credits.minus(debits);
  const isProfitOrLoss = root === 'income' || root === 'expense';
  const isSystem = account.systemRole === null ? 0 : 1;
  return {
    id: account.id,
    name: account.name,
    slug: account.name
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== '')
      .join('-'),
    code: account.code,
    description: '',
    active: account.active ? 1 : 0,
    index: null,
    predefined: isSystem,
    amount: debits.eq(ZERO) && credits.eq(ZERO) ? null : jsonNumber(balance),
    account_type: account.type,
    parent_account_id: null,
    currency_code: account.currencyCode,
    seeded_at: null,
    created_at: account.createdAt.toISOString(),
    updated_at: null,
    plaid_account_id: null,
    account_mask: null,
    bank_balance: null,
    uncategorized_transactions: 0,
    is_system_account: isSystem,
    is_feeds_active: 0,
    is_syncing_owner: 0,
    last_feeds_updated_at: null,
    plaid_item_id: null,
    account_type_label: label,
    account_parent_type: parent,
    account_root_type: root,
    account_normal: isDebit ? 'debit' : 'credit',
    account_normal_formatted: isDebit ? 'Debit' : 'Credit',
    is_balance_sheet_account: !isProfitOrLoss,
    is_p_l_sheet: isProfitOrLoss,
  };
}

/** Returns an account as lists have it, and by itself. */
export function accountItem(account: WholeRow<Account>, turnover: Turnover, baseCurrency: string) {
  const reply = accountReply(account, turnover);
  const { debits, credits } = turnover;
  const balance = reply.account_normal === 'debit' ? debits.minus(credits) : credits.minus(debits);
  return {
    ...reply,
    formatted_amount: grouped(balance, baseCurrency),
    flatten_name: account.name,
    bank_balance_formatted: '0.00',
    last_feeds_updated_at_formatted: '',
    is_feeds_paused: false,
  };
}

export function branchReply(branch: WholeRow<Branch>) {
  const { id, name, code, isPrimary, createdAt } = branch;
  const unknown = { address: null, city: null, country: null, phone_number: null, email: null, website: null };
  return { id, name, code, ...unknown, primary: isPrimary ? 1 : 0, created_at: createdAt.toISOString(), updated_at: null };
}

/** Returns a customer as it stands in a credit note. The balance is in the base currency, negative if the customer has credit. */
export function customerReply({ id, displayName, email, currencyCode, createdAt }: WholeRow<Customer>, turnover: Turnover) {
  const balance = jsonNumber(turnover.debits.minus(turnover.credits));
  return {
    id,
    balance,
    salutation: null,
    email,
    website: null,
    note: null,
    active: 1,
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
    ...ADDRESSES,
    created_at: createdAt.toISOString(),
    updated_at: null,
    local_opening_balance: 0,
    closing_balance: balance,
    contact_normal: 'debit',
  };
}

/** Returns a customer as lists have it, and by itself. */
export function customerItem(customer: WholeRow<Customer>, turnover: Turnover, baseCurrency: string) {
  return {
    ...customerReply(customer, turnover),
    formatted_balance: grouped(turnover.debits.minus(turnover.credits), baseCurrency),
    formatted_opening_balance: '0.00',
    formatted_opening_balance_at: '',
    customer_type: 'business',
    formatted_customer_type: 'Business',
  };
}

const ADDRESS_FIELDS = [
  'address1',
  'address2',
  'address_city',
  'address_country',
  'address_email',
  'address_postcode',
  'address_phone',
  'address_state',
];
const ADDRESSES: Readonly<Record<string, null>> = Object.fromEntries(
  ['billing', 'shipping'].flatMap((kind) => ADDRESS_FIELDS.map((field) => [`${kind}_${field}`, null])),
);
