import { Extensions, Field, InputType } from 'type-graphql';
import { type Actor, requireRole } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Protocol, type Provenance } from '../entities/provenance.js';
import type { Condition } from '../reads/rows.js';
import { IsText } from './validators.js';

/** What is kept is cut at this length; so no more of it can be asked for. */
const MAX_KEPT = 255;

@Extensions({ role: Role.ACCOUNTANT })
@InputType({ description: 'Where something came from; what is given must be equal.' })
export class ProvenanceFilter implements Partial<Provenance> {
  @Field(() => String, { nullable: true, description: 'Name of the user or of the API key.' })
  @IsText(0, MAX_KEPT)
  createdBy?: string;

  @Field(() => String, { nullable: true, description: 'Id of the request.' })
  @IsText(0, MAX_KEPT)
  requestId?: string;

  @Field(() => String, { nullable: true, description: 'W3C trace id.' })
  @IsText(0, MAX_KEPT)
  traceId?: string;

  @Field(() => String, { nullable: true, description: 'Name of the client.' })
  @IsText(0, MAX_KEPT)
  clientName?: string;

  @Field(() => String, { nullable: true, description: 'Version of the client.' })
  @IsText(0, MAX_KEPT)
  clientVersion?: string;

  @Field(() => String, { nullable: true, description: 'Name of the GraphQL operation.' })
  @IsText(0, MAX_KEPT)
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
