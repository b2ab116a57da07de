import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
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
}
