import { collectSubFields } from '@graphql-tools/utils';
import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  visit,
} from 'graphql';
import { propertyOf } from '../orm/columns.js';
import type { Selection } from '../orm/selection.js';

/** A document can ask for relations of relations without end; what lies deeper than this is read when it is reached. */
const MAX_DEPTH = 2;

/**
 * Returns what a query asks for under the field. A field with a resolver reads what its parameter declares by {@link Reads}; a field
 * without a resolver reads the property of its name.
 */
export function selectionOf(info: GraphQLResolveInfo, meta: EntityMetadata): Selection {
  // A field that stands in several places asks for what all of them do.
  const node = info.fieldNodes.length === 1 ? info.fieldNodes[0] : undefined;
  const known = node && SELECTIONS.get(node);
  if (known !== undefined) return known;
  const selection = selectionUnder(info, getNamedType(info.returnType) as GraphQLObjectType, info.fieldNodes, meta, {
    depth: 0,
    isOfMany: false,
  });
  if (node !== undefined && !hasDirectives(info)) SELECTIONS.set(node, selection);
  return selection;
}

/** Of the fields in documents that Apollo Server remembers. */
const SELECTIONS = new WeakMap<FieldNode, Selection>();

/** What is skipped or included may be another thing the next time. */
function hasDirectives({ operation, fragments }: GraphQLResolveInfo): boolean {
  let hasSome = false;
  const look = {
    Directive() {
      hasSome = true;
    },
  };
  for (const definition of [operation, ...Object.values(fragments)]) visit(definition, look);
  return hasSome;
}

/** How far from what is asked for, and whether a to-many relation lies in between: then there is no second one. */
interface Place {
  readonly depth: number;
  readonly isOfMany: boolean;
}

/** All that is asked for of a relation: several fields may read it, and one field may be asked for under several aliases. */
interface Asked {
  readonly property: EntityProperty;
  type: GraphQLObjectType | null;
  readonly nodes: FieldNode[];
}

function selectionUnder(
  info: GraphQLResolveInfo,
  type: GraphQLObjectType,
  above: readonly FieldNode[],
  meta: EntityMetadata,
  place: Place,
): Selection {
  const properties = new Set<string>();
  const relations = new Map<string, Asked>();
  // It follows fragments, aliases, @skip and @include as GraphQL.js does, whose own function is internal.
  const { fields } = collectSubFields(info.schema, info.fragments, info.variableValues, type, [...above]);
  for (const nodes of fields.values()) {
    const field = type.getFields()[nodes[0]?.name.value ?? ''];
    // __typename
    if (field === undefined) continue;
    const target = getNamedType(field.type);
    for (const name of readsOf(field, meta)) {
      const property = propertyOf(meta, name);
      properties.add(name);
      if (property.kind !== 'm:1' && property.kind !== '1:m') continue;
      const asked = relations.get(name) ?? { property, type: null, nodes: [] };
      relations.set(name, asked);
      if (!isObjectType(target)) continue;
      asked.type = target;
      asked.nodes.push(...nodes);
    }
  }
  const selections = new Map<string, Selection>();
  for (const [name, asked] of relations) {
    const selection = relationUnder(info, asked, place);
    if (selection !== null) selections.set(name, selection);
  }
  return { properties, relations: selections };
}

/** `null` if no more than its id is to come along. */
function relationUnder(info: GraphQLResolveInfo, { property, type, nodes }: Asked, { depth, isOfMany }: Place): Selection | null {
  const meta = property.targetMeta as EntityMetadata;
  if (property.kind === 'm:1') {
    if (type === null || depth === MAX_DEPTH) return null;
    return selectionUnder(info, type, nodes, meta, { depth: depth + 1, isOfMany });
  }
  if (isOfMany) return null;
  if (type === null) return { properties: new Set([property.mappedBy]), relations: new Map() };
  const { properties, relations } = selectionUnder(info, type, nodes, meta, { depth: MAX_DEPTH - 1, isOfMany: true });
  return { properties: properties && new Set([...properties, property.mappedBy]), relations };
}

/** A resolver that declares nothing gets no row, and so reads nothing. */
function readsOf({ name, extensions }: GraphQLField<unknown, unknown>, { properties }: EntityMetadata): readonly string[] {
  return (extensions.reads as readonly string[] | undefined) ?? (name in properties ? [name] : []);
}
