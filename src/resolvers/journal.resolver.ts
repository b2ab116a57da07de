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
  @FieldResolver(() => [JournalLine], { description: 'Its lines: the debits equal the credits.' })
  lines(@Reads('lines') entry: Row<JournalEntry, 'lines'>, @Ctx() context: Context): MaybePromise<readonly Row<JournalLine>[]> {
    return entry.lines ?? context.loaders.journalLines.load(entry.id);
  }

  @FieldResolver(() => JournalEntry, { nullable: true, description: 'The entry that it is the mirror of, if it is one.' })
  reversalOf(
    @Reads('reversalOf') entry: Row<JournalEntry, 'reversalOf'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> | null {
    return entry.reversalOf && related(context.loaders.journalEntry, entry.reversalOf);
  }

  @FieldResolver(() => JournalEntry, { nullable: true, description: 'Its mirror entry, if it has been reversed.' })
  async reversedBy(@Reads() entry: Row<JournalEntry>, @Ctx() context: Context): Promise<Row<JournalEntry> | null> {
    const [mirror = null] = await context.loaders.mirrors.load(entry.id);
    return mirror;
  }
}

@Resolver(() => JournalLine)
export class JournalLineResolver {
  @FieldResolver(() => DecimalScalar, { description: 'In the base currency; never negative.' })
  amount(@Reads('amount') line: Row<JournalLine, 'amount'>, @Ctx() context: Context): string {
    return formatAmount(line.amount, context.actor.organization.baseCurrency);
  }

  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    description: "The same in the document's currency, where that is not the base currency.",
  })
  foreignAmount(
    @Reads('foreignAmount', 'foreignCurrencyCode') line: Row<JournalLine, 'foreignAmount' | 'foreignCurrencyCode'>,
  ): string | null {
    return line.foreignAmount && line.foreignCurrencyCode && formatAmount(line.foreignAmount, line.foreignCurrencyCode);
  }

  @FieldResolver(() => Account, { description: 'The account that is debited or credited.' })
  account(@Reads('account') line: Row<JournalLine, 'account'>, @Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, line.account);
  }

  @FieldResolver(() => Customer, { nullable: true, description: 'The customer, on receivable lines.' })
  customer(@Reads('customer') line: Row<JournalLine, 'customer'>, @Ctx() context: Context): MaybePromise<Row<Customer>> | null {
    return line.customer && related(context.loaders.customer, line.customer);
  }

  @FieldResolver(() => Branch, { nullable: true, description: 'The branch that it is booked to.' })
  branch(@Reads('branch') line: Row<JournalLine, 'branch'>, @Ctx() context: Context): MaybePromise<Row<Branch>> | null {
    return line.branch && related(context.loaders.branch, line.branch);
  }
}
