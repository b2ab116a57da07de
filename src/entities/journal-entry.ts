import { Collection, type Rel } from '@mikro-orm/core';
import { Entity, Enum, OneToMany, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { Big, ZERO } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { PostingDateScalar } from '../values/scalars.js';
import { Account } from './account.js';
import { Side } from './account-type.js';
import { Branch } from './branch.js';
import { DecimalColumn } from './columns.js';
import { Customer } from './customer.js';
import type { Organization } from './organization.js';
import { Owned, RefersTo } from './owned.js';

/** The kind of document that an entry belongs to. */
export enum JournalSource {
  CREDIT_NOTE = 'CREDIT_NOTE',
  REFUND = 'REFUND',
  REVERSAL = 'REVERSAL',
  CANCELLATION = 'CANCELLATION',
  /** Balances from another system, which also has their documents. */
  OPENING = 'OPENING',
}

/** One side of a posting, before it is part of an entry. */
export interface Posting {
  readonly side: Side;
  readonly account: Account;
  /** In the base currency. Zero is allowed if the foreign amount is positive: a small one may round to zero. */
  readonly amount: Big;
  /** The amount in the document's currency, if that is not the base currency. */
  readonly foreign?: { readonly amount: Big; readonly currencyCode: string } | undefined;
  readonly customer?: Customer | undefined;
  readonly branch?: Branch | undefined;
}

/**
 * Returns a posting on the debit side.
 *
 * @param amount in the base currency
 * @example debit(receivable, settledAmount, { customer, branch, foreign: { amount, currencyCode: 'EUR' } })
 */
export function debit(account: Account, amount: Big, rest: Omit<Posting, 'side' | 'account' | 'amount'> = {}): Posting {
  return { side: Side.DEBIT, account, amount, ...rest };
}

/** Returns a posting on the credit side, like {@link debit}. */
export function credit(account: Account, amount: Big, rest: Omit<Posting, 'side' | 'account' | 'amount'> = {}): Posting {
  return { side: Side.CREDIT, account, amount, ...rest };
}

@ObjectType({ description: 'A balanced posting in the books. It is never changed and never deleted.' })
@Entity({ tableName: 'journal_entries' })
export class JournalEntry extends Owned {
  @Field(() => PostingDateScalar, { description: 'Posting date.' })
  @Property({ type: 'date' })
  postingDate: PostingDate;

  @Enum({ items: () => JournalSource, columnType: 'text' })
  source: JournalSource;

  @Field(() => String, { description: 'Purpose of the entry.' })
  @Property({ type: 'text' })
  memo: string;

  @RefersTo(() => JournalEntry, { nullable: true })
  reversalOf: Rel<JournalEntry> | null = null;

  @OneToMany(
    () => JournalLine,
    (line) => line.journalEntry,
  )
  lines: Collection<JournalLine>;

  /** @throws {Error} if the postings do not balance: a bug, never a refusal */
  constructor(
    organization: Organization,
    header: { postingDate: PostingDate; source: JournalSource; memo: string },
    postings: readonly Posting[],
  ) {
    super();
    this.organization = organization;
    this.postingDate = header.postingDate;
    this.source = header.source;
    this.memo = header.memo;
    // A posting of zero in both currencies has no effect, so it is left out.
    const nonZero = postings.filter(({ amount, foreign }) => amount.gt(ZERO) || foreign?.amount.gt(ZERO));
    const debits = sum(nonZero, Side.DEBIT);
    const credits = sum(nonZero, Side.CREDIT);
    if (nonZero.length === 0 || !debits.eq(credits)) {
      throw new Error(`unbalanced journal entry: debits ${debits.toFixed()}, credits ${credits.toFixed()}`);
    }
    // To add the lines to a collection would take longer than to make them.
    this.lines = new Collection<JournalLine>(
      this,
      nonZero.map((posting) => new JournalLine(this, posting)),
    );
  }

  /** Returns the mirror entry, with each line on the opposite side. The lines must be loaded. */
  reversed(postingDate: PostingDate): JournalEntry {
    const postings = this.lines.getItems().map((line) => ({ ...line.posting(), side: opposite(line.side) }));
    const mirror = new JournalEntry(
      this.organization,
      { postingDate, source: JournalSource.REVERSAL, memo: `Reversal: ${this.memo}` },
      postings,
    );
    mirror.reversalOf = this;
    return mirror;
  }
}

@ObjectType({ description: 'One side of a journal entry.' })
@Entity({ tableName: 'journal_lines' })
export class JournalLine extends Owned {
  @RefersTo(() => JournalEntry)
  journalEntry: Rel<JournalEntry>;

  /** Copy of the entry's date, so that a balance as of a date is a sum over lines alone. */
  @Property({ type: 'date' })
  postingDate: PostingDate;

  @Field(() => Side, { description: 'Debit or credit.' })
  @Enum({ items: () => Side, columnType: 'text' })
  side: Side;

  @RefersTo(() => Account)
  account: Rel<Account>;

  @RefersTo(() => Customer, { nullable: true })
  customer: Rel<Customer> | null;

  @RefersTo(() => Branch, { nullable: true })
  branch: Rel<Branch> | null;

  @Property({ type: DecimalColumn })
  amount: Big;

  @Property({ type: DecimalColumn, nullable: true })
  foreignAmount: Big | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code of the foreign amount.' })
  @Property({ type: 'text', nullable: true })
  foreignCurrencyCode: string | null;

  constructor(journalEntry: JournalEntry, posting: Posting) {
    super();
    this.organization = journalEntry.organization;
    this.journalEntry = journalEntry;
    this.postingDate = journalEntry.postingDate;
    this.side = posting.side;
    this.account = posting.account;
    this.customer = posting.customer ?? null;
    this.branch = posting.branch ?? null;
    this.amount = posting.amount;
    this.foreignAmount = posting.foreign?.amount ?? null;
    this.foreignCurrencyCode = posting.foreign?.currencyCode ?? null;
  }

  /** Returns the line as a posting for another entry. */
  posting(): Posting {
    const { side, account, amount, customer, branch, foreignAmount, foreignCurrencyCode } = this;
    return {
      side,
      account,
      amount,
      customer: customer ?? undefined,
      branch: branch ?? undefined,
      foreign: foreignAmount && foreignCurrencyCode ? { amount: foreignAmount, currencyCode: foreignCurrencyCode } : undefined,
    };
  }
}

function opposite(side: Side): Side {
  return side === Side.DEBIT ? Side.CREDIT : Side.DEBIT;
}

function sum(postings: readonly Posting[], side: Side): Big {
  return postings.reduce((total, posting) => (posting.side === side ? total.plus(posting.amount) : total), ZERO);
}
