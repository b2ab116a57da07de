import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { Reads } from '../entities/columns.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import { related, relatedRows } from '../reads/reads.js';
import type { Context } from '../request/context.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';

@Resolver(() => JournalEntry)
export class JournalEntryResolver {
  @FieldResolver(() => [JournalLine], { description: 'Its lines: the debits equal the credits.' })
  lines(@Root() entry: JournalEntry, @Ctx() context: Context): JournalLine[] | Promise<JournalLine[]> {
    return relatedRows(context.loaders.journalLines, entry, entry.lines);
  }

  @FieldResolver(() => JournalEntry, { nullable: true, description: 'The entry that it is the mirror of, if it is one.' })
  reversalOf(@Root() entry: JournalEntry, @Ctx() context: Context): JournalEntry | Promise<JournalEntry> | null {
    return entry.reversalOf && related(context.loaders.journalEntry, entry.reversalOf);
  }

  @FieldResolver(() => JournalEntry, { nullable: true, description: 'Its mirror entry, if it has been reversed.' })
  reversedBy(@Root() entry: JournalEntry, @Ctx() context: Context): Promise<JournalEntry | null> {
    return context.loaders.reversedBy.load(entry.id);
  }
}

@Resolver(() => JournalLine)
export class JournalLineResolver {
  @Reads('amount')
  @FieldResolver(() => DecimalScalar, { description: 'In the base currency; never negative.' })
  amount(@Root() line: JournalLine, @Ctx() context: Context): string {
    return formatAmount(line.amount, context.actor.organization.baseCurrency);
  }

  @Reads('foreignAmount', 'foreignCurrencyCode')
  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    description: "The same in the document's currency, where that is not the base currency.",
  })
  foreignAmount(@Root() line: JournalLine): string | null {
    return line.foreignAmount && line.foreignCurrencyCode && formatAmount(line.foreignAmount, line.foreignCurrencyCode);
  }

  @FieldResolver(() => Account, { description: 'The account that is debited or credited.' })
  account(@Root() line: JournalLine, @Ctx() context: Context): Account | Promise<Account> {
    return related(context.loaders.account, line.account);
  }

  @FieldResolver(() => Customer, { nullable: true, description: 'The customer, on receivable lines.' })
  customer(@Root() line: JournalLine, @Ctx() context: Context): Customer | Promise<Customer> | null {
    return line.customer && related(context.loaders.customer, line.customer);
  }

  @FieldResolver(() => Branch, { nullable: true, description: 'The branch that it is booked to.' })
  branch(@Root() line: JournalLine, @Ctx() context: Context): Branch | Promise<Branch> | null {
    return line.branch && related(context.loaders.branch, line.branch);
  }
}
