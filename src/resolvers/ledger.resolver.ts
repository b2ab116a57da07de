import { Authorized, Ctx, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { AsOfArg } from '../inputs/as-of.arg.js';
import { type Row, rowOf } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { trialBalance } from '../services/ledger/balances.js';
import { ledgerHealth } from '../services/ledger/ledger-health.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';

@ObjectType('LedgerCheck', { description: 'The check of one rule of the books.' })
export class LedgerCheckType {
  @Field(() => ID, { description: 'Identifier, for caches: the name.' })
  id!: string;

  @Field(() => String, { description: 'Name of the rule, such as every-entry-balances.' })
  name!: string;

  @Field(() => Boolean, { description: 'Whether no record violates the rule.' })
  healthy!: boolean;

  @Field(() => [String], { description: 'Records that violate the rule, such as "refund 7"; at most 100.' })
  offenders!: readonly string[];
}

@ObjectType('LedgerHealth', { description: 'The result of a check of all books, in one database snapshot.' })
export class LedgerHealthType {
  @Field(() => ID, { description: "Identifier, for caches: the organization's." })
  id!: string;

  @Field(() => Boolean, { description: 'Whether no record violates any rule.' })
  healthy!: boolean;

  @Field(() => Date, { description: 'Time of the check.' })
  checkedAt!: Date;

  @Field(() => [LedgerCheckType], { description: 'The result of each rule.' })
  checks!: LedgerCheckType[];
}

@ObjectType({ description: 'A line of the trial balance.' })
export class TrialBalanceLine {
  @Field(() => ID, { description: 'Identifier, for caches: that of the trial balance, and the account.' })
  id!: string;

  @Field(() => Account, { description: 'The account.' })
  account!: Row<Account>;

  @Field(() => DecimalScalar, { description: 'Sum of the debits of the account, in the base currency.' })
  debits!: string;

  @Field(() => DecimalScalar, { description: 'Sum of the credits of the account, in the base currency.' })
  credits!: string;
}

@ObjectType({ description: 'All accounts with the sums of their debits and credits. The two totals are equal.' })
export class TrialBalance {
  @Field(() => ID, { description: 'Identifier, for caches: the last day that counts, or "all".' })
  id!: string;

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
    nullable: true,
    description:
      'Checks all books of the organization. It is slow, since it reads every record; a second check at the same time is refused.',
  })
  async ledgerHealth(@Ctx() context: Context): Promise<LedgerHealthType> {
    const { id, publicId } = context.actor.organization;
    const { checks, ...health } = await ledgerHealth(context.em, id);
    return { id: publicId, ...health, checks: checks.map((check) => ({ id: check.name, ...check })) };
  }

  @Authorized(Role.VIEWER)
  @Query(() => TrialBalance, { description: 'The trial balance up to and including a day.' })
  async trialBalance(@Ctx() context: Context, @AsOfArg() asOf: string | null | undefined): Promise<TrialBalance> {
    const { organization } = context.actor;
    const day = asOf && organization.postingDate(asOf, 'asOf');
    const { lines, debits, credits } = await trialBalance(context.em, organization, day);
    const id = day || 'all';
    const format = (amount: (typeof lines)[number]['debits']) => formatAmount(amount, organization.baseCurrency);
    return {
      id,
      debits: format(debits),
      credits: format(credits),
      lines: lines.map(({ account, ...line }) => ({
        id: `${id}:${account.id}`,
        account: rowOf(account),
        debits: format(line.debits),
        credits: format(line.credits),
      })),
    };
  }
}
