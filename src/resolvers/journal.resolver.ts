import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteCancellation } from '../entities/credit-note-cancellation.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import { Refund } from '../entities/refund.js';
import { JOURNAL_ENTRIES, JournalEntriesArgs, type JournalEntryFilter } from '../inputs/lists/journal.lists.js';
import { type Connection, findConnection, type PageArguments } from '../reads/connections.js';
import { findById } from '../reads/find-one.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';
import { JournalEntryConnection } from './connection-types.js';

@Resolver(() => JournalEntry)
export class JournalEntryResolver {
  @Authorized(Role.VIEWER)
  @Query(() => JournalEntry, { nullable: true, description: 'The journal entry with this id, or null if there is none.' })
  journalEntry(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the journal entry.' }) id: string,
  ): Promise<Row<JournalEntry> | null> {
    return findById(context, info, JournalEntry, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => JournalEntryConnection, { description: 'The journal entries.' })
  journalEntries(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => JournalEntriesArgs) args: PageArguments<JournalEntryFilter>,
  ): Promise<Connection<JournalEntry>> {
    return findConnection(context, info, JOURNAL_ENTRIES, args);
  }

  @FieldResolver(() => [JournalLine], {
    description: 'The lines of the entry. The sum of the debits equals the sum of the credits.',
  })
  lines(@Reads('lines') entry: Row<JournalEntry, 'lines'>, @Ctx() context: Context): MaybePromise<readonly Row<JournalLine>[]> {
    return entry.lines ?? context.loaders.journalLines.load(entry.id);
  }

  @FieldResolver(() => JournalEntry, {
    nullable: true,
    description: 'The entry that this entry reverses; null if this is not a mirror entry.',
  })
  reversalOf(
    @Reads('reversalOf') entry: Row<JournalEntry, 'reversalOf'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> | null {
    return entry.reversalOf && related(context.loaders.journalEntry, entry.reversalOf);
  }

  @FieldResolver(() => JournalEntry, {
    nullable: true,
    description: 'The mirror entry that reverses this entry; null if it is not reversed.',
  })
  async reversedBy(@Reads() entry: Row<JournalEntry>, @Ctx() context: Context): Promise<Row<JournalEntry> | null> {
    const [mirror = null] = await context.loaders.mirrors.load(entry.id);
    return mirror;
  }

  @FieldResolver(() => CreditNote, {
    nullable: true,
    description: 'The credit note that the entry opened; null for other entries.',
  })
  async creditNote(@Reads() entry: Row<JournalEntry>, @Ctx() context: Context): Promise<Row<CreditNote> | null> {
    const [note = null] = await context.loaders.openedNotes.load(entry.id);
    return note;
  }

  @FieldResolver(() => Refund, { nullable: true, description: 'The refund that the entry pays; null for other entries.' })
  async refund(@Reads() entry: Row<JournalEntry>, @Ctx() context: Context): Promise<Row<Refund> | null> {
    const [refund = null] = await context.loaders.paidRefunds.load(entry.id);
    return refund;
  }

  @FieldResolver(() => CreditNoteCancellation, {
    nullable: true,
    description: 'The cancellation of remaining credit that the entry posts; null for other entries.',
  })
  async cancellation(@Reads() entry: Row<JournalEntry>, @Ctx() context: Context): Promise<Row<CreditNoteCancellation> | null> {
    const [cancellation = null] = await context.loaders.postedCancellations.load(entry.id);
    return cancellation;
  }
}

@Resolver(() => JournalLine)
export class JournalLineResolver {
  @FieldResolver(() => JournalEntry, { description: 'The entry that the line belongs to.' })
  journalEntry(
    @Reads('journalEntry') line: Row<JournalLine, 'journalEntry'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> {
    return related(context.loaders.journalEntry, line.journalEntry);
  }

  @FieldResolver(() => DecimalScalar, { description: 'Amount in the base currency; never negative.' })
  amount(@Reads('amount') line: Row<JournalLine, 'amount'>, @Ctx() context: Context): string {
    return formatAmount(line.amount, context.actor.organization.baseCurrency);
  }

  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    description: "The amount in the document's currency; null if that is the base currency, and on lines of gains and roundings.",
  })
  foreignAmount(
    @Reads('foreignAmount', 'foreignCurrencyCode') line: Row<JournalLine, 'foreignAmount' | 'foreignCurrencyCode'>,
  ): string | null {
    return line.foreignAmount && line.foreignCurrencyCode && formatAmount(line.foreignAmount, line.foreignCurrencyCode);
  }

  @FieldResolver(() => Account, { description: 'The account that the line debits or credits.' })
  account(@Reads('account') line: Row<JournalLine, 'account'>, @Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, line.account);
  }

  @FieldResolver(() => Customer, { nullable: true, description: 'The customer; null except on lines of the receivable.' })
  customer(@Reads('customer') line: Row<JournalLine, 'customer'>, @Ctx() context: Context): MaybePromise<Row<Customer>> | null {
    return line.customer && related(context.loaders.customer, line.customer);
  }

  @FieldResolver(() => Branch, { nullable: true, description: 'The branch that the line is posted to.' })
  branch(@Reads('branch') line: Row<JournalLine, 'branch'>, @Ctx() context: Context): MaybePromise<Row<Branch>> | null {
    return line.branch && related(context.loaders.branch, line.branch);
  }
}
