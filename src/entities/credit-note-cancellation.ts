import type { Rel } from '@mikro-orm/core';
import { Embedded, Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import type { Big } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { PostingDateScalar } from '../values/scalars.js';
import { DecimalColumn } from './columns.js';
import { type Cancelled, CreditNote } from './credit-note.js';
import { JournalEntry } from './journal-entry.js';
import { Owned, RefersTo } from './owned.js';
import { Provenance } from './provenance.js';

/** The most cancellations that a credit note can have: a refund was reversed between any two. */
export const MAX_CANCELLATIONS = 5;

@ObjectType({
  description:
    "The cancellation of a credit note's remaining credit by an entry of its own. A note has another one only if a refund was reversed after the " +
    'first. It is never changed and never deleted.',
})
@Entity({ tableName: 'credit_note_cancellations' })
export class CreditNoteCancellation extends Owned {
  @RefersTo(() => CreditNote)
  creditNote: Rel<CreditNote>;

  @RefersTo(() => JournalEntry)
  journalEntry: Rel<JournalEntry>;

  @Property({ type: DecimalColumn })
  amount: Big;

  /** The receivable's part at the credit note's rate, in the base currency. */
  @Property({ type: DecimalColumn })
  baseAmount: Big;

  @Field(() => PostingDateScalar, { description: 'Posting date.' })
  @Property({ type: 'date' })
  date: PostingDate;

  @Field(() => String, { description: 'Reason of the cancellation.' })
  @Property({ type: 'text' })
  reason: string;

  @Embedded(() => Provenance, { prefix: false })
  provenance: Provenance;

  constructor(
    creditNote: CreditNote,
    { amount, baseAmount }: Cancelled,
    entry: JournalEntry,
    reason: string,
    provenance: Provenance,
  ) {
    super();
    this.organization = creditNote.organization;
    this.creditNote = creditNote;
    this.journalEntry = entry;
    this.amount = amount;
    this.baseAmount = baseAmount;
    this.date = entry.postingDate;
    this.reason = reason;
    this.provenance = provenance;
  }
}
