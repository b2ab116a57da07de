import { IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import type { RefundInput } from '../services/refunds/refund-command.js';
import type { Big } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { LENGTHS } from './lengths.js';
import {
  HasDigits,
  HasRateDigits,
  IsAlternativeTo,
  IsId,
  IsPositiveAmount,
  IsPositiveRate,
  IsPostingDate,
  IsText,
} from './validators.js';

/** Input of a refund at both doors. It has the fields of the documented `CreditNoteRefundDto`, and the `creditNoteId` of the REST path. */
@InputType({
  description:
    'A refund to be made. The documented REST body requires the fields that are optional here, except paidAmount, which it lacks.',
})
export class RefundCreditNoteInput implements RefundInput {
  @Field(() => ID, { description: 'The credit note to be refunded.' })
  @IsId()
  creditNoteId!: string;

  @Field(() => ID, {
    description:
      'The account that the money leaves from: a bank, cash or fixed-asset account; or a credit-card account, if Organization.creditCardRefunds is true.',
  })
  @IsId()
  fromAccountId!: string;

  @Field(() => DecimalScalar, { description: "Amount in the credit note's currency, with no more decimals than the currency has." })
  @HasDigits()
  @IsPositiveAmount()
  amount!: Big;

  @Field(() => DecimalScalar, {
    nullable: true,
    description:
      "Units of the base currency per unit of the credit note's. Default: 1 if they are the same; otherwise this or paidAmount is required.",
  })
  @IsOptional()
  @HasRateDigits()
  @IsPositiveRate()
  exchangeRate?: Big | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description:
      'Amount on the bank statement, in the base currency, if the account is held in it. It replaces exchangeRate, which follows from it.',
  })
  @IsOptional()
  @IsAlternativeTo('exchangeRate')
  @HasDigits()
  @IsPositiveAmount()
  paidAmount?: Big | null;

  @Field(() => String, {
    defaultValue: '',
    description: 'Reference number, such as that of the bank transfer; may be empty. At most 255 characters.',
  })
  @IsOptional()
  @IsText(0, LENGTHS.reference)
  referenceNo!: string | null;

  @Field(() => String, { defaultValue: '', description: 'Purpose of the refund; may be empty. At most 1000 characters.' })
  @IsOptional()
  @IsText(0, LENGTHS.refundDescription)
  description!: string | null;

  @Field(() => PostingDateScalar, { description: 'Posting date.' })
  @IsPostingDate()
  date!: string;

  @Field(() => ID, { nullable: true, description: 'The branch that the refund is posted to; the primary one if absent.' })
  @IsOptional()
  @IsId()
  branchId?: string | null;
}
