import { type Static, Type } from '@sinclair/typebox';
import type { Account } from '../entities/account.js';
import { AccountType, normalBalance, Side } from '../entities/account-type.js';
import type { WholeRow } from '../reads/read-model.js';
import { balanceOf, type Turnover } from '../services/ledger/balances.js';
import { ZERO } from '../values/money.js';
import { always, amountText, currencyCode, flag, id, nothing, numberOrNull, oneOf, text, time, yesNo } from './fields.js';
import { grouped, jsonNumber } from './formats.js';

/** An account as it stands in a refund. Fields of features that the gateway lacks are null, or what the legacy server has by default. */
export const AccountReply = Type.Object({
  id,
  name: text,
  slug: text,
  code: text,
  description: always(''),
  active: flag,
  index: nothing,
  predefined: flag,
  amount: { ...numberOrNull, description: 'The balance in the base currency; null if nothing was posted to the account' },
  account_type: oneOf(Object.values(AccountType)),
  parent_account_id: nothing,
  currency_code: currencyCode,
  seeded_at: nothing,
  created_at: time,
  updated_at: nothing,
  plaid_account_id: nothing,
  account_mask: nothing,
  bank_balance: nothing,
  uncategorized_transactions: always(0),
  is_system_account: flag,
  is_feeds_active: always(0),
  is_syncing_owner: always(0),
  last_feeds_updated_at: nothing,
  plaid_item_id: nothing,
  account_type_label: text,
  account_parent_type: text,
  account_root_type: oneOf(['asset', 'liability', 'equity', 'income', 'expense']),
  account_normal: oneOf(['debit', 'credit']),
  account_normal_formatted: oneOf(['Debit', 'Credit']),
  is_balance_sheet_account: yesNo,
  is_p_l_sheet: yesNo,
});

/** An account as lists have it, and by itself. */
export const AccountItem = Type.Object({
  ...AccountReply.properties,
  formatted_amount: amountText,
  flatten_name: text,
  bank_balance_formatted: always('0.00'),
  last_feeds_updated_at_formatted: always(''),
  is_feeds_paused: always(false),
});

type RootType = Static<typeof AccountReply>['account_root_type'];

/** The label of each type, its parent and its root. */
const TYPES: Readonly<Record<AccountType, readonly [label: string, parent: string, root: RootType]>> = {
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

/** The types whose accounts can be in another currency than the books, in the legacy API's list of types. */
const MULTI_CURRENCY: ReadonlySet<AccountType> = new Set([AccountType.CASH, AccountType.BANK, AccountType.CREDIT_CARD]);

export const AccountTypeReply = Type.Object({
  label: text,
  key: oneOf(Object.values(AccountType)),
  normal: oneOf(['debit', 'credit']),
  parent_type: text,
  root_type: AccountReply.properties.account_root_type,
  multi_currency: Type.Optional(always(true)),
  balance_sheet: yesNo,
  income_sheet: yesNo,
});

export function accountTypeReplies(): Static<typeof AccountTypeReply>[] {
  return Object.values(AccountType).map((key) => {
    const [label, parent, root] = TYPES[key];
    return {
      label,
      key,
      normal: normalBalance(key) === Side.DEBIT ? 'debit' : 'credit',
      root_type: root,
      parent_type: parent,
      ...(MULTI_CURRENCY.has(key) && { multi_currency: true }),
      balance_sheet: !isProfitOrLoss(root),
      income_sheet: isProfitOrLoss(root),
    };
  });
}

function isProfitOrLoss(root: RootType): boolean {
  return root === 'income' || root === 'expense';
}

/** Returns an account as it stands in a refund. The amount is the balance in the base currency; null if nothing was posted to the account. */
export function accountReply(account: WholeRow<Account>, turnover: Turnover): Static<typeof AccountReply> {
  const [label, parent, root] = TYPES[account.type];
  const isDebit = normalBalance(account.type) === Side.DEBIT;
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
    amount: turnover.debits.eq(ZERO) && turnover.credits.eq(ZERO) ? null : jsonNumber(balanceOf(account.type, turnover)),
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
    is_balance_sheet_account: !isProfitOrLoss(root),
    is_p_l_sheet: isProfitOrLoss(root),
  };
}

/** Returns an account as lists have it, and by itself. */
export function accountItem(account: WholeRow<Account>, turnover: Turnover, baseCurrency: string): Static<typeof AccountItem> {
  return {
    ...accountReply(account, turnover),
    formatted_amount: grouped(balanceOf(account.type, turnover), baseCurrency),
    flatten_name: account.name,
    bank_balance_formatted: '0.00',
    last_feeds_updated_at_formatted: '',
    is_feeds_paused: false,
  };
}
