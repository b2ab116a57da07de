import { ArrayMaxSize, ArrayMinSize, IsOptional, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import type { createCreditNote } from '../services/credit-notes/create-credit-note.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import type { Big } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { LENGTHS, MAX_ITEMS } from './lengths.js';
import { HasDigits, HasRateDigits, IsId, IsNonZeroAmount, IsPositiveRate, IsPostingDate, IsText } from './validators.js';

@InputType({
  description:
    'A line of a credit note, which takes back income or its tax. A negative line keeps a part, such as a restocking fee.',
})
export class CreditNoteLineInput {
  @Field(() => ID, { description: 'An income or tax account in the base currency.' })
  @IsId()
  accountId!: string;

  @Field(() => DecimalScalar, { description: "Amount in the customer's currency. It may be negative, but not zero." })
  @HasDigits()
  @IsNonZeroAmount()
  amount!: Big;

  @Field(() => String, { defaultValue: '', description: 'Goods or services that the line credits. At most 1000 characters.' })
  @IsText(0, LENGTHS.lineDescription)
  description!: string;
}

@InputType({ description: "A credit note to be recorded, in the customer's currency." })
export class CreateCreditNoteInput implements InputFor<typeof createCreditNote> {
  @Field(() => String, { nullable: true, description: 'Number, unique in the organization; the next free one if absent.' })
  @IsOptional()
  @IsText(1, LENGTHS.number)
  number?: string | null;

  @Field(() => ID, { description: 'The customer whose debt it lowers.' })
  @IsId()
  customerId!: string;

  @Field(() => ID, { nullable: true, description: 'The branch; the primary one if absent.' })
  @IsOptional()
  @IsId()
  branchId?: string | null;

  @Field(() => PostingDateScalar, { description: 'Date of the document, and of its posting.' })
  @IsPostingDate()
  date!: string;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Units of the base currency per unit of the customer's; required for a foreign one, 1 for the base currency.",
  })
  @IsOptional()
  @HasRateDigits()
  @IsPositiveRate()
  exchangeRate?: Big | null;

  @Field(() => [CreditNoteLineInput], { description: '1 to 100 lines, whose sum is above zero.' })
  @ArrayMinSize(1, { message: 'lines must hold at least one line' })
  @ArrayMaxSize(MAX_ITEMS, { message: `lines must hold at most ${MAX_ITEMS} lines` })
  @ValidateNested()
  lines!: CreditNoteLineInput[];

  @Field(() => String, { defaultValue: '', description: 'Reference of the document. At most 255 characters.' })
  @IsText(0, LENGTHS.reference)
  referenceNo!: string;

  @Field(() => String, { defaultValue: '', description: 'Note to the customer. At most 4000 characters.' })
  @IsText(0, LENGTHS.note)
  note!: string;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether it is opened at once.' })
  open!: boolean;
}
