import { Collection, type Rel } from '@mikro-orm/core';
import { Embedded, Entity, OneToMany, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { Big } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { Account } from './account.js';
import { Branch } from './branch.js';
import { DecimalColumn } from './columns.js';
import { CreditNote, type Settlement } from './credit-note.js';
import { JournalEntry } from './journal-entry.js';
import { Owned, RefersTo } from './owned.js';
import { Provenance } from './provenance.js';
import { RefundReversal } from './refund-reversal.js';

export enum RefundStatus {
  POSTED = 'POSTED',
  REVERSED = 'REVERSED',
}

registerEnumType(RefundStatus, {
  name: 'RefundStatus',
  description: 'State of a refund.',
  valuesConfig: {
    POSTED: { description: 'Paid and posted.' },
    REVERSED: { description: 'Reversed by a mirror entry. A reversal is final.' },
  },
});

export interface RefundTerms extends Settlement {
  readonly date: PostingDate;
  readonly referenceNo: string | null;
  readonly description: string | null;
}

/** The most references that can be added to a refund later. */
export const MAX_ADDED_REFERENCES = 10;

@ObjectType({ description: 'Money paid back against a credit note. It is never changed and never deleted.' })
@Entity({ tableName: 'refunds' })
export class Refund extends Owned {
  @RefersTo(() => CreditNote)
  creditNote: Rel<CreditNote>;

  @RefersTo(() => Account)
  fromAccount: Rel<Account>;

  @RefersTo(() => Branch)
  branch: Rel<Branch>;

  @Property({ type: DecimalColumn })
  amount: Big;

  @Field(() => String, { description: "ISO 4217 code of the amount: the credit note's currency." })
  @Property({ type: 'text' })
  currencyCode: string;

  @Field(() => DecimalScalar, {
    description: "Units of the base currency per unit of the refund's currency, at the time of the payment.",
  })
  @Property({ type: DecimalColumn })
  exchangeRate: Big;

  /** The receivable's part at the credit note's rate, in the base currency. */
  @Property({ type: DecimalColumn })
  settledAmount: Big;

  /** The from-account's part, in the base currency. */
  @Property({ type: DecimalColumn })
  paidAmount: Big;

  /** Realized FX gain (positive) or loss (negative), in the base currency: booked rate against paid rate. */
  @Property({ type: DecimalColumn })
  realizedGain: Big;

  @Field(() => PostingDateScalar, { description: 'Posting date.' })
  @Property({ type: 'date' })
  date: PostingDate;

  /** Null: the refund was made without one, which legacy clients tell from an empty one. */
  @Property({ type: 'text', nullable: true })
  referenceNo: string | null;

  @Property({ type: 'text', nullable: true })
  description: string | null;

  @RefersTo(() => JournalEntry)
  journalEntry: Rel<JournalEntry>;

  @Embedded(() => Provenance, { prefix: false })
  provenance: Provenance;

  /** At most one. */
  @OneToMany(
    () => RefundReversal,
    (reversal) => reversal.refund,
  )
  reversals = new Collection<RefundReversal>(this);

  constructor(
    creditNote: CreditNote,
    fromAccount: Account,
    branch: Branch,
    terms: RefundTerms,
    journalEntry: JournalEntry,
    provenance: Provenance,
  ) {
    super();
    this.organization = creditNote.organization;
    this.creditNote = creditNote;
    this.fromAccount = fromAccount;
    this.branch = branch;
    this.amount = terms.amount;
    this.currencyCode = creditNote.currencyCode;
    this.exchangeRate = terms.exchangeRate;
    this.settledAmount = terms.settledAmount;
    this.paidAmount = terms.paidAmount;
    this.realizedGain = terms.realizedGain;
    this.date = terms.date;
    this.referenceNo = terms.referenceNo;
    this.description = terms.description;
    this.journalEntry = journalEntry;
    this.provenance = provenance;
  }
}
