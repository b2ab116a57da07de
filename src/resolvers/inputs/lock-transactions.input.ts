import { Field, InputType } from 'type-graphql';
import { PostingDateScalar } from '../../scalars.js';
import type { LockTransactions } from '../../services/lock-transactions.js';
import { IsPostingDate, IsText } from './validators.js';

@InputType({ description: 'A period to be locked.' })
export class LockTransactionsInput implements LockTransactions {
  @Field(() => PostingDateScalar, { description: 'Nothing will be posted on or before it.' })
  @IsPostingDate()
  lockDate!: string;

  @Field(() => String, { description: 'Why it is locked. 1 to 1000 characters.' })
  @IsText(1, 1000)
  reason!: string;
}

@InputType({ description: 'The books are to be opened again.' })
export class UnlockTransactionsInput {
  @Field(() => String, { description: 'Why they are opened. 1 to 1000 characters.' })
  @IsText(1, 1000)
  reason!: string;
}
