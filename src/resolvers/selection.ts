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
// GraphQL.js collects fields by this itself: fragments, aliases, @skip and @include mean here what they mean there.
import { collectSubfields } from 'graphql/execution/collectFields.js';
import type { Shape } from '../detached.js';

/** A document can ask for relations of relations without end; what lies deeper than this is read when it is reached. */
const MAX_DEPTH = 2;

/**
 * What has to be read of the entity for the fields that are asked for under the field: for a field without a resolver, and for
 * a relation, the property of its name; for one with a resolver what it says that it reads, and everything if it says nothing.
 */
export function shapeOf(info: GraphQLResolveInfo, meta: EntityMetadata): Shape {
  // A field that stands in several places asks for what all of them do.
  const node = info.fieldNodes.length === 1 ? info.fieldNodes[0] : undefined;
  const known = node && SHAPES.get(node);
  if (known !== undefined) return known;
  const shape = shapeUnder(info, getNamedType(info.returnType) as GraphQLObjectType, info.fieldNodes, meta, 0);
  if (node !== undefined && !hasDirectives(info)) SHAPES.set(node, shape);
  return shape;
}

/** Of the fields in documents that Apollo Server remembers. */
const SHAPES = new WeakMap<FieldNode, Shape>();

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

interface Growing extends Shape {
  properties: Set<string> | null;
  readonly relations: Map<string, Growing>;
}

function shapeUnder(
  info: GraphQLResolveInfo,
  type: GraphQLObjectType,
  above: readonly FieldNode[],
  meta: EntityMetadata,
  depth: number,
): Growing {
  const shape: Growing = { properties: new Set(), relations: new Map() };
  for (const nodes of collectSubfields(info.schema, info.fragments, info.variableValues, type, above).values()) {
    const field = type.getFields()[nodes[0]?.name.value ?? ''];
    // __typename
    if (field === undefined) continue;
    const properties = propertiesOf(field, meta);
    if (properties === null) shape.properties = null;
    for (const property of properties ?? []) {
      const { name, kind } = property;
      shape.properties?.add(name);
      const inner = kind === 'm:1' || kind === '1:m' ? relationUnder(info, field, nodes, property, depth) : null;
      const before = shape.relations.get(name);
      // Several fields may read one relation, or one field under several aliases.
      if (inner !== null) shape.relations.set(name, before ? union(before, inner) : inner);
    }
  }
  return shape;
}

/** What the field reads of the relation; `null` if no more than its id. */
function relationUnder(
  info: GraphQLResolveInfo,
  field: GraphQLField<unknown, unknown>,
  nodes: readonly FieldNode[],
  { kind, mappedBy, targetMeta }: EntityProperty,
  depth: number,
): Growing | null {
  const isMany = kind === '1:m';
  const type = getNamedType(field.type);
  if (!isMany && (depth === MAX_DEPTH || !isObjectType(type))) return null;
  const shape: Growing = isObjectType(type)
    ? shapeUnder(info, type, nodes, targetMeta as EntityMetadata, isMany ? MAX_DEPTH - 1 : depth + 1)
    : { properties: new Set(), relations: new Map() };
  if (isMany) shape.properties?.add(mappedBy);
  return shape;
}

/** `null` if they are not known. */
function propertiesOf(field: GraphQLField<unknown, unknown>, meta: EntityMetadata): EntityProperty[] | null {
  const known = meta.properties as Record<string, EntityProperty | undefined>;
  const declared = field.extensions.reads as readonly string[] | undefined;
  if (declared !== undefined) return declared.map((name) => known[name] as EntityProperty);
  const own = known[field.name];
  return own !== undefined && (field.resolve === undefined || own.kind === 'm:1' || own.kind === '1:m') ? [own] : null;
}

function union(one: Growing, other: Growing): Growing {
  const relations = new Map(one.relations);
  for (const [name, shape] of other.relations) {
    const before = relations.get(name);
    relations.set(name, before ? union(before, shape) : shape);
  }
  const properties = one.properties && other.properties && new Set([...one.properties, ...other.properties]);
  return { properties, relations };
}
