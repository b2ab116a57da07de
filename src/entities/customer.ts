import type { Opt } from '@mikro-orm/core';
import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { CustomerInactive } from '../errors.js';
import { Owned } from './owned.js';

@ObjectType({ description: 'A customer, who receives invoices and credit notes.' })
@Entity({ tableName: 'customers' })
export class Customer extends Owned {
  @Field(() => String, { description: 'Name on documents.' })
  @Property({ type: 'text' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'E-mail address.' })
  @Property({ type: 'text', nullable: true })
  email: string | null = null;

  @Field(() => String, { description: "ISO 4217 code of the currency of the customer's documents." })
  @Property({ type: 'text' })
  currencyCode!: string;

  @Field(() => Boolean, {
    description: 'Whether the customer may get new credit notes. The credit of the present ones can be refunded anyway.',
  })
  @Property({ type: 'boolean' })
  active: boolean & Opt = true;

  /** @throws {CustomerInactive} */
  assertActive(field = 'customerId'): void {
    if (!this.active) throw new CustomerInactive(this.displayName, field);
  }
}
