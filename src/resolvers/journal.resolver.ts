import { Ctx, FieldResolver, Resolver } from 'type-graphql';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';

@Resolver(() => JournalEntry)
export class JournalEntryResolver {
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
}

@Resolver(() => JournalLine)
export class JournalLineResolver {
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
