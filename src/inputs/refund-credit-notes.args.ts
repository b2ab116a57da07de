import { ArrayMaxSize, ArrayMinSize, ValidateNested } from 'class-validator';
import { ArgsType, Field, registerEnumType } from 'type-graphql';
import { MAX_ITEMS } from './lengths.js';
import { RefundCreditNoteInput } from './refund-credit-note.input.js';

export enum BulkMode {
  ATOMIC = 'ATOMIC',
  PER_ITEM = 'PER_ITEM',
}

registerEnumType(BulkMode, {
  name: 'BulkMode',
  description: 'Effect of one refusal on the other refunds of the list.',
  valuesConfig: {
    ATOMIC: { description: 'All refunds are made, or none.' },
    PER_ITEM: { description: 'Each refund is made or refused by itself.' },
  },
});

@ArgsType()
export class RefundCreditNotesArgs {
  @Field(() => [RefundCreditNoteInput], { description: '1 to 100 refunds, which are made in this order.' })
  @ArrayMinSize(1, { message: 'inputs must hold at least one refund' })
  @ArrayMaxSize(MAX_ITEMS, { message: `inputs must hold at most ${MAX_ITEMS} refunds` })
  @ValidateNested()
  inputs!: RefundCreditNoteInput[];

  @Field(() => BulkMode, { description: 'Whether one refusal refuses all.' })
  mode!: BulkMode;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Without an idempotency key, an equal refund within seconds is refused as a possible duplicate; this allows it.',
  })
  allowDuplicate!: boolean;

  @Field(() => Boolean, {
    defaultValue: false,
    description: "An exchange rate of more than twice the note's, or less than half of it, is refused as a slip; this allows it.",
  })
  allowUnusualRate!: boolean;
}
