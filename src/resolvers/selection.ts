import type { EntityMetadata } from '@mikro-orm/core';
import { type FieldNode, type GraphQLObjectType, type GraphQLResolveInfo, getNamedType, isObjectType } from 'graphql';
// GraphQL.js collects fields by this itself: fragments, aliases, @skip and @include mean here what they mean there.
import { collectSubfields } from 'graphql/execution/collectFields.js';

/** A document can ask for relations of relations without end; what lies deeper than this is read when it is reached. */
const MAX_DEPTH = 2;

/** Paths of the to-one relations that are asked for under the field, such as `creditNote` and `creditNote.customer`. */
export function relationsIn(info: GraphQLResolveInfo, meta: EntityMetadata): string[] {
  const under = (type: GraphQLObjectType, nodes: readonly FieldNode[], meta: EntityMetadata, depth: number): string[] => {
    const fields = collectSubfields(info.schema, info.fragments, info.variableValues, type, nodes);
    return [...fields.values()].flatMap((nodes) => {
      const name = nodes[0]?.name.value ?? '';
      const property = meta.properties[name as never] as EntityMetadata['props'][number] | undefined;
      const target = getNamedType(type.getFields()[name]?.type);
      if (property?.kind !== 'm:1' || !property.targetMeta || !isObjectType(target)) return [];
      const deeper = depth === MAX_DEPTH ? [] : under(target, nodes, property.targetMeta, depth + 1);
      return [name, ...deeper.map((path) => `${name}.${path}`)];
    });
  };
  const type = getNamedType(info.returnType);
  // One relation may be asked for under several aliases.
  return isObjectType(type) ? [...new Set(under(type, info.fieldNodes, meta, 1))] : [];
}
