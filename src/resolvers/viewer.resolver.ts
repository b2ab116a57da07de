import { Authorized, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { Actor } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import type { Context } from '../request/context.js';

@ObjectType({ description: 'Who the credential is.' })
export class Viewer implements Pick<Actor, 'name' | 'role' | 'organization'> {
  @Field(() => String, { description: 'Name of the user or of the API key.' })
  name!: string;

  @Field(() => Role, { description: 'What it may do in the organization.' })
  role!: Role;

  @Field(() => Organization, { description: 'The organization that it works in.' })
  organization!: Organization;
}

@Resolver()
export class ViewerResolver {
  @Authorized(Role.VIEWER)
  @Query(() => Viewer, { description: 'Who the credential is, its organization and its role.' })
  me(@Ctx() context: Context): Viewer {
    return context.actor;
  }
}
