import type { Opt } from '@mikro-orm/core';
import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { BranchInactive } from '../errors.js';
import { Owned } from './owned.js';

@ObjectType({ description: 'A branch of the organization.' })
@Entity({ tableName: 'branches' })
export class Branch extends Owned {
  @Field(() => String, { description: 'Code, unique in the organization.' })
  @Property({ type: 'text' })
  code!: string;

  @Field(() => String, { description: 'Name of the branch.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => Boolean, { description: 'Whether it is the default branch.' })
  @Property({ type: 'boolean' })
  isPrimary = false;

  @Field(() => Boolean, { description: 'Whether it may be used in new documents. The primary branch always is.' })
  @Property({ type: 'boolean' })
  active: boolean & Opt = true;

  /** @throws {BranchInactive} */
  assertActive(field = 'branchId'): void {
    if (!this.active) throw new BranchInactive(this.name, field);
  }
}
