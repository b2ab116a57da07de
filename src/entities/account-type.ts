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
  valuesConfig: {
    CASH: { description: 'Cash in hand. Refunds can be paid from it.' },
    BANK: { description: 'An account at a bank. Refunds can be paid from it.' },
    ACCOUNTS_RECEIVABLE: { description: 'What customers owe. A credit note lowers it, and a refund raises it again.' },
    INVENTORY: { description: 'Goods in stock.' },
    OTHER_CURRENT_ASSET: { description: 'Any other asset that turns into cash within a year, such as a prepayment.' },
    FIXED_ASSET: {
      description: 'An asset that is used for years, such as a machine. Refunds can be paid from it, as in Bigcapital.',
    },
    NONE_CURRENT_ASSET: { description: 'Any other asset that stays for more than a year, such as a patent.' },
    ACCOUNTS_PAYABLE: { description: 'What the organization owes to its suppliers.' },
    CREDIT_CARD: {
      description:
        'What the organization owes for payments by credit card. Refunds can be paid from it if the organization allows them.',
    },
    TAX_PAYABLE: { description: 'Taxes that the organization has collected or owes. A line of a credit note can debit it.' },
    OTHER_CURRENT_LIABILITY: { description: 'Any other debt that is due within a year.' },
    LONG_TERM_LIABILITY: { description: 'A loan that is due after more than a year.' },
    NON_CURRENT_LIABILITY: { description: 'Any other debt that is due after more than a year.' },
    EQUITY: { description: "The owners' share: capital and retained earnings." },
    INCOME: { description: 'Sales. Opening a credit note debits the accounts of its lines.' },
    OTHER_INCOME: { description: 'Income beside sales, such as interest. A line of a credit note can debit it.' },
    COST_OF_GOODS_SOLD: { description: 'What the sold goods have cost.' },
    EXPENSE: { description: 'Running costs, such as rent.' },
    OTHER_EXPENSE: { description: 'Expenses beside the running business, such as exchange losses.' },
  },
});

/** Types of account that can pay a refund in each organization: the same as in Bigcapital's refund form. */
export const REFUNDABLE_FROM: readonly AccountType[] = [AccountType.BANK, AccountType.CASH, AccountType.FIXED_ASSET];

/** Types of account that a credit note's line can post to. */
export const LINE_TYPES: readonly AccountType[] = [AccountType.INCOME, AccountType.OTHER_INCOME, AccountType.TAX_PAYABLE];

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

registerEnumType(Side, {
  name: 'Side',
  description: 'The side of a journal line; amounts stay positive.',
  valuesConfig: {
    DEBIT: { description: 'The left side. Assets and expenses grow on it.' },
    CREDIT: { description: 'The right side. Liabilities, equity and income grow on it.' },
  },
});

/** Returns the side on which an account of this type grows. */
export function normalBalance(type: AccountType): Side {
  return DEBIT_TYPES.has(type) ? Side.DEBIT : Side.CREDIT;
}
