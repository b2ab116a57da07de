import { ArrayMaxSize } from 'class-validator';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, ArgsType, Authorized, Ctx, Field, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Node } from '../entities/node.js';
import { MAX_ITEMS } from '../inputs/lengths.js';
import { findNodes } from '../reads/nodes.js';
import type { Context } from '../request/context.js';

@ArgsType()
class NodesArgs {
  @Field(() => [ID], { description: 'At most 100 identifiers.' })
  @ArrayMaxSize(MAX_ITEMS, { message: 'nodeIds must hold at most 100 identifiers' })
  nodeIds!: string[];
}

@Resolver()
export class NodeResolver {
  @Authorized(Role.VIEWER)
  @Query(() => Node, { nullable: true, description: 'The object with this identifier, or null if the organization has none.' })
  async node(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('nodeId', () => ID, { description: 'Value of the field `nodeId`.' }) nodeId: string,
  ): Promise<object | null> {
    const [node = null] = await findNodes(context, info, [nodeId]);
    return node;
  }

  @Authorized(Role.VIEWER)
  @Query(() => [Node], {
    nullable: 'itemsAndList',
    description: 'The objects with these identifiers, in the same order; null for each that the organization does not have.',
  })
  nodes(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => NodesArgs) { nodeIds }: NodesArgs,
  ): Promise<(object | null)[]> {
    return findNodes(context, info, nodeIds);
  }
}
