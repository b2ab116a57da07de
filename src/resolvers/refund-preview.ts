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
import { RefusalType, refusalType } from './refusal.js';

@ObjectType('PreviewLine', { description: 'A journal line that would be posted.' })
export class PreviewLine {
  @Field(() => Side, { description: 'Debit or credit.' })
  readonly side: Side;

  @Field(() => DecimalScalar, { description: 'In the base currency.' })
  readonly amount: string;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "The same in the document's currency, where that is not the base currency.",
  })
  readonly foreignAmount: string | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code of the foreign amount.' })
  readonly foreignCurrencyCode: string | null;

  @Field(() => Account, { description: 'The account that would be debited or credited.' })
  account(@Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, relatedTo(this.posting.account));
  }

  @Field(() => Customer, { nullable: true, description: 'The customer, on receivable lines.' })
  customer(@Ctx() context: Context): MaybePromise<Row<Customer>> | null {
    const { customer } = this.posting;
    return customer ? related(context.loaders.customer, relatedTo(customer)) : null;
  }

  @Field(() => Branch, { nullable: true, description: 'The branch that it would be booked to.' })
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
  }
}

@ObjectType('RefundPreview', { description: 'What a refund would do, or what it would be refused with.' })
export class RefundPreviewType {
  @Field(() => Boolean, { description: 'Whether it would be made, provided that you allow what the warnings say.' })
  readonly allowed: boolean;

  @Field(() => [RefusalType], { description: 'What it would be refused with, the first thing; empty if it would be made.' })
  readonly refusals: RefusalType[] = [];

  @Field(() => [RefusalType], {
    description:
      'What looks like a slip: a rate far from that of the note, with which it would be made only if allowUnusualRate says so, or a date ' +
      'far ahead, with which it would not be made.',
  })
  readonly warnings: RefusalType[];

  @Field(() => PostingDateScalar, { nullable: true, description: 'The day in the books that it would belong to.' })
  readonly postingDate: PostingDate | null = null;

  @Field(() => [PreviewLine], { description: 'The journal lines that it would post.' })
  readonly lines: PreviewLine[] = [];

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Realized FX gain (positive) or loss (negative), in the base currency.',
  })
  readonly realizedGain: string | null = null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What remains on the note now.' })
  readonly remainingBefore: string | null = null;

  @Field(() => DecimalScalar, { nullable: true, description: 'What would remain.' })
  readonly remainingAfter: string | null = null;

  constructor(preview: RefundPreview, baseCurrency: string) {
    this.allowed = preview.refusal === null;
    this.warnings = preview.warnings.map(refusalType);
    if (preview.refusal !== null) {
      this.refusals = [refusalType(preview.refusal)];
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
