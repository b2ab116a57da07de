import { registerEnumType } from 'type-graphql';

/** The kinds of account; the values are Bigcapital's keys. */
export enum AccountType {
  CASH = 'cash',
  BANK = 'bank',
  ACCOUNTS_RECEIVABLE = 'accounts-receivable',
  INVENTORY = 'inventory',
  OTHER_CURRENT_ASSET = 'other-current-asset',
  FIXED_ASSET = 'fixed-asset',
  NONE_CURRENT_ASSET = 'none-current-asset',
  ACCOUNTS_PAYABLE = 'accounts-payable',
  CREDIT_CARD = 'credit-card',
  TAX_PAYABLE = 'tax-payable',
  OTHER_CURRENT_LIABILITY = 'other-current-liability',
  LONG_TERM_LIABILITY = 'long-term-liability',
  NON_CURRENT_LIABILITY = 'non-current-liability',
  EQUITY = 'equity',
  INCOME = 'income',
  OTHER_INCOME = 'other-income',
  COST_OF_GOODS_SOLD = 'cost-of-goods-sold',
  EXPENSE = 'expense',
  OTHER_EXPENSE = 'other-expense',
}

registerEnumType(AccountType, {
  name: 'AccountType',
  description: 'The kind of an account. It determines the normal balance and the allowed uses of the account.',
});

/** Types of account that can pay a refund: the same as in Bigcapital's refund form. */
export const REFUNDABLE_FROM: readonly AccountType[] = [AccountType.BANK, AccountType.CASH, AccountType.FIXED_ASSET];

/** Types of account that a credit note's line can debit. */
export const INCOME_TYPES: readonly AccountType[] = [AccountType.INCOME, AccountType.OTHER_INCOME];

/** Types with a debit as their normal balance. All others have a credit. */
const DEBIT_TYPES: ReadonlySet<AccountType> = new Set([
  AccountType.CASH,
  AccountType.BANK,
  AccountType.ACCOUNTS_RECEIVABLE,
  AccountType.INVENTORY,
  AccountType.OTHER_CURRENT_ASSET,
  AccountType.FIXED_ASSET,
  AccountType.NONE_CURRENT_ASSET,
  AccountType.COST_OF_GOODS_SOLD,
  AccountType.EXPENSE,
  AccountType.OTHER_EXPENSE,
]);

export enum Side {
  DEBIT = 'DEBIT',
  CREDIT = 'CREDIT',
}

registerEnumType(Side, { name: 'Side', description: 'The side of a journal line; amounts stay positive.' });

/** Returns the side on which an account of this type grows. */
export function normalBalance(type: AccountType): Side {
  return DEBIT_TYPES.has(type) ? Side.DEBIT : Side.CREDIT;
}
