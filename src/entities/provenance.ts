import { Embeddable, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { ID_COLUMN } from './columns.js';

/** The door that a request came through. */
export enum Protocol {
  GRAPHQL = 'GRAPHQL',
  REST = 'REST',
  /** The operator's commands, and the seed of the demo. */
  INTERNAL = 'INTERNAL',
  /** The import from another system, which knows the author. */
  IMPORT = 'IMPORT',
}

registerEnumType(Protocol, {
  name: 'Protocol',
  description: 'The API that a request used.',
  valuesConfig: {
    GRAPHQL: { description: 'The GraphQL API.' },
    REST: { description: 'The REST API.' },
    INTERNAL: { description: "The operator's own commands." },
    IMPORT: { description: 'None: the record was imported from another system, which knows its author.' },
  },
});

@ObjectType({ description: 'Origin of a record: its author and the request.' })
@Embeddable()
export class Provenance {
  @Field(() => String, { description: 'Name of the user or of the API key at that time; Bigcapital if the record was imported.' })
  @Property({ type: 'text' })
  createdBy!: string;

  @Property({ type: ID_COLUMN, nullable: true })
  userId!: number | null;

  @Property({ type: ID_COLUMN, nullable: true })
  apiKeyId!: number | null;

  @Field(() => String, { description: 'Id of the request, as in the log.' })
  @Property({ type: 'text' })
  requestId!: string;

  @Field(() => String, { nullable: true, description: "W3C trace id of the caller's traceparent header." })
  @Property({ type: 'text', nullable: true })
  traceId!: string | null;

  @Field(() => String, { nullable: true, description: 'The apollographql-client-name header.' })
  @Property({ type: 'text', nullable: true })
  clientName!: string | null;

  @Field(() => String, { nullable: true, description: 'The apollographql-client-version header.' })
  @Property({ type: 'text', nullable: true })
  clientVersion!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the GraphQL operation.' })
  @Property({ type: 'text', nullable: true })
  operationName!: string | null;

  @Field(() => Protocol, { description: 'The API that the request used.' })
  @Property({ type: 'text' })
  protocol!: Protocol;

  @Field(() => String, { nullable: true, description: "The caller's address, if addresses are stored." })
  @Property({ type: 'text', nullable: true })
  ip!: string | null;
}
