import { Ctx, Field, ObjectType } from 'type-graphql';
import { Account } from '../entities/account.js';
import { Side } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { Customer } from '../entities/customer.js';
import type { Posting } from '../entities/journal-entry.js';
import { type MaybePromise, type Row, related, relatedTo } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import type { RefundPreview } from '../services/refunds/preview-refund.js';
import { formatAmount } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { CurrencyType, currencyOf } from './currency.resolver.js';
import { RefusalType, refusalType, refusalTypes } from './refusal.js';

@ObjectType('PreviewLine', { description: 'A journal line that would be posted.' })
export class PreviewLine {
  @Field(() => Side, { description: 'Debit or credit.' })
  readonly side: Side;

  @Field(() => DecimalScalar, { description: 'Amount in the base currency; never negative.' })
  readonly amount: string;

  @Field(() => DecimalScalar, {
    nullable: true,
    description:
      "The amount in the credit note's currency; null if that is the base currency, and on lines of gains and roundings.",
  })
  readonly foreignAmount: string | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code of the foreign amount.' })
  readonly foreignCurrencyCode: string | null;

  @Field(() => CurrencyType, { nullable: true, description: 'The currency of the foreign amount; null if there is none.' })
  readonly foreignCurrency: CurrencyType | null;

  @Field(() => Account, { description: 'The account that the line would debit or credit.' })
  account(@Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, relatedTo(this.posting.account));
  }

  @Field(() => Customer, { nullable: true, description: 'The customer; null except on lines of the receivable.' })
  customer(@Ctx() context: Context): MaybePromise<Row<Customer>> | null {
    const { customer } = this.posting;
    return customer ? related(context.loaders.customer, relatedTo(customer)) : null;
  }

  @Field(() => Branch, { nullable: true, description: 'The branch that the line would be posted to.' })
  branch(@Ctx() context: Context): MaybePromise<Row<Branch>> | null {
    const { branch } = this.posting;
    return branch ? related(context.loaders.branch, relatedTo(branch)) : null;
  }

  constructor(
    private readonly posting: Posting,
    baseCurrency: string,
  ) {
    this.side = posting.side;
    this.amount = formatAmount(posting.amount, baseCurrency);
    this.foreignAmount = posting.foreign ? formatAmount(posting.foreign.amount, posting.foreign.currencyCode) : null;
    this.foreignCurrencyCode = posting.foreign?.currencyCode ?? null;
    this.foreignCurrency = posting.foreign ? currencyOf(posting.foreign.currencyCode) : null;
  }
}

@ObjectType('RefundPreview', { description: 'The effects that a refund would have now, or its refusal.' })
export class RefundPreviewType {
  @Field(() => Boolean, {
    description:
      'Whether the refund would be made. If there is a warning about the exchange rate, allowUnusualRate must be true then.',
  })
  readonly allowed: boolean;

  @Field(() => [RefusalType], {
    description: 'The refusals that the refund would meet, of all its fields; empty if the refund would be made.',
  })
  readonly refusals: RefusalType[] = [];

  @Field(() => [RefusalType], {
    description:
      "Input that may be a mistake. A rate far from the note's: the refund is made only if allowUnusualRate is true. A date too far ahead: " +
      'the refund is refused.',
  })
  readonly warnings: RefusalType[];

  @Field(() => PostingDateScalar, { nullable: true, description: 'Posting date of the refund; null if it would be refused.' })
  readonly postingDate: PostingDate | null = null;

  @Field(() => [PreviewLine], { description: 'The journal lines that the refund would post; empty if it would be refused.' })
  readonly lines: PreviewLine[] = [];

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Realized FX gain (positive) or loss (negative), in the base currency; null if the refund would be refused.',
  })
  readonly realizedGain: string | null = null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Remaining credit before the refund, in the note's currency; null if it would be refused.",
  })
  readonly remainingBefore: string | null = null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Remaining credit after the refund, in the note's currency; null if it would be refused.",
  })
  readonly remainingAfter: string | null = null;

  constructor(preview: RefundPreview, baseCurrency: string) {
    this.allowed = preview.refusal === null;
    this.warnings = preview.warnings.map(refusalType);
    if (preview.refusal !== null) {
      this.refusals = refusalTypes(preview.refusal);
      return;
    }
    const { postingDate, postings, currencyCode, realizedGain, remainingBefore, remainingAfter } = preview;
    this.postingDate = postingDate;
    this.lines = postings.map((posting) => new PreviewLine(posting, baseCurrency));
    this.realizedGain = formatAmount(realizedGain, baseCurrency);
    this.remainingBefore = formatAmount(remainingBefore, currencyCode);
    this.remainingAfter = formatAmount(remainingAfter, currencyCode);
  }
}
