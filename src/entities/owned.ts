import type { Opt, Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { ID_COLUMN } from './columns.js';
import { Organization } from './organization.js';

/**
 * Base class of all rows that belong to an organization. The foreign keys between them contain the organization, so that no row can refer
 * to a row of another organization.
 */
@ObjectType()
@Entity({ abstract: true })
export abstract class Owned {
  @Field(() => ID, { description: 'Identifier: a positive integer.' })
  @PrimaryKey({ type: ID_COLUMN })
  id!: number;

  @ManyToOne(() => Organization)
  organization!: Rel<Organization>;

  @Field(() => Date, { description: 'Time at which this was recorded.' })
  @Property({ type: 'datetime', defaultRaw: 'now()' })
  createdAt!: Date & Opt;
}

/** Parses an id from a request; returns `null` if the text is not a positive integer of up to 15 digits. */
export function parseId(text: string): number | null {
  return /^[1-9]\d{0,14}$/.test(text) ? Number.parseInt(text, 10) : null;
}
