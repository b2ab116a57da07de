import { type GraphQLSchema, isObjectType } from 'graphql';
import { nodeIdOf } from '../entities/node.js';
import { Organization } from '../entities/organization.js';
import type { Context } from '../request/context.js';

/** Gives each type that implements `Node` the resolver of its `nodeId`, which follows from the type, the organization and the row's id. */
export function withNodeIds(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    const field = isObjectType(type) ? type.getFields().nodeId : undefined;
    if (field === undefined) continue;
    field.resolve = (row: Organization | { readonly id: number }, _args, { actor }: Context) =>
      row instanceof Organization ? nodeIdOf(type.name, row) : nodeIdOf(type.name, actor.organization, row.id);
  }
  return schema;
}
