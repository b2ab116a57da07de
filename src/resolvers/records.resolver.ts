import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { normalBalance, Side } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { Customer } from '../entities/customer.js';
import { CreateAccountInput, CreateBranchInput, CreateCustomerInput } from '../inputs/create-record.inputs.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { PageArgs } from '../inputs/page.args.js';
import { Reads, type Row } from '../reads/read-model.js';
import { findById, findPage } from '../reads/reads.js';
import type { Context } from '../request/context.js';
import { createAccount, createBranch, createCustomer } from '../services/organizations/create-records.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { CommandMutation } from './command-mutation.js';

@Resolver(() => Account)
export class AccountResolver {
  @CommandMutation(createAccount, () => Account, { description: 'Adds an account to the chart of accounts.' })
  createAccount(
    @Ctx() context: Context,
    @Arg('input', () => CreateAccountInput, { description: 'The account.' }) input: CreateAccountInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Account> {
    return context.execute(createAccount, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => Account, { nullable: true, description: 'The account with this id, or null if there is none.' })
  account(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the account.' }) id: string,
  ): Promise<Row<Account> | null> {
    return findById(context, info, Account, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => [Account], { description: 'Accounts in the order of their ids.' })
  accounts(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Row<Account>[]> {
    return findPage(context, info, Account, page);
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      'Balance in the base currency, computed from the journal. It is positive if the account has its normal balance: ' +
      'debits minus credits for assets and expenses, credits minus debits for the others.',
  })
  async balance(
    @Reads('type') account: Row<Account, 'type'>,
    @Ctx() context: Context,
    @Arg('asOf', () => PostingDateScalar, { nullable: true, description: 'The last day that counts. Default: all postings.' })
    asOf: string | null | undefined,
  ): Promise<string> {
    const { organization } = context.actor;
    const day = asOf ? organization.postingDate(asOf, 'asOf') : null;
    const { debits, credits } = await context.loaders.turnover.load({ accountId: account.id, asOf: day });
    const balance = normalBalance(account.type) === Side.DEBIT ? debits.minus(credits) : credits.minus(debits);
    return formatAmount(balance, organization.baseCurrency);
  }
}

@Resolver(() => Branch)
export class BranchResolver {
  @CommandMutation(createBranch, () => Branch, { description: 'Adds a branch.' })
  createBranch(
    @Ctx() context: Context,
    @Arg('input', () => CreateBranchInput, { description: 'The branch.' }) input: CreateBranchInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Branch> {
    return context.execute(createBranch, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => [Branch], { description: 'Branches in the order of their ids.' })
  branches(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Row<Branch>[]> {
    return findPage(context, info, Branch, page);
  }
}

@Resolver(() => Customer)
export class CustomerResolver {
  @CommandMutation(createCustomer, () => Customer, { description: 'Adds a customer.' })
  createCustomer(
    @Ctx() context: Context,
    @Arg('input', () => CreateCustomerInput, { description: 'The customer.' }) input: CreateCustomerInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Customer> {
    return context.execute(createCustomer, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => [Customer], { description: 'Customers in the order of their ids.' })
  customers(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Row<Customer>[]> {
    return findPage(context, info, Customer, page);
  }

  @FieldResolver(() => DecimalScalar, {
    description: 'Amount that the customer owes, in the base currency; negative if the organization owes money to the customer.',
  })
  async balance(@Reads() customer: Row<Customer>, @Ctx() context: Context): Promise<string> {
    const { debits, credits } = await context.loaders.customerTurnover.load(customer.id);
    return formatAmount(debits.minus(credits), context.actor.organization.baseCurrency);
  }
}
