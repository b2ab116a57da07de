import { type EntityClass, type Opt, PrimaryKeyProp, type Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { ID_COLUMN } from './columns.js';
import { Node } from './node.js';
import { Organization } from './organization.js';

/**
 * Base class of all rows that belong to an organization. The foreign keys between them contain the organization, so that no row can refer
 * to a row of another organization.
 */
@ObjectType({ implements: Node })
@Entity({ abstract: true })
export abstract class Owned {
  [PrimaryKeyProp]?: ['id', 'organization'];

  @Field(() => ID, { description: 'Identifier: a positive integer.' })
  @PrimaryKey({ type: ID_COLUMN, autoincrement: true })
  id!: number;

  @ManyToOne(() => Organization, { primary: true })
  organization!: Rel<Organization>;

  @Field(() => Date, { description: 'Time at which this was recorded.' })
  @Property({ type: 'datetime', defaultRaw: 'now()' })
  createdAt!: Date & Opt;
}

/**
 * Maps a to-one relation between rows of one organization, such as `creditNote` with the columns `credit_note_id` and `organization_id`.
 *
 * @example @RefersTo(() => Customer, { nullable: true }) customer: Rel<Customer> | null;
 */
export function RefersTo<T extends Owned>(entity: () => EntityClass<T>, options: { nullable?: boolean; unique?: boolean } = {}) {
  return (target: Owned, name: string): void => {
    const column = `${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_id`;
    ManyToOne(entity, { ...options, joinColumns: [column, 'organization_id'], referencedColumnNames: ['id', 'organization_id'] })(
      target,
      name,
    );
  };
}

/** The highest id. */
export const MAX_ID = 999_999_999_999_999;

/** Parses an id from a request; returns `null` if the text is not a positive integer up to {@link MAX_ID}. */
export function parseId(text: string): number | null {
  return /^[1-9]\d{0,14}$/.test(text) ? Number.parseInt(text, 10) : null;
}
