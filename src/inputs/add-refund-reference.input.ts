import { Field, ID, InputType } from 'type-graphql';
import type { addRefundReference } from '../services/refunds/add-refund-reference.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import { LENGTHS } from './lengths.js';
import { IsId, IsText } from './validators.js';

@InputType({ description: 'A reference to be added to a refund.' })
export class AddRefundReferenceInput implements InputFor<typeof addRefundReference> {
  @Field(() => ID, { description: 'The refund.' })
  @IsId()
  refundId!: string;

  @Field(() => String, { description: "Reference number, such as the bank's number of the transfer. 1 to 255 characters." })
  @IsText(1, LENGTHS.reference)
  referenceNo!: string;
}
