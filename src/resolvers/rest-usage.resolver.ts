import { Args, Authorized, Ctx, Field, Float, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { RestUsageArgs } from '../inputs/rest-usage.args.js';
import type { Context } from '../request/context.js';
import { type RestUsage, restUsage } from '../services/organizations/rest-usage.js';
import { PostingDateScalar } from '../values/scalars.js';

@ObjectType('RestUsage', { description: 'How often a caller has used a route of REST.' })
export class RestUsageType implements RestUsage {
  @Field(() => String, { description: 'Name of the API key or of the user.' })
  readonly caller!: string;

  @Field(() => ID, { nullable: true, description: 'The API key. Null for a user.' })
  readonly apiKeyId!: string | null;

  @Field(() => String, { description: 'Method and path of the route, such as `POST /api/credit-notes/{creditNoteId}/refunds`.' })
  readonly route!: string;

  @Field(() => Float, { description: 'Number of requests, also of those that were refused. It lags by up to a minute.' })
  readonly requests!: number;

  @Field(() => PostingDateScalar, { description: "Day of the latest of them, in the organization's time zone." })
  readonly lastUsedOn!: string;
}

@Resolver()
export class RestUsageResolver {
  @Authorized(Role.ADMIN)
  @Query(() => [RestUsageType], {
    nullable: true,
    description: 'Who has used REST lately, the most frequent first; at most 500 lines. It is empty if nobody needs REST any more.',
  })
  restUsage(@Ctx() { em, actor }: Context, @Args(() => RestUsageArgs) { days }: RestUsageArgs): Promise<RestUsage[]> {
    return restUsage(em, actor.organization.id, days);
  }
}
