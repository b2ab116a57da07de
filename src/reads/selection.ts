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
import { propertyOf, type Selection } from '../orm/columns.js';

/** Depth of relations that are read in the same round trip. Loaders read deeper ones. */
const MAX_DEPTH = 2;

/**
 * Returns the columns and relations that a query selects under the field. A field with a resolver reads the columns that its parameter declares
 * by {@link Reads}; a field without a resolver reads the property of its name.
 */
export function selectionOf(info: GraphQLResolveInfo, meta: EntityMetadata): Selection {
  // The selection of a field in several places merges those of its nodes, and is not cached.
  const node = info.fieldNodes.length === 1 ? info.fieldNodes[0] : undefined;
  const cached = node && SELECTIONS.get(node);
  if (cached !== undefined) return cached;
  const selection = selectionUnder(info, getNamedType(info.returnType) as GraphQLObjectType, info.fieldNodes, meta, {
    depth: 0,
    isBelowToMany: false,
  });
  if (node !== undefined && !hasDirectives(info)) SELECTIONS.set(node, selection);
  return selection;
}

/** Cached selections by field node. An entry lives as long as its document, which Apollo Server caches. */
const SELECTIONS = new WeakMap<FieldNode, Selection>();

/** Whether the document has directives. With @skip and @include, the selection depends on the variables and must not be cached. */
function hasDirectives({ operation, fragments }: GraphQLResolveInfo): boolean {
  let hasSome = false;
  const visitor = {
    Directive() {
      hasSome = true;
    },
  };
  for (const definition of [operation, ...Object.values(fragments)]) visit(definition, visitor);
  return hasSome;
}

/** Depth below the selected rows, and whether a to-many relation lies in between. A second to-many relation is left to the loaders. */
interface Position {
  readonly depth: number;
  readonly isBelowToMany: boolean;
}

/** The field nodes that select a relation: several fields may read it, and a field may have several aliases. */
interface SelectedRelation {
  readonly property: EntityProperty;
  type: GraphQLObjectType | null;
  readonly nodes: FieldNode[];
}

function selectionUnder(
  info: GraphQLResolveInfo,
  type: GraphQLObjectType,
  above: readonly FieldNode[],
  meta: EntityMetadata,
  position: Position,
): Selection {
  const properties = new Set<string>();
  const relations = new Map<string, SelectedRelation>();
  // Resolves fragments, aliases, @skip and @include as GraphQL.js does. The function of GraphQL.js itself is internal.
  const { fields } = collectSubFields(info.schema, info.fragments, info.variableValues, type, [...above]);
  for (const nodes of fields.values()) {
    const field = type.getFields()[nodes[0]?.name.value ?? ''];
    // Introspection fields such as __typename are not fields of the type.
    if (field === undefined) continue;
    const target = getNamedType(field.type);
    for (const name of readsOf(field, meta)) {
      const property = propertyOf(meta, name);
      properties.add(name);
      if (property.kind !== 'm:1' && property.kind !== '1:m') continue;
      const relation = relations.get(name) ?? { property, type: null, nodes: [] };
      relations.set(name, relation);
      if (!isObjectType(target)) continue;
      relation.type = target;
      relation.nodes.push(...nodes);
    }
  }
  const selections = new Map<string, Selection>();
  for (const [name, relation] of relations) {
    const selection = relationUnder(info, relation, position);
    if (selection !== null) selections.set(name, selection);
  }
  return { properties, relations: selections };
}

/** Returns the selection of a relation; `null` if the relation's rows are not read in the same round trip. */
function relationUnder(
  info: GraphQLResolveInfo,
  { property, type, nodes }: SelectedRelation,
  { depth, isBelowToMany }: Position,
): Selection | null {
  const meta = property.targetMeta as EntityMetadata;
  if (property.kind === 'm:1') {
    if (type === null || depth === MAX_DEPTH) return null;
    return selectionUnder(info, type, nodes, meta, { depth: depth + 1, isBelowToMany });
  }
  if (isBelowToMany) return null;
  if (type === null) return { properties: new Set([property.mappedBy]), relations: new Map() };
  const { properties, relations } = selectionUnder(info, type, nodes, meta, { depth: MAX_DEPTH - 1, isBelowToMany: true });
  return { properties: properties && new Set([...properties, property.mappedBy]), relations };
}

/** Returns the properties that a field reads. A field without a declaration and without a property of its name reads none. */
function readsOf({ name, extensions }: GraphQLField<unknown, unknown>, { properties }: EntityMetadata): readonly string[] {
  return (extensions.reads as readonly string[] | undefined) ?? (name in properties ? [name] : []);
}
