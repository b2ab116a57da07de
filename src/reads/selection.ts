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
export function selectionOf(
  info: GraphQLResolveInfo,
  meta: EntityMetadata,
  type = getNamedType(info.returnType) as GraphQLObjectType,
): Selection {
  return cached(SELECTIONS, info, type.name, () => selectionUnder(info, type, info.fieldNodes, meta, TOP));
}

/** What a query selects of a connection. */
export interface ConnectionSelection {
  /** The columns and relations of its rows, whether they are selected as `nodes` or as `edges`. */
  readonly rows: Selection;
  /** Whether anything but the count is selected. */
  readonly hasRows: boolean;
  readonly isCounted: boolean;
  /** The selected fields of `pageInfo`. */
  readonly pageInfo: ReadonlySet<string>;
}

/** Returns what a query selects of the connection that the field returns. */
export function connectionSelectionOf(info: GraphQLResolveInfo, meta: EntityMetadata): ConnectionSelection {
  const connection = getNamedType(info.returnType) as GraphQLObjectType;
  return cached(CONNECTIONS, info, connection.name, () => {
    const fields = fieldsUnder(info, connection, info.fieldNodes);
    const named = (name: string): readonly FieldNode[] => fields.get(name) ?? [];
    const typeOf = (name: string, parent = connection) => getNamedType(parent.getFields()[name]?.type) as GraphQLObjectType;
    const edge = typeOf('edges');
    const inEdges = fieldsUnder(info, edge, named('edges')).get('node') ?? [];
    return {
      rows: selectionUnder(info, typeOf('node', edge), [...named('nodes'), ...inEdges], meta, TOP),
      hasRows: ['nodes', 'edges', 'pageInfo'].some((name) => fields.has(name)),
      isCounted: ['totalCount', 'totalCountIsCapped'].some((name) => fields.has(name)),
      pageInfo: new Set(fieldsUnder(info, typeOf('pageInfo'), named('pageInfo')).keys()),
    };
  });
}

/**
 * Returns the field nodes under the nodes by the name of the field, with fragments, aliases, @skip and @include as GraphQL.js resolves them. One alias may
 * stand for different fields, if the nodes above have aliases too.
 */
function fieldsUnder(
  { schema, fragments, variableValues }: GraphQLResolveInfo,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Map<string, FieldNode[]> {
  // The function of GraphQL.js itself is internal.
  const { fields } = collectSubFields(schema, fragments, { coerced: variableValues, sources: {} }, type, [...nodes]);
  return Map.groupBy([...fields.values()].flat(), ({ name }) => name.value);
}

/** Cached values by field node and type. An entry lives as long as its document, which Apollo Server caches. */
type Cache<T> = WeakMap<FieldNode, Map<string, T>>;

const SELECTIONS: Cache<Selection> = new WeakMap();
const CONNECTIONS: Cache<ConnectionSelection> = new WeakMap();

function cached<T>(cache: Cache<T>, info: GraphQLResolveInfo, key: string, compute: () => T): T {
  // The selection of a field in several places merges those of its nodes, and is not cached.
  const node = info.fieldNodes.length === 1 ? info.fieldNodes[0] : undefined;
  const known = node && cache.get(node)?.get(key);
  if (known !== undefined) return known;
  const value = compute();
  if (node !== undefined && !hasDirectives(info)) cache.set(node, (cache.get(node) ?? new Map<string, T>()).set(key, value));
  return value;
}

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

const TOP: Position = { depth: 0, isBelowToMany: false };

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
  for (const [name, nodes] of fieldsUnder(info, type, above)) {
    const field = type.getFields()[name];
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
