import { IsOptional } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import type { lockTransactions, unlockTransactions } from '../services/ledger/lock-transactions.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import { PostingDateScalar } from '../values/scalars.js';
import { LENGTHS } from './lengths.js';
import { IsPostingDate, IsText } from './validators.js';

@InputType({ description: 'A period to be locked.' })
export class LockTransactionsInput implements InputFor<typeof lockTransactions> {
  @Field(() => PostingDateScalar, {
    description:
      'Nothing will be posted on or before it. Not earlier than the present one, which needs unlockTransactions, and no further ahead than may be posted on.',
  })
  @IsPostingDate()
  lockDate!: string;

  @Field(() => String, { description: 'Why it is locked. 1 to 1000 characters.' })
  @IsText(1, LENGTHS.reason)
  reason!: string;
}

@InputType({ description: 'The books are to be opened again.' })
export class UnlockTransactionsInput implements InputFor<typeof unlockTransactions> {
  @Field(() => PostingDateScalar, {
    nullable: true,
    description: 'The new lock date, earlier than the present one: the days after it are opened. All of them if absent.',
  })
  @IsOptional()
  @IsPostingDate()
  lockDate?: string | null;

  @Field(() => String, { description: 'Why they are opened. 1 to 1000 characters.' })
  @IsText(1, LENGTHS.reason)
  reason!: string;
}
