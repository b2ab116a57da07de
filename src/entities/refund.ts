import { OptionalProps, type Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { Big } from '../money.js';
import type { PostingDate } from '../posting-date.js';
import { DecimalScalar, PostingDateScalar } from '../scalars.js';
import { Account } from './account.js';
import { Branch } from './branch.js';
import { DecimalColumn, ID_COLUMN } from './columns.js';
import { CreditNote } from './credit-note.js';
import { JournalEntry } from './journal-entry.js';
import { Owned } from './owned.js';

export enum RefundStatus {
  POSTED = 'POSTED',
}

registerEnumType(RefundStatus, {
  name: 'RefundStatus',
  description: 'Where a refund stands.',
  valuesConfig: { POSTED: { description: 'Paid, and in the books.' } },
});

export interface RefundTerms {
  readonly amount: Big;
  readonly exchangeRate: Big;
  readonly date: PostingDate;
  readonly referenceNo: string;
  readonly description: string;
  readonly settledAmount: Big;
  readonly paidAmount: Big;
}

/** Who did it, and in which request. */
export interface RefundOrigin {
  readonly createdBy: string;
  readonly userId: number | null;
  readonly apiKeyId: number | null;
  readonly requestId: string;
}

@ObjectType({ description: 'Money paid back against a credit note. It is never changed and never deleted.' })
@Entity({ tableName: 'refunds' })
export class Refund extends Owned {
  [OptionalProps]?: 'status';

  @ManyToOne(() => CreditNote)
  creditNote: Rel<CreditNote>;

  @ManyToOne(() => Account)
  fromAccount: Rel<Account>;

  @ManyToOne(() => Branch)
  branch: Rel<Branch>;

  @Property({ type: DecimalColumn })
  amount: Big;

  @Field(() => String, { description: "ISO 4217 code of the amount: the credit note's currency." })
  @Property({ type: 'text' })
  currencyCode: string;

  @Field(() => DecimalScalar, { description: 'Units of the base currency per unit of its currency, when it was paid.' })
  @Property({ type: DecimalColumn })
  exchangeRate: Big;

  /** What left the receivable, in the base currency, at the credit note's rate. */
  @Property({ type: DecimalColumn })
  settledAmount: Big;

  /** What left the from-account, in the base currency, at the refund's rate. */
  @Property({ type: DecimalColumn })
  paidAmount: Big;

  @Field(() => PostingDateScalar, { description: 'The day in the books that it belongs to.' })
  @Property({ type: 'date' })
  date: PostingDate;

  @Field(() => String, { description: 'Reference number, such as that of the bank transfer.' })
  @Property({ type: 'text' })
  referenceNo: string;

  @Field(() => String, { description: 'What it was paid for.' })
  @Property({ type: 'text' })
  description: string;

  @ManyToOne(() => JournalEntry)
  journalEntry: Rel<JournalEntry>;

  @Field(() => String, { description: 'Name of the user or of the API key that made it.' })
  @Property({ type: 'text' })
  createdBy: string;

  @Property({ type: ID_COLUMN, nullable: true })
  userId: number | null;

  @Property({ type: ID_COLUMN, nullable: true })
  apiKeyId: number | null;

  @Property({ type: 'text' })
  requestId: string;

  constructor(
    creditNote: CreditNote,
    fromAccount: Account,
    branch: Branch,
    terms: RefundTerms,
    journalEntry: JournalEntry,
    origin: RefundOrigin,
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
    this.date = terms.date;
    this.referenceNo = terms.referenceNo;
    this.description = terms.description;
    this.journalEntry = journalEntry;
    this.createdBy = origin.createdBy;
    this.userId = origin.userId;
    this.apiKeyId = origin.apiKeyId;
    this.requestId = origin.requestId;
  }

  @Field(() => RefundStatus, { description: 'Where it stands.' })
  get status(): RefundStatus {
    return RefundStatus.POSTED;
  }

  /** Realized FX gain (positive) or loss (negative), in the base currency: booked rate against paid rate. */
  get realizedGain(): Big {
    return this.settledAmount.minus(this.paidAmount);
  }
}
