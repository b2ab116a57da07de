import { Extensions, Field, InputType } from 'type-graphql';
import { type Actor, requireRole } from '../../auth/actor.js';
import { Role } from '../../entities/access.js';
import { Protocol, type Provenance } from '../../entities/provenance.js';
import type { Condition } from '../rows.js';

@Extensions({ role: Role.ACCOUNTANT })
@InputType({ description: 'Where something came from; what is given must be equal.' })
export class ProvenanceFilter implements Partial<Provenance> {
  @Field(() => String, { nullable: true, description: 'Name of the user or of the API key.' })
  createdBy?: string;

  @Field(() => String, { nullable: true, description: 'Id of the request.' })
  requestId?: string;

  @Field(() => String, { nullable: true, description: 'W3C trace id.' })
  traceId?: string;

  @Field(() => String, { nullable: true, description: 'Name of the client.' })
  clientName?: string;

  @Field(() => String, { nullable: true, description: 'Version of the client.' })
  clientVersion?: string;

  @Field(() => String, { nullable: true, description: 'Name of the GraphQL operation.' })
  operationName?: string;

  @Field(() => Protocol, { nullable: true, description: 'The door.' })
  protocol?: Protocol;
}

/**
 * What the fields of a filter that are given ask for.
 *
 * @throws {Forbidden} to those who may not see where things came from: a filter would tell them
 */
export function given(filter: ProvenanceFilter, actor: Actor): Condition[] {
  requireRole(actor, Role.ACCOUNTANT);
  const fields = Object.entries(filter).filter(([, value]) => value !== undefined && value !== null);
  return fields.map(([name, value]) => [`provenance.${name}`, '=', value]);
}
