import { Arg, Authorized, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { type Row, rowOf } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { trialBalance } from '../services/ledger/balances.js';
import { type LedgerHealth, ledgerHealth } from '../services/ledger/ledger-health.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';

@ObjectType('LedgerCheck', { description: 'One rule of the books, and what breaks it.' })
export class LedgerCheckType {
  @Field(() => String, { description: 'The rule.' })
  name!: string;

  @Field(() => Boolean, { description: 'Whether nothing breaks it.' })
  healthy!: boolean;

  @Field(() => [String], { description: 'What breaks it, such as "refund 7": the first hundred.' })
  offenders!: readonly string[];
}

@ObjectType('LedgerHealth', { description: 'The books, proved from their rows alone in one snapshot.' })
export class LedgerHealthType implements LedgerHealth {
  @Field(() => Boolean, { description: 'Whether nothing breaks any rule.' })
  healthy!: boolean;

  @Field(() => Date, { description: 'When it was checked.' })
  checkedAt!: Date;

  @Field(() => [LedgerCheckType], { description: 'The rules.' })
  checks!: readonly LedgerCheckType[];
}

@ObjectType({ description: 'A line of the trial balance.' })
export class TrialBalanceLine {
  @Field(() => Account, { description: 'The account.' })
  account!: Row<Account>;

  @Field(() => DecimalScalar, { description: 'Sum of its debits, in the base currency.' })
  debits!: string;

  @Field(() => DecimalScalar, { description: 'Sum of its credits, in the base currency.' })
  credits!: string;
}

@ObjectType({ description: 'All accounts with what was debited and credited: both come to the same.' })
export class TrialBalance {
  @Field(() => DecimalScalar, { description: 'Sum of all debits, in the base currency.' })
  debits!: string;

  @Field(() => DecimalScalar, { description: 'Sum of all credits, in the base currency.' })
  credits!: string;

  @Field(() => [TrialBalanceLine], { description: 'The accounts, in the order of their codes.' })
  lines!: TrialBalanceLine[];
}

@Resolver()
export class LedgerResolver {
  @Authorized(Role.ACCOUNTANT)
  @Query(() => LedgerHealthType, {
    description: 'Proves the books of the organization. It reads all of them: not for every page view, and once at a time.',
  })
  ledgerHealth(@Ctx() context: Context): Promise<LedgerHealth> {
    return ledgerHealth(context.em, context.actor.organization.id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => TrialBalance, { description: 'The trial balance up to and including a day.' })
  async trialBalance(
    @Ctx() context: Context,
    @Arg('asOf', () => PostingDateScalar, { nullable: true, description: 'The day; everything that is posted if absent.' })
    asOf: string | null | undefined,
  ): Promise<TrialBalance> {
    const { organization } = context.actor;
    const { lines, debits, credits } = await trialBalance(context.em, organization, asOf && organization.postingDate(asOf, 'asOf'));
    const format = (amount: (typeof lines)[number]['debits']) => formatAmount(amount, organization.baseCurrency);
    return {
      debits: format(debits),
      credits: format(credits),
      lines: lines.map((line) => ({ account: rowOf(line.account), debits: format(line.debits), credits: format(line.credits) })),
    };
  }
}
