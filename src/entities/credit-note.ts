import { Collection, type Opt, OptionalProps, type Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, OneToMany, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import {
  CreditNoteAlreadyOpened,
  CreditNoteChanged,
  CreditNoteHasNoRemainingAmount,
  CreditNoteHasRefunds,
  CreditNoteIsVoid,
  ExchangeRateInvalid,
  ExchangeRateUnusual,
  PaidAmountInvalid,
} from '../errors.js';
import { Big, exchangeRateOf, formatAmount, roundToCurrency, smallestUnit, ZERO } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import type { Account } from './account.js';
import { assertAmount, assertExchangeRate } from './amount-rules.js';
import { Branch } from './branch.js';
import { DecimalColumn } from './columns.js';
import { CreditNoteLine, type LineTerms } from './credit-note-line.js';
import { assertNotBefore, assertOpened, remainingOf } from './credit-note-state.js';
import { Customer } from './customer.js';
import { JournalEntry } from './journal-entry.js';
import type { Organization } from './organization.js';
import { Owned } from './owned.js';

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

/** What a refund costs, in the base currency: one of the two. */
export interface Price {
  /** Units of the base currency per unit of the credit note's currency. */
  readonly exchangeRate?: Big | null | undefined;
  /** What the bank shows. */
  readonly paidAmount?: Big | null | undefined;
}

/** An exchange rate may be so many times the note's, or a part of it, without a word from the caller. */
export const UNUSUAL_FACTOR = 2;

/** How a refund is paid. */
export interface Payment {
  readonly exchangeRate: Big;
  /**
   * What leaves a from-account that is held in the base currency. `null` for one that is held in the note's currency: the amount
   * itself leaves that, and its value in the base currency leaves nothing to round.
   */
  readonly paidInBase: Big | null;
}

/** What a refund posts. The difference that its base amounts leave is rounding. */
export interface Settlement {
  /** In the credit note's currency. */
  readonly amount: Big;
  readonly exchangeRate: Big;
  /** What leaves the receivable at the note's rate, in the base currency. */
  readonly settledAmount: Big;
  /** What leaves the from-account, in the base currency. */
  readonly paidAmount: Big;
  /** Realized FX gain, or loss if negative, in the base currency. */
  readonly realizedGain: Big;
}

/** Tells the ORM never to write a column. */
const BY_TRIGGERS = 'by triggers';

@ObjectType({ description: 'The document that lowers what a customer owes. An open one can be refunded.' })
@Entity({ tableName: 'credit_notes' })
export class CreditNote extends Owned {
  [OptionalProps]?: 'remaining' | 'totalBase';

  @Field(() => String, { description: 'Number of the document, unique in the organization.' })
  @Property({ type: 'text' })
  number: string;

  @ManyToOne(() => Customer)
  customer: Rel<Customer>;

  @ManyToOne(() => Branch)
  branch: Rel<Branch>;

  @Field(() => PostingDateScalar, { description: 'Date of the document, and of its posting once it is open.' })
  @Property({ type: 'date' })
  date: PostingDate;

  @Field(() => String, { description: 'ISO 4217 code of the currency of its amounts.' })
  @Property({ type: 'text' })
  currencyCode: string;

  @Field(() => DecimalScalar, { description: 'Units of the base currency per unit of its currency.' })
  @Property({ type: DecimalColumn })
  exchangeRate: Big;

  @Property({ type: DecimalColumn })
  total: Big;

  /** The triggers on refunds and reversals write this and the next column; here they are computed for what comes after. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  refunded: Big & Opt = ZERO;

  /** What the refunds have taken off the receivable, in the base currency: a running total, so that roundings never add up. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  refundedBase: Big & Opt = ZERO;

  /** Realized FX gain of its refunds, as it was posted. The triggers write this and the next column, too. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  realizedGain: Big & Opt = ZERO;

  /** The same before any rounding: each refund posts the step to what this comes to when rounded. */
  @Property({ type: DecimalColumn, generated: BY_TRIGGERS })
  unroundedGain: Big & Opt = ZERO;

  @Property({ type: DecimalColumn })
  applied: Big & Opt = ZERO;

  @Field(() => String, { description: 'Reference of the document.' })
  @Property({ type: 'text' })
  referenceNo: string;

  @Field(() => String, { description: 'Note to the customer.' })
  @Property({ type: 'text' })
  note: string;

  @Field(() => Date, { nullable: true, description: 'When it was opened.' })
  @Property({ type: 'datetime', nullable: true })
  openedAt: Date | null = null;

  @Field(() => Date, { nullable: true, description: 'When it was voided.' })
  @Property({ type: 'datetime', nullable: true })
  voidedAt: Date | null = null;

  @ManyToOne(() => JournalEntry, { nullable: true })
  journalEntry: Rel<JournalEntry> | null = null;

  @ManyToOne(() => JournalEntry, { nullable: true })
  voidEntry: Rel<JournalEntry> | null = null;

  @Field(() => String, { description: 'Name of the user or of the API key that recorded it.' })
  @Property({ type: 'text' })
  createdBy: string;

  @OneToMany(
    () => CreditNoteLine,
    (line) => line.creditNote,
  )
  lines = new Collection<CreditNoteLine>(this);

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
    assertExchangeRate(terms.exchangeRate, terms.currencyCode, organization.baseCurrency);
    for (const [index, { amount }] of terms.lines.entries()) assertAmount(amount, terms.currencyCode, `lines.${index}.amount`);
    this.total = terms.lines.reduce((total, { amount }) => total.plus(amount), ZERO);
    assertAmount(this.total, terms.currencyCode, 'lines');
    this.lines.add(terms.lines.map((line) => new CreditNoteLine(this, line)));
  }

  /** Total − refunded − applied to invoices. */
  get remaining(): Big {
    return remainingOf(this);
  }

  /** What `amount`, in the note's currency, is in the base currency at the note's own rate. */
  private booked(amount: Big): Big {
    return roundToCurrency(amount.times(this.exchangeRate), this.organization.baseCurrency);
  }

  /** The total in the base currency at the note's own rate. */
  get totalBase(): Big {
    return this.booked(this.total);
  }

  /** The amount with its currency where that is a foreign one. */
  inForeign(amount: Big): { amount: Big; currencyCode: string } | undefined {
    return this.currencyCode === this.organization.baseCurrency ? undefined : { amount, currencyCode: this.currencyCode };
  }

  /** The lines in the base currency, each the step between two running totals, so that they add up to the total there too. */
  bookedLines(): { account: Account; booked: Big; foreign: { amount: Big; currencyCode: string } | undefined }[] {
    let before = ZERO;
    return this.lines.getItems().map(({ account, amount }) => {
      const after = before.plus(amount);
      const booked = this.booked(after).minus(this.booked(before));
      before = after;
      return { account, booked, foreign: this.inForeign(amount) };
    });
  }

  /**
   * @throws {CreditNoteAlreadyOpened}
   * @throws {CreditNoteIsVoid}
   */
  assertDraft(): void {
    if (this.voidedAt !== null) throw new CreditNoteIsVoid(this.number, 'id');
    if (this.openedAt !== null) throw new CreditNoteAlreadyOpened(this.number);
  }

  /** Puts the note into the books. */
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

  /** @throws {CreditNoteChanged} if not as much remains as the caller expects */
  assertRemaining(expected: Big): void {
    if (expected.eq(this.remaining)) return;
    const { number, currencyCode, remaining } = this;
    throw new CreditNoteChanged(number, expected.toFixed(), formatAmount(remaining, currencyCode), currencyCode);
  }

  /** @throws {DateBeforeCreditNote} */
  assertNotBefore(date: PostingDate): void {
    assertNotBefore(this, date);
  }

  /**
   * @param amount of a refund, in the note's currency
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
   * How a refund of the amount is paid from the account: at a rate, or at the one that follows from what the bank shows.
   *
   * @throws {ExchangeRateInvalid}
   * @throws {PaidAmountInvalid}
   * @throws {AmountNotPositive} also {AmountPrecision} and {AmountTooLarge}: of the paid amount
   */
  payment(amount: Big, fromAccount: Account, { exchangeRate, paidAmount }: Price): Payment {
    const { baseCurrency } = this.organization;
    const isInBase = fromAccount.currencyCode === baseCurrency;
    if (paidAmount) {
      this.assertPaidAmount(paidAmount, amount, fromAccount);
      // Where the note's own rate gives what the bank shows, the rate has not changed.
      const rate = paidAmount.eq(this.booked(amount)) ? this.exchangeRate : exchangeRateOf(paidAmount, amount);
      assertExchangeRate(rate, this.currencyCode, baseCurrency);
      return { exchangeRate: rate, paidInBase: paidAmount };
    }
    if (!exchangeRate) throw new ExchangeRateInvalid('exchangeRate is required, or else paidAmount');
    assertExchangeRate(exchangeRate, this.currencyCode, baseCurrency);
    return { exchangeRate, paidInBase: isInBase ? roundToCurrency(amount.times(exchangeRate), baseCurrency) : null };
  }

  /**
   * A rate that is more than {@link UNUSUAL_FACTOR} times off the note's, either way, is more often a slip than a crash of a currency.
   * What the bank shows may round a small amount to anything.
   *
   * @throws {ExchangeRateUnusual}
   */
  assertUsualRate(amount: Big, exchangeRate: Big, { paidAmount }: Price): void {
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
      const reason = `What leaves ${name}, which is held in ${currencyCode}, is the amount itself; send exchangeRate in place of paidAmount`;
      throw new PaidAmountInvalid(reason, paidAmount);
    }
    if (this.currencyCode === baseCurrency && !paidAmount.eq(amount)) {
      throw new PaidAmountInvalid(
        `paidAmount must be the amount: the credit note is in the base currency, ${baseCurrency}`,
        paidAmount,
      );
    }
  }

  /**
   * Takes a refund off what remains, and throws what {@link assertRefundable} does. The caller holds the row's lock, which
   * makes check-then-spend one step.
   *
   * @returns what is to be posted
   */
  refund(amount: Big, { exchangeRate, paidInBase }: Payment): Settlement {
    this.assertRefundable(amount);
    const refunded = this.refunded.plus(amount);
    // A refund is the step between two running totals: the last one leaves exactly nothing, whatever was rounded before.
    const due = this.booked(this.applied.plus(refunded)).minus(this.booked(this.applied)).minus(this.refundedBase);
    const settledAmount = due.lt(ZERO) ? ZERO : due;
    const unroundedGain = this.unroundedGain.plus(this.gainOf(amount, exchangeRate));
    // So is the gain. At an unchanged rate there is none, whatever reversals have left of earlier roundings.
    const step = exchangeRate.eq(this.exchangeRate)
      ? ZERO
      : roundToCurrency(unroundedGain, this.organization.baseCurrency).minus(this.realizedGain);
    // Not less than nothing leaves an account.
    const realizedGain = paidInBase === null && step.gt(settledAmount) ? settledAmount : step;
    this.refunded = refunded;
    this.refundedBase = this.refundedBase.plus(settledAmount);
    this.unroundedGain = unroundedGain;
    this.realizedGain = this.realizedGain.plus(realizedGain);
    return { amount, exchangeRate, settledAmount, paidAmount: paidInBase ?? settledAmount.minus(realizedGain), realizedGain };
  }

  /** Booked rate against paid rate, before it is rounded. */
  private gainOf(amount: Big, exchangeRate: Big): Big {
    return amount.times(this.exchangeRate.minus(exchangeRate));
  }

  /** Takes a refund back: its credit can be refunded again. The caller holds the row's lock. */
  giveBack({ amount, exchangeRate, settledAmount, realizedGain }: Settlement): void {
    this.refunded = this.refunded.minus(amount);
    this.refundedBase = this.refundedBase.minus(settledAmount);
    this.unroundedGain = this.unroundedGain.minus(this.gainOf(amount, exchangeRate));
    this.realizedGain = this.realizedGain.minus(realizedGain);
    if (this.refunded.lt(ZERO) || this.refundedBase.lt(ZERO)) {
      throw new Error(`more was reversed of credit note ${this.id} than refunded`);
    }
  }

  /**
   * @throws {CreditNoteIsVoid}
   * @throws {CreditNoteHasRefunds} or has been applied to invoices
   */
  assertVoidable(): void {
    if (this.voidedAt !== null) throw new CreditNoteIsVoid(this.number, 'id');
    if (this.refunded.gt(ZERO) || this.applied.gt(ZERO)) throw new CreditNoteHasRefunds(this.number);
  }

  /**
   * Takes the note back.
   *
   * @param entry the mirror of its own entry; `null` for a draft, which has none
   */
  void(entry: JournalEntry | null): void {
    this.assertVoidable();
    this.voidedAt = this.organization.now;
    this.voidEntry = entry;
  }
}
