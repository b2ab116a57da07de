import { createHash } from 'node:crypto';
import { Authorized, Ctx, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { Actor } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import type { Context } from '../request/context.js';

@ObjectType({ description: 'The caller, as identified by the credential of the request.' })
export class Viewer implements Pick<Actor, 'name' | 'role' | 'organization'> {
  @Field(() => ID, { description: 'Identifier of the user or of the API key in the organization, for caches. Opaque.' })
  readonly id: string;

  @Field(() => String, { description: 'Name of the user or of the API key.' })
  readonly name: string;

  @Field(() => Role, { description: 'The role of the caller in the organization.' })
  readonly role: Role;

  @Field(() => Organization, { description: 'The organization of the request.' })
  readonly organization: Organization;

  constructor({ name, role, organization, userId, apiKeyId }: Actor) {
    this.name = name;
    this.role = role;
    this.organization = organization;
    // A hash: the numbers of users belong to the whole database.
    const caller = `${organization.publicId} ${apiKeyId === null ? `user ${userId}` : `key ${apiKeyId}`}`;
    this.id = createHash('sha256').update(caller).digest('base64url');
  }
}

@Resolver()
export class ViewerResolver {
  @Authorized(Role.VIEWER)
  @Query(() => Viewer, { description: 'The caller: name, role and organization.' })
  me(@Ctx() context: Context): Viewer {
    return new Viewer(context.actor);
  }
}
