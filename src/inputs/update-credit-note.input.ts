import { ArrayMaxSize, ArrayMinSize, IsOptional, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import type { updateCreditNote } from '../services/credit-notes/update-credit-note.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import type { Big } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { CreditNoteLineInput } from './create-credit-note.input.js';
import { LENGTHS, MAX_ITEMS } from './lengths.js';
import { HasRateDigits, IsId, IsPositiveRate, IsPostingDate, IsText } from './validators.js';

@InputType({ description: 'Changes of a draft. Fields that are absent or null stay as they are.' })
export class UpdateCreditNoteInput implements InputFor<typeof updateCreditNote> {
  @Field(() => ID, { description: 'The draft.' })
  @IsId()
  creditNoteId!: string;

  @Field(() => String, { nullable: true, description: 'Number, unique in the organization.' })
  @IsOptional()
  @IsText(1, LENGTHS.number)
  number?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "The customer, whose currency the note then has. Amounts of lines that stay are then in this customer's currency.",
  })
  @IsOptional()
  @IsId()
  customerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The branch.' })
  @IsOptional()
  @IsId()
  branchId?: string | null;

  @Field(() => PostingDateScalar, { nullable: true, description: 'Date of the document, and of its posting.' })
  @IsOptional()
  @IsPostingDate()
  date?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Units of the base currency per unit of the customer's; required for another foreign currency than before.",
  })
  @IsOptional()
  @HasRateDigits()
  @IsPositiveRate()
  exchangeRate?: Big | null;

  @Field(() => [CreditNoteLineInput], {
    nullable: true,
    description: '1 to 100 lines, whose sum is above zero. They replace all lines of the draft.',
  })
  @IsOptional()
  @ArrayMinSize(1, { message: 'lines must hold at least one line' })
  @ArrayMaxSize(MAX_ITEMS, { message: `lines must hold at most ${MAX_ITEMS} lines` })
  @ValidateNested()
  lines?: CreditNoteLineInput[] | null;

  @Field(() => String, { nullable: true, description: 'Reference of the document; empty for none. At most 255 characters.' })
  @IsOptional()
  @IsText(0, LENGTHS.reference)
  referenceNo?: string | null;

  @Field(() => String, { nullable: true, description: 'Note to the customer; empty for none. At most 4000 characters.' })
  @IsOptional()
  @IsText(0, LENGTHS.note)
  note?: string | null;
}
