import { Collection, type Opt, OptionalProps, type Rel } from '@mikro-orm/core';
import { Entity, OneToMany, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { Refusals } from '../domain-error.js';
import {
  AmountNotPositive,
  CreditNoteAlreadyOpened,
  CreditNoteChanged,
  CreditNoteHasNoRemainingAmount,
  CreditNoteHasRefunds,
  CreditNoteIsVoid,
  ExchangeRateInvalid,
  ExchangeRateUnusual,
  PaidAmountInvalid,
} from '../errors.js';
import {
  Big,
  exactAmount,
  exchangeRateOf,
  formatAmount,
  ONE,
  roundToCurrency,
  shareOf,
  smallestUnit,
  ZERO,
} from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import type { Account } from './account.js';
import { Side } from './account-type.js';
import { assertAmount, assertExchangeRate, assertLineAmount, hasRateDigits } from './amount-rules.js';
import { Branch } from './branch.js';
import { DecimalColumn } from './columns.js';
import { CreditNoteLine, type LineTerms } from './credit-note-line.js';
import { assertNotBefore, assertOpened, assertSomethingRemains, type CreditNoteStatus, remainingOf } from './credit-note-state.js';
import { Customer } from './customer.js';
import { JournalEntry, type Posting } from './journal-entry.js';
import type { Organization } from './organization.js';
import { Owned, RefersTo } from './owned.js';

export interface CreditNoteTerms {
  readonly number: string;
  readonly customer: Customer;
  readonly branch: Branch;
  readonly date: PostingDate;
  readonly currencyCode: string;
  readonly exchangeRate: Big;
  readonly lines: readonly LineTerms[];
  readonly referenceNo: string;
  readonly note: string;
  readonly createdBy: string;
}

/** What an edit of a draft may change. */
export type DraftTerms = Omit<CreditNoteTerms, 'createdBy'>;

/** How a refund is converted to the base currency: by one of the two, or by neither if the note is in the base currency. */
export interface Conversion {
  /** Units of the base currency per unit of the credit note's currency. */
  readonly exchangeRate?: Big | null | undefined;
  /** The amount on the bank statement, in the base currency. */
  readonly paidAmount?: Big | null | undefined;
}

/** The largest ratio between the refund's and the note's exchange rates, either way, that needs no `allowUnusualRate`. */
const UNUSUAL_FACTOR = 2;

/** The exchange rate of a refund, and the amount that leaves the account. */
export interface Payment {
  readonly exchangeRate: Big;
  /**
   * The amount that leaves a from-account in the base currency. `null` for a from-account in the note's currency: that pays the refund's
   * amount, and the value of this in the base currency is derived, so that no rounding difference remains.
   */
  readonly paidInBase: Big | null;
}

/** The amounts that a refund posts. The difference that is left between the base amounts is posted as rounding. */
export interface Settlement {
  /** In the credit note's currency. */
  readonly amount: Big;
  readonly exchangeRate: Big;
  /** The receivable's part at the note's rate, in the base currency. */
  readonly settledAmount: Big;
  /** The from-account's part, in the base currency. */
  readonly paidAmount: Big;
  /** Realized FX gain, or loss if negative, in the base currency. */
  readonly realizedGain: Big;
}

/** The amounts that a cancellation posts. */
export interface Cancelled {
  /** In the credit note's currency. */
  readonly amount: Big;
  /** The receivable's part at the note's rate, in the base currency. */
  readonly baseAmount: Big;
  readonly lines: readonly Posting[];
}

/** Marks a column as generated, so that MikroORM never writes it. */
const BY_TRIGGERS = 'by triggers';

@ObjectType({ description: 'The document that lowers what a customer owes. An open one can be refunded.' })
@Entity({ tableName: 'credit_notes' })
export class CreditNote extends Owned {
  [OptionalProps]?: 'remaining' | 'totalBase';

  @Field(() => String, { description: 'Number of the document, unique in the organization.' })
  @Property({ type: 'text' })
  number: string;

  @RefersTo(() => Customer)
  customer: Rel<Customer>;

  @RefersTo(() => Branch)
  branch: Rel<Branch>;

  @Field(() => PostingDateScalar, { description: 'Date of the document, which is also the posting date of its journal entry.' })
  @Property({ type: 'date' })
  date: PostingDate;

  @Field(() => String, { description: "ISO 4217 code of the currency of the note's amounts." })
  @Property({ type: 'text' })
  currencyCode: string;

  @Field(() => DecimalScalar, { description: "Units of the base currency per unit of the note's currency." })
  @Property({ type: DecimalColumn })
  exchangeRate: Big;

  @Property({ type: DecimalColumn })
  total: Big;

  /** Triggers on refunds and reversals write this column and the next. The entity computes them too, for later refunds in its transaction. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  refunded: Big & Opt = ZERO;

  /** Sum of the refunds' settled amounts, in the base currency. It is a running total, so that roundings do not add up. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  refundedBase: Big & Opt = ZERO;

  /** Posted realized FX gain of all its refunds, in the base currency. The same triggers write this column and the next. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  realizedGain: Big & Opt = ZERO;

  /** The same without rounding. Each refund posts the difference between this, rounded, and the gain that was posted before. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  unroundedGain: Big & Opt = ZERO;

  @Property({ type: DecimalColumn })
  applied: Big & Opt = ZERO;

  /** Sum of its cancellations, in the note's currency. Triggers on cancellations write this column and the next. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  cancelled: Big & Opt = ZERO;

  /** What its cancellations took off the receivable, in the base currency. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  cancelledBase: Big & Opt = ZERO;

  @Field(() => String, { description: 'Reference of the document.' })
  @Property({ type: 'text' })
  referenceNo: string;

  @Field(() => String, { description: 'Note to the customer.' })
  @Property({ type: 'text' })
  note: string;

  @Field(() => Date, { nullable: true, description: 'Time of the opening; null if the note was never opened.' })
  @Property({ type: 'datetime', nullable: true })
  openedAt: Date | null = null;

  @Field(() => Date, { nullable: true, description: 'Time of the voiding; null if the note is not void.' })
  @Property({ type: 'datetime', nullable: true })
  voidedAt: Date | null = null;

  @RefersTo(() => JournalEntry, { nullable: true })
  journalEntry: Rel<JournalEntry> | null = null;

  @RefersTo(() => JournalEntry, { nullable: true })
  voidEntry: Rel<JournalEntry> | null = null;

  /** The status as the database computes it, for filters. {@link statusOf} knows it before the note is stored. */
  @Property({ type: 'text', fieldName: 'status', generated: BY_TRIGGERS })
  storedStatus!: CreditNoteStatus & Opt;

  @Field(() => String, { description: 'Name of the user or of the API key that recorded the note; Bigcapital if it was imported.' })
  @Property({ type: 'text' })
  createdBy: string;

  /** Whether an import has taken the note over from another system. */
  @Property({ type: 'boolean' })
  imported: boolean & Opt = false;

  @OneToMany(
    () => CreditNoteLine,
    (line) => line.creditNote,
  )
  lines: Collection<CreditNoteLine>;

  /**
   * @throws {ExchangeRateInvalid}
   * @throws {AmountNotPositive}
   * @throws {AmountPrecision}
   * @throws {AmountTooLarge}
   */
  constructor(organization: Organization, terms: CreditNoteTerms) {
    super();
    this.organization = organization;
    this.number = terms.number;
    this.customer = terms.customer;
    this.branch = terms.branch;
    this.date = terms.date;
    this.currencyCode = terms.currencyCode;
    this.exchangeRate = terms.exchangeRate;
    this.referenceNo = terms.referenceNo;
    this.note = terms.note;
    this.createdBy = terms.createdBy;
    this.total = totalOf(organization, terms);
    this.lines = new Collection<CreditNoteLine>(
      this,
      terms.lines.map((line) => new CreditNoteLine(this, line)),
    );
  }

  /** Total − refunded − applied to invoices − cancelled. */
  get remaining(): Big {
    return remainingOf(this);
  }

  /** Converts an amount in the note's currency to the base currency, at the note's own rate. */
  private booked(amount: Big): Big {
    const { baseCurrency } = this.organization;
    return roundToCurrency(this.currencyCode === baseCurrency ? amount : amount.times(this.exchangeRate), baseCurrency);
  }

  /** The total in the base currency at the note's own rate. */
  get totalBase(): Big {
    return this.booked(this.total);
  }

  /** Returns the amount with its currency; `undefined` if that is the base currency. */
  inForeign(amount: Big): { amount: Big; currencyCode: string } | undefined {
    return this.currencyCode === this.organization.baseCurrency ? undefined : { amount, currencyCode: this.currencyCode };
  }

  /**
   * Returns the lines as the note's entry posts them: a line debits its account, a negative one credits it. Each is the difference of two
   * rounded running totals, so that they add up to the total in the base currency, too.
   */
  postedLines(): Posting[] {
    let before = ZERO;
    return this.lines.getItems().map(({ account, amount }) => {
      const after = before.plus(amount);
      const booked = this.booked(after).minus(this.booked(before)).abs();
      before = after;
      const side = amount.gt(ZERO) ? Side.DEBIT : Side.CREDIT;
      return { side, account, amount: booked, foreign: this.inForeign(amount.abs()), branch: this.branch };
    });
  }

  /**
   * Checks that the note may be opened or edited.
   *
   * @throws {CreditNoteAlreadyOpened}
   * @throws {CreditNoteIsVoid}
   */
  assertDraft(field = 'id'): void {
    if (this.voidedAt !== null) throw new CreditNoteIsVoid(this.number, field);
    if (this.openedAt !== null) throw new CreditNoteAlreadyOpened(this.number, field);
  }

  /**
   * Changes a draft. Its lines are those of the terms, which are rows of the note already or become rows of it later.
   *
   * @throws {ExchangeRateInvalid}
   * @throws {AmountNotPositive}
   * @throws {AmountPrecision}
   * @throws {AmountTooLarge}
   */
  edit({ lines, ...terms }: DraftTerms): void {
    this.assertDraft('creditNoteId');
    this.total = totalOf(this.organization, { lines, ...terms });
    Object.assign(this, terms);
  }

  /** Opens the draft with its journal entry. */
  open(entry: JournalEntry): void {
    this.assertDraft();
    this.openedAt = this.organization.now;
    this.journalEntry = entry;
  }

  /**
   * @throws {CreditNoteIsDraft}
   * @throws {CreditNoteIsVoid}
   */
  assertOpened(): void {
    assertOpened(this);
  }

  /** @throws {CreditNoteChanged} if the remaining credit differs from the caller's expectation */
  assertRemaining(expected: readonly Big[]): void {
    if (expected.some((amount) => amount.eq(this.remaining))) return;
    const { number, currencyCode, remaining } = this;
    const amounts = expected.map((amount) => exactAmount(amount, currencyCode)).join(' or ');
    throw new CreditNoteChanged(number, amounts, formatAmount(remaining, currencyCode), currencyCode);
  }

  /** @throws {DateBeforeCreditNote} */
  assertNotBefore(date: PostingDate): void {
    assertNotBefore(this, date);
  }

  /**
   * Checks that a refund of the amount is allowed.
   *
   * @param amount in the note's currency
   * @throws {CreditNoteIsDraft}
   * @throws {CreditNoteIsVoid}
   * @throws {AmountNotPositive}
   * @throws {AmountPrecision}
   * @throws {CreditNoteHasNoRemainingAmount}
   */
  assertRefundable(amount: Big): void {
    this.assertOpened();
    assertAmount(amount, this.currencyCode, 'amount');
    if (amount.gt(this.remaining)) {
      const { number, remaining, currencyCode } = this;
      throw new CreditNoteHasNoRemainingAmount(
        number,
        formatAmount(amount, currencyCode),
        formatAmount(remaining, currencyCode),
        currencyCode,
      );
    }
  }

  /**
   * Returns the payment of a refund from the account. The exchange rate is the given one, or follows from the paid amount.
   *
   * @param amount of the refund, in the note's currency
   * @throws {ExchangeRateInvalid}
   * @throws {PaidAmountInvalid}
   * @throws {AmountNotPositive} for the paid amount, as are {AmountPrecision} and {AmountTooLarge}
   */
  payment(amount: Big, fromAccount: Account, { exchangeRate, paidAmount }: Conversion): Payment {
    const { baseCurrency } = this.organization;
    const isInBase = fromAccount.currencyCode === baseCurrency;
    if (paidAmount) {
      this.assertPaidAmount(paidAmount, amount, fromAccount);
      // If the note's own rate leads to the paid amount, the rate is the same.
      const rate = paidAmount.eq(this.booked(amount)) ? this.exchangeRate : exchangeRateOf(paidAmount, amount);
      if (!hasRateDigits(rate)) {
        const reason = 'The exchange rate that follows from paidAmount has too many digits';
        throw new PaidAmountInvalid(reason, formatAmount(paidAmount, baseCurrency));
      }
      return { exchangeRate: rate, paidInBase: paidAmount };
    }
    const rate = exchangeRate ?? this.onlyRate();
    assertExchangeRate(rate, this.currencyCode, baseCurrency);
    return { exchangeRate: rate, paidInBase: isInBase ? roundToCurrency(amount.times(rate), baseCurrency) : null };
  }

  /** Returns the one rate that a refund in the base currency can have; another currency has no default. */
  private onlyRate(): Big {
    if (this.currencyCode === this.organization.baseCurrency) return ONE;
    throw new ExchangeRateInvalid(`exchangeRate is required: the credit note is in ${this.currencyCode}`);
  }

  /**
   * Refuses a rate that differs from the note's by more than {@link UNUSUAL_FACTOR} times, either way: a typing error is more likely than
   * a crash of a currency. A paid amount may differ by its smallest unit: for a small amount the rounding alone changes the rate.
   *
   * @throws {ExchangeRateUnusual}
   */
  assertUsualRate(amount: Big, exchangeRate: Big, { paidAmount }: Conversion): void {
    if (exchangeRate.eq(this.exchangeRate)) return;
    const factor = Big(String(UNUSUAL_FACTOR));
    if (exchangeRate.lte(this.exchangeRate.times(factor)) && this.exchangeRate.lte(exchangeRate.times(factor))) return;
    const unit = smallestUnit(this.organization.baseCurrency);
    if (paidAmount?.minus(this.booked(amount)).abs().lte(unit)) return;
    throw new ExchangeRateUnusual(paidAmount ? 'paidAmount' : 'exchangeRate', exchangeRate, this.exchangeRate, UNUSUAL_FACTOR);
  }

  private assertPaidAmount(paidAmount: Big, amount: Big, { name, currencyCode }: Account): void {
    const { baseCurrency } = this.organization;
    assertAmount(paidAmount, baseCurrency, 'paidAmount');
    if (currencyCode !== baseCurrency) {
      const reason = `Account ${name} is held in ${currencyCode} and pays the amount itself; send exchangeRate in place of paidAmount`;
      throw new PaidAmountInvalid(reason, formatAmount(paidAmount, baseCurrency));
    }
    if (this.currencyCode === baseCurrency && !paidAmount.eq(amount)) {
      const reason = `paidAmount must be the amount: the credit note is in the base currency, ${baseCurrency}`;
      throw new PaidAmountInvalid(reason, formatAmount(paidAmount, baseCurrency));
    }
  }

  /**
   * Subtracts a refund from the remaining credit, and returns the amounts to post. It throws the errors of {@link assertRefundable}. The
   * caller must hold the row's lock, which makes check-then-spend one step.
   *
   * @param amount in the note's currency
   * @example const settlement = creditNote.refund(amount, creditNote.payment(amount, fromAccount, { exchangeRate }));
   */
  refund(amount: Big, { exchangeRate, paidInBase }: Payment): Settlement {
    this.assertRefundable(amount);
    const refunded = this.refunded.plus(amount);
    // A refund is the difference of two rounded running totals, so that the last one leaves exactly zero.
    const due = this.booked(this.applied.plus(this.cancelled).plus(refunded))
      .minus(this.booked(this.applied))
      .minus(this.cancelledBase)
      .minus(this.refundedBase);
    const settledAmount = due.lt(ZERO) ? ZERO : due;
    const isUnchanged = exchangeRate.eq(this.exchangeRate);
    const unroundedGain = isUnchanged ? this.unroundedGain : this.unroundedGain.plus(this.gainOf(amount, exchangeRate));
    // The same holds for the gain. An unchanged rate has none, even if reversals have left a difference of earlier roundings.
    const step = isUnchanged ? ZERO : roundToCurrency(unroundedGain, this.organization.baseCurrency).minus(this.realizedGain);
    // The paid amount must not become negative.
    const realizedGain = paidInBase === null && step.gt(settledAmount) ? settledAmount : step;
    this.refunded = refunded;
    this.refundedBase = this.refundedBase.plus(settledAmount);
    this.unroundedGain = unroundedGain;
    this.realizedGain = this.realizedGain.plus(realizedGain);
    return { amount, exchangeRate, settledAmount, paidAmount: paidInBase ?? settledAmount.minus(realizedGain), realizedGain };
  }

  /** Returns the gain between booked rate and paid rate, not rounded, in the base currency. */
  private gainOf(amount: Big, exchangeRate: Big): Big {
    return amount.times(this.exchangeRate.minus(exchangeRate));
  }

  /** Adds a reversed refund to the remaining credit again. The caller must hold the row's lock. */
  reverseRefund({ amount, exchangeRate, settledAmount, realizedGain }: Settlement): void {
    this.refunded = this.refunded.minus(amount);
    this.refundedBase = this.refundedBase.minus(settledAmount);
    this.unroundedGain = this.unroundedGain.minus(this.gainOf(amount, exchangeRate));
    this.realizedGain = this.realizedGain.minus(realizedGain);
    if (this.refunded.lt(ZERO) || this.refundedBase.lt(ZERO)) {
      throw new Error(`more was reversed of credit note ${this.id} than refunded`);
    }
  }

  /**
   * Cancels the whole remaining credit, and returns the amounts to post. The lines must be loaded. The caller must hold the row's lock.
   *
   * @throws {CreditNoteIsDraft}
   * @throws {CreditNoteIsVoid}
   * @throws {CreditNoteHasNoRemainingAmount}
   */
  cancelRemaining(): Cancelled {
    this.assertOpened();
    assertSomethingRemains(this, 'creditNoteId');
    const amount = this.remaining;
    // The rest of the note's part of the receivable, which is then exactly zero.
    const baseAmount = this.totalBase.minus(this.booked(this.applied)).minus(this.refundedBase).minus(this.cancelledBase);
    const { baseCurrency } = this.organization;
    // A total may be worth nothing in the base currency although its lines are worth something.
    const [part, whole] = this.totalBase.eq(ZERO) ? [amount, this.total] : [baseAmount, this.totalBase];
    let before = ZERO;
    const lines = this.lines.getItems().map((line) => {
      const after = before.plus(line.amount);
      // Each line is the difference of two rounded running totals, in both currencies, so that the lines add up.
      const step = (share: (upTo: Big) => Big) => share(after).minus(share(before)).abs();
      const inNote = step((upTo) => shareOf(amount, upTo, this.total, this.currencyCode));
      const booked = step((upTo) => shareOf(part, this.booked(upTo), whole, baseCurrency));
      before = after;
      return {
        side: line.amount.gt(ZERO) ? Side.CREDIT : Side.DEBIT,
        account: line.account,
        amount: booked,
        foreign: inNote.gt(ZERO) ? this.inForeign(inNote) : undefined,
        branch: this.branch,
      };
    });
    this.cancelled = this.cancelled.plus(amount);
    this.cancelledBase = this.cancelledBase.plus(baseAmount);
    return { amount, baseAmount, lines };
  }

  /**
   * Checks that the note may be voided.
   *
   * @throws {CreditNoteIsVoid}
   * @throws {CreditNoteHasRefunds} if it has been refunded, applied to invoices or cancelled in part
   */
  assertVoidable(): void {
    if (this.voidedAt !== null) throw new CreditNoteIsVoid(this.number, 'id');
    if (!this.remaining.eq(this.total)) throw new CreditNoteHasRefunds(this.number);
  }

  /**
   * Voids the note.
   *
   * @param entry mirror of its journal entry; `null` for a draft, which has no entry
   */
  void(entry: JournalEntry | null): void {
    this.assertVoidable();
    this.voidedAt = this.organization.now;
    this.voidEntry = entry;
  }
}

/**
 * Checks the exchange rate and the lines, and returns their sum.
 *
 * @throws {ExchangeRateInvalid}
 * @throws {AmountNotPositive}
 * @throws {AmountPrecision}
 * @throws {AmountTooLarge}
 */
function totalOf(organization: Organization, { exchangeRate, currencyCode, lines }: DraftTerms): Big {
  assertExchangeRate(exchangeRate, currencyCode, organization.baseCurrency);
  return sumOf(lines, currencyCode);
}

/**
 * Checks the amounts of lines, and returns their sum, which is the total of their note.
 *
 * @throws {AmountNotPositive} if a line is zero, or if the sum is not positive
 * @throws {AmountPrecision}
 * @throws {AmountTooLarge}
 */
export function sumOf(lines: readonly Pick<LineTerms, 'amount'>[], currencyCode: string): Big {
  const refusals = new Refusals();
  for (const [index, { amount }] of lines.entries()) {
    refusals.check(() => assertLineAmount(amount, currencyCode, `lines.${index}.amount`));
  }
  if (refusals.any) throw refusals.all();
  const total = lines.reduce((sum, { amount }) => sum.plus(amount), ZERO);
  if (total.lte(ZERO)) throw new AmountNotPositive('lines', 'the sum of the lines must be a positive number');
  assertAmount(total, currencyCode, 'lines');
  return total;
}
