import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import type { CreditNote } from '../entities/credit-note.js';
import { Customer } from '../entities/customer.js';
import type { JournalLine } from '../entities/journal-entry.js';
import { AsOfArg } from '../inputs/as-of.arg.js';
import { CreateAccountInput, CreateBranchInput, CreateCustomerInput } from '../inputs/create-record.inputs.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { type CreditNoteFilter, NOTES_OF_CUSTOMER, NotesOfCustomerArgs } from '../inputs/lists/credit-notes.list.js';
import { type JournalLineFilter, LINES_OF_ACCOUNT, LinesOfAccountArgs } from '../inputs/lists/journal.lists.js';
import {
  ACCOUNTS,
  type AccountFilter,
  AccountsArgs,
  BRANCHES,
  BranchesArgs,
  type BranchFilter,
  CUSTOMERS,
  type CustomerFilter,
  CustomersArgs,
} from '../inputs/lists/records.lists.js';
import { UpdateAccountInput, UpdateBranchInput, UpdateCustomerInput } from '../inputs/update-record.inputs.js';
import { type Connection, findConnection, type PageArguments } from '../reads/connections.js';
import { findById } from '../reads/find-one.js';
import { Reads, type Row } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { balanceOf } from '../services/ledger/balances.js';
import { createAccount, createBranch, createCustomer } from '../services/organizations/create-records.js';
import { updateAccount, updateBranch, updateCustomer } from '../services/organizations/update-records.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';
import { CommandMutation } from './command-mutation.js';
import {
  AccountConnection,
  BranchConnection,
  CreditNoteConnection,
  CustomerConnection,
  JournalLineConnection,
} from './connection-types.js';

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

  @CommandMutation(updateAccount, () => Account, {
    description: 'Changes or deactivates an account. Its type and its currency never change.',
  })
  updateAccount(
    @Ctx() context: Context,
    @Arg('input', () => UpdateAccountInput, { description: 'The account and its new values.' }) input: UpdateAccountInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Account> {
    return context.execute(updateAccount, input, idempotencyKey);
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
  @Query(() => AccountConnection, { description: 'The accounts.' })
  accounts(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => AccountsArgs) args: PageArguments<AccountFilter>,
  ): Promise<Connection<Account>> {
    return findConnection(context, info, ACCOUNTS, args);
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      'Balance in the base currency, computed from the journal. It is positive if the account has its normal balance: ' +
      'debits minus credits for assets and expenses, credits minus debits for the others.',
  })
  async balance(
    @Reads('type') account: Row<Account, 'type'>,
    @Ctx() context: Context,
    @AsOfArg() asOf: string | null | undefined,
  ): Promise<string> {
    const { organization } = context.actor;
    const day = asOf ? organization.postingDate(asOf, 'asOf') : null;
    const turnover = await context.loaders.turnover.load({ accountId: account.id, asOf: day });
    return formatAmount(balanceOf(account.type, turnover), organization.baseCurrency);
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      'Balance in the currency that the account is held in, with the sign of `balance`; for an account in the base currency, the same as `balance`.',
  })
  async currencyBalance(
    @Reads('type', 'currencyCode') account: Row<Account, 'type' | 'currencyCode'>,
    @Ctx() context: Context,
    @AsOfArg() asOf: string | null | undefined,
  ): Promise<string> {
    const { organization } = context.actor;
    const day = asOf ? organization.postingDate(asOf, 'asOf') : null;
    const { turnover, foreignTurnover } = context.loaders;
    const loader = account.currencyCode === organization.baseCurrency ? turnover : foreignTurnover;
    return formatAmount(balanceOf(account.type, await loader.load({ accountId: account.id, asOf: day })), account.currencyCode);
  }

  @FieldResolver(() => JournalLineConnection, { description: 'The journal lines of the account.' })
  lines(
    @Reads() account: Row<Account>,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => LinesOfAccountArgs) args: PageArguments<JournalLineFilter>,
  ): Promise<Connection<JournalLine>> {
    return context.loaders.connection(info, LINES_OF_ACCOUNT, args, account);
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

  @CommandMutation(updateBranch, () => Branch, { description: 'Changes or deactivates a branch.' })
  updateBranch(
    @Ctx() context: Context,
    @Arg('input', () => UpdateBranchInput, { description: 'The branch and its new values.' }) input: UpdateBranchInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Branch> {
    return context.execute(updateBranch, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => Branch, { nullable: true, description: 'The branch with this id, or null if there is none.' })
  branch(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the branch.' }) id: string,
  ): Promise<Row<Branch> | null> {
    return findById(context, info, Branch, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => BranchConnection, { description: 'The branches.' })
  branches(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => BranchesArgs) args: PageArguments<BranchFilter>,
  ): Promise<Connection<Branch>> {
    return findConnection(context, info, BRANCHES, args);
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

  @CommandMutation(updateCustomer, () => Customer, {
    description: 'Changes or deactivates a customer. The currency never changes.',
  })
  updateCustomer(
    @Ctx() context: Context,
    @Arg('input', () => UpdateCustomerInput, { description: 'The customer and its new values.' }) input: UpdateCustomerInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Customer> {
    return context.execute(updateCustomer, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => Customer, { nullable: true, description: 'The customer with this id, or null if there is none.' })
  customer(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the customer.' }) id: string,
  ): Promise<Row<Customer> | null> {
    return findById(context, info, Customer, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => CustomerConnection, { description: 'The customers.' })
  customers(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => CustomersArgs) args: PageArguments<CustomerFilter>,
  ): Promise<Connection<Customer>> {
    return findConnection(context, info, CUSTOMERS, args);
  }

  @FieldResolver(() => DecimalScalar, {
    description: 'Amount that the customer owes, in the base currency; negative if the organization owes money to the customer.',
  })
  async balance(@Reads() customer: Row<Customer>, @Ctx() context: Context): Promise<string> {
    const { debits, credits } = await context.loaders.customerTurnover.load(customer.id);
    return formatAmount(debits.minus(credits), context.actor.organization.baseCurrency);
  }

  @FieldResolver(() => CreditNoteConnection, { description: 'The credit notes of the customer.' })
  creditNotes(
    @Reads() customer: Row<Customer>,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => NotesOfCustomerArgs) args: PageArguments<CreditNoteFilter>,
  ): Promise<Connection<CreditNote>> {
    return context.loaders.connection(info, NOTES_OF_CUSTOMER, args, customer);
  }
}
