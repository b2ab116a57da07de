import type { Opt, Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { ID_COLUMN } from './columns.js';
import { Organization } from './organization.js';

/**
 * What belongs to an organization. In the database each reference between two owned rows carries the organization, so
 * that no row can point into another one's books.
 */
@ObjectType()
@Entity({ abstract: true })
export abstract class Owned {
  @Field(() => ID, { description: 'Identifier: a positive integer.' })
  @PrimaryKey({ type: ID_COLUMN })
  id!: number;

  @ManyToOne(() => Organization)
  organization!: Rel<Organization>;

  @Field(() => Date, { description: 'When it was recorded.' })
  @Property({ type: 'datetime', defaultRaw: 'now()' })
  createdAt!: Date & Opt;
}

/** Reads an id from the wire; `null` for what cannot be one. */
export function parseId(text: string): number | null {
  return /^[1-9]\d{0,14}$/.test(text) ? Number.parseInt(text, 10) : null;
}
