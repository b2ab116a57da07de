import { AccountType, normalBalance, Side } from '../entities/account-type.js';
import { type Big, formatAmount, isCurrency, ONE, roundToCurrency, ZERO } from '../values/money.js';
import type { TheirAccount, TheirCreditNote, TheirRefund } from './bigcapital-records.js';

/** What an account holds from all documents that are not taken over. It opens the account here. */
export interface OpeningBalance {
  readonly account: TheirAccount;
  /** In the base currency: a debit, or a credit if negative. */
  readonly amount: Big;
}

interface Problem {
  readonly what: string;
  readonly why: string;
}

/**
 * Bigcapital's balances without what the taken documents have posted there, as Bigcapital posts them: what its other documents have left, such as
 * invoices and bills. They open the accounts here.
 */
export class TheirLedger {
  /** What the taken documents have posted in Bigcapital: debits, or credits if negative, in the currency of the account. */
  private readonly posted = new Map<number, Big>();
  private readonly byId: ReadonlyMap<number | null, TheirAccount>;
  private readonly receivable: TheirAccount | undefined;
  private readonly discount: TheirAccount | undefined;
  private readonly otherCharges: TheirAccount | undefined;

  constructor(
    private readonly accounts: readonly TheirAccount[],
    private readonly baseCurrency: string,
  ) {
    this.byId = new Map(accounts.map((account) => [account.id, account]));
    const bySlug = (name: string) => accounts.find(({ slug }) => slug === name);
    this.receivable = bySlug('accounts-receivable');
    this.discount = bySlug('discount');
    this.otherCharges = bySlug('other-charges');
  }

  /** Counts a document that is taken over. Bigcapital converts a credit note at its rate, and the refund of a foreign one not at all. */
  post(note: TheirCreditNote, refunds: readonly TheirRefund[]): void {
    if (!note.isDraft) {
      const rate = note.exchangeRate ?? ONE;
      this.debit(this.receivableIn(note.currencyCode), ZERO.minus(note.total), rate);
      for (const { accountId, amount } of note.lines) this.debit(this.byId.get(accountId), amount, rate);
      this.debit(this.discount, ZERO.minus(note.discount), rate);
      this.debit(this.otherCharges, note.adjustment, rate);
    }
    for (const { fromAccountId, amount, exchangeRate } of refunds) {
      this.add(this.receivable, amount);
      const from = this.byId.get(fromAccountId);
      // It posts the foreign amount as one in the base currency, and divides it by the rate where the account is a foreign one.
      const isForeign = from !== undefined && from.currencyCode !== this.baseCurrency;
      // A rate that has become 0 is one of the differences of the note.
      const rate = exchangeRate === null || exchangeRate.eq(ZERO) ? ONE : exchangeRate;
      this.add(from, ZERO.minus(isForeign ? amount.div(rate) : amount));
    }
  }

  /** Returns the opening balance of each account that has one, and why these cannot open the accounts here, if so. */
  openingBalances(): { readonly balances: readonly OpeningBalance[]; readonly problems: readonly Problem[] } {
    const problems: Problem[] = [];
    const balances = this.accounts.flatMap((account) => {
      const { currencyCode, id } = account;
      const exact = this.debitsOf(account).minus(this.posted.get(id) ?? ZERO);
      const amount = isCurrency(currencyCode) ? roundToCurrency(exact, currencyCode) : exact;
      if (amount.eq(ZERO)) return [];
      if (currencyCode === this.baseCurrency) return { account, amount };
      const why = `its balance of ${amount.toFixed()} ${currencyCode} has no value in ${this.baseCurrency}`;
      problems.push({ what: `balance of account ${id}`, why });
      return [];
    });
    const difference = balances.reduce((sum, { amount }) => sum.plus(amount), ZERO);
    if (!difference.eq(ZERO)) {
      const why = `the ledger does not balance: without the documents that are taken over, debits less credits are ${formatAmount(difference, this.baseCurrency)} ${this.baseCurrency}`;
      problems.push({ what: 'opening entry', why });
    }
    return { balances, problems };
  }

  /** Returns the account's balance as a debit, or as a credit if negative. */
  private debitsOf({ type, balance }: TheirAccount): Big {
    const known = Object.values(AccountType).find((each) => each === type);
    return known !== undefined && normalBalance(known) === Side.CREDIT ? ZERO.minus(balance) : balance;
  }

  /** @param amount in the document's currency */
  private debit(account: TheirAccount | undefined, amount: Big, rate: Big): void {
    const isForeign = account !== undefined && account.currencyCode !== this.baseCurrency;
    this.add(account, isForeign ? amount : amount.times(rate));
  }

  private add(account: TheirAccount | undefined, amount: Big): void {
    if (account !== undefined) this.posted.set(account.id, (this.posted.get(account.id) ?? ZERO).plus(amount));
  }

  /** Bigcapital has a receivable of its own for each currency. */
  private receivableIn(currencyCode: string): TheirAccount | undefined {
    const isBase = currencyCode === this.baseCurrency;
    return isBase
      ? this.receivable
      : this.accounts.find((account) => account.type === AccountType.ACCOUNTS_RECEIVABLE && account.currencyCode === currencyCode);
  }
}
