import type { Rel } from '@mikro-orm/core';
import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import type { Big } from '../values/money.js';
import { Account } from './account.js';
import { DecimalColumn } from './columns.js';
import { CreditNote } from './credit-note.js';
import { Owned, RefersTo } from './owned.js';

export interface LineTerms {
  readonly account: Account;
  readonly description: string;
  /** In the credit note's currency. */
  readonly amount: Big;
}

@ObjectType({
  description: 'A line of a credit note. It debits its account; a negative line, such as a restocking fee, credits it.',
})
@Entity({ tableName: 'credit_note_lines' })
export class CreditNoteLine extends Owned {
  /** A line that an edit of its draft has replaced has lost its note, and nothing reads it any more. */
  @RefersTo(() => CreditNote, { nullable: true })
  creditNote: Rel<CreditNote>;

  @RefersTo(() => Account)
  account: Rel<Account>;

  @Field(() => String, { description: 'Goods or services that the line credits.' })
  @Property({ type: 'text' })
  description: string;

  @Property({ type: DecimalColumn })
  amount: Big;

  constructor(creditNote: Rel<CreditNote>, line: LineTerms) {
    super();
    this.organization = creditNote.organization;
    this.creditNote = creditNote;
    this.account = line.account;
    this.description = line.description;
    this.amount = line.amount;
  }
}
