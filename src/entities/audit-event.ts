import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { Owned } from './owned.js';

@ObjectType({
  description:
    'A change of permissions, of the lock date, of settings, of a record or a draft, or a reference that was added to a refund. It is never changed and never deleted.',
})
@Entity({ tableName: 'audit_events' })
export class AuditEvent extends Owned {
  @Field(() => String, { description: 'Name of the command, such as lockTransactions or api-key create.' })
  @Property({ type: 'text' })
  action!: string;

  @Property({ type: 'json' })
  details!: Readonly<Record<string, string>>;

  @Field(() => String, { description: 'Name of the user, of the API key, or of the operator.' })
  @Property({ type: 'text' })
  createdBy!: string;

  @Field(() => String, { description: 'Id of the request that made the change.' })
  @Property({ type: 'text' })
  requestId!: string;
}
