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
      'Nothing will be posted on or before this date. It must not be earlier than the present lock date, which needs unlockTransactions, nor later than the latest allowed posting date.',
  })
  @IsPostingDate()
  lockDate!: string;

  @Field(() => String, { description: 'Reason of the lock. 1 to 1000 characters.' })
  @IsText(1, LENGTHS.reason)
  reason!: string;
}

@InputType({ description: 'Days to be unlocked.' })
export class UnlockTransactionsInput implements InputFor<typeof unlockTransactions> {
  @Field(() => PostingDateScalar, {
    nullable: true,
    description: 'The new lock date, earlier than the present one. The days after it are unlocked; all days if it is absent.',
  })
  @IsOptional()
  @IsPostingDate()
  lockDate?: string | null;

  @Field(() => String, { description: 'Reason of the unlocking. 1 to 1000 characters.' })
  @IsText(1, LENGTHS.reason)
  reason!: string;
}
