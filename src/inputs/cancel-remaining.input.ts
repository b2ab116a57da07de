import { IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import type { cancelRemaining } from '../services/credit-notes/cancel-remaining.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import type { Big } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { LENGTHS } from './lengths.js';
import { HasDigits, IsId, IsPostingDate, IsText } from './validators.js';

@InputType({ description: 'A credit note whose remaining credit is to be cancelled.' })
export class CancelRemainingInput implements InputFor<typeof cancelRemaining> {
  @Field(() => ID, { description: 'The credit note.' })
  @IsId()
  creditNoteId!: string;

  @Field(() => PostingDateScalar, {
    description: "Posting date, in an open period, not before the note's date nor before the reversals of its refunds.",
  })
  @IsPostingDate()
  date!: string;

  @Field(() => String, { description: 'Reason of the cancellation. 1 to 1000 characters.' })
  @IsText(1, LENGTHS.reason)
  reason!: string;

  @Field(() => DecimalScalar, {
    nullable: true,
    description:
      "Remaining credit that you saw, in the note's currency. The cancellation is refused if another amount remains on the note.",
  })
  @IsOptional()
  @HasDigits()
  expectedRemaining?: Big | null;
}
