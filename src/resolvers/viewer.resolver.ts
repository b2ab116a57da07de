import { Authorized, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { Actor } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import type { Context } from '../request/context.js';

@ObjectType({ description: 'The caller, as identified by the credential of the request.' })
export class Viewer implements Pick<Actor, 'name' | 'role' | 'organization'> {
  @Field(() => String, { description: 'Name of the user or of the API key.' })
  name!: string;

  @Field(() => Role, { description: 'The role of the caller in the organization.' })
  role!: Role;

  @Field(() => Organization, { description: 'The organization of the request.' })
  organization!: Organization;
}

@Resolver()
export class ViewerResolver {
  @Authorized(Role.VIEWER)
  @Query(() => Viewer, { description: 'The caller: name, role and organization.' })
  me(@Ctx() context: Context): Viewer {
    return context.actor;
  }
}
