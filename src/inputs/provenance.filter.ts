import { Extensions, Field, InputType } from 'type-graphql';
import { type Actor, requireRole } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Protocol, type Provenance } from '../entities/provenance.js';
import type { Refund } from '../entities/refund.js';
import { type Condition, conditionsOf, type Filterable, type Filters } from '../reads/filters.js';
import { IsText } from './validators.js';

/** Stored values are truncated to this length, so a longer filter would find nothing. */
const MAX_KEPT = 255;

@Extensions({ role: Role.ACCOUNTANT })
@InputType({ description: 'Filter by the origin of a record. All given fields must be equal.' })
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

  @Field(() => Protocol, { nullable: true, description: 'The API that the request used.' })
  protocol?: Protocol;
}

const FILTERS: Filters<Refund, ProvenanceFilter> = {
  createdBy: ['provenance.createdBy', '='],
  requestId: ['provenance.requestId', '='],
  traceId: ['provenance.traceId', '='],
  clientName: ['provenance.clientName', '='],
  clientVersion: ['provenance.clientVersion', '='],
  operationName: ['provenance.operationName', '='],
  protocol: ['provenance.protocol', '='],
};

/**
 * Returns one condition for each given field of the filter.
 *
 * @throws {Forbidden} if the actor may not read provenance, since a filter would reveal it
 */
export function provenanceConditions(filter: ProvenanceFilter, actor: Actor): Condition<Filterable<Refund>>[] {
  requireRole(actor, Role.ACCOUNTANT, 'provenance');
  return conditionsOf(FILTERS, filter, actor);
}
