import { Field, ID, InputType } from 'type-graphql';
import type { reverseRefund } from '../services/refunds/reverse-refund.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import { PostingDateScalar } from '../values/scalars.js';
import { LENGTHS } from './lengths.js';
import { IsId, IsPostingDate, IsText } from './validators.js';

@InputType({ description: 'A refund to be reversed.' })
export class ReverseRefundInput implements InputFor<typeof reverseRefund> {
  @Field(() => ID, { description: 'The refund.' })
  @IsId()
  refundId!: string;

  @Field(() => PostingDateScalar, { description: "Posting date, in an open period and not before the refund's date." })
  @IsPostingDate()
  date!: string;

  @Field(() => String, { description: 'Reason of the reversal. 1 to 1000 characters.' })
  @IsText(1, LENGTHS.reason)
  reason!: string;
}
