import type { Rel } from '@mikro-orm/core';
import { Embedded, Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import type { PostingDate } from '../values/posting-date.js';
import { PostingDateScalar } from '../values/scalars.js';
import { JournalEntry } from './journal-entry.js';
import { Owned, RefersTo } from './owned.js';
import { Provenance } from './provenance.js';
import { Refund } from './refund.js';

@ObjectType({
  description: 'The reversal of a refund by a mirror entry. A refund has at most one. It is never changed and never deleted.',
})
@Entity({ tableName: 'refund_reversals' })
export class RefundReversal extends Owned {
  @RefersTo(() => Refund, { unique: true })
  refund: Rel<Refund>;

  @RefersTo(() => JournalEntry)
  journalEntry: Rel<JournalEntry>;

  @Field(() => PostingDateScalar, { description: 'Posting date.' })
  @Property({ type: 'date' })
  date: PostingDate;

  @Field(() => String, { description: 'Reason of the reversal.' })
  @Property({ type: 'text' })
  reason: string;

  @Embedded(() => Provenance, { prefix: false })
  provenance: Provenance;

  constructor(refund: Rel<Refund>, journalEntry: JournalEntry, reason: string, provenance: Provenance) {
    super();
    this.organization = refund.organization;
    this.refund = refund;
    this.journalEntry = journalEntry;
    this.date = journalEntry.postingDate;
    this.reason = reason;
    this.provenance = provenance;
  }
}
