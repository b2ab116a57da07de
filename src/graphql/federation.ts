import type { EntityClass } from '@mikro-orm/core';
import {
  extendSchema,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isScalarType,
  isUnionType,
  parse,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql';
import { requireRole } from '../auth/actor.js';
import { InvalidInput } from '../domain-error.js';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { Customer } from '../entities/customer.js';
import type { Organization } from '../entities/organization.js';
import { type Owned, parseId } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { MAX_ITEMS } from '../inputs/lengths.js';
import { readWhole } from '../reads/rows.js';
import type { Context } from '../request/context.js';
import { isRecord } from '../values/json.js';

const ORGANIZATION = 'Organization';

/** The types that other subgraphs may refer to by their id, and whose rows are read by it. */
const OWNED: ReadonlyMap<string, EntityClass<Owned>> = new Map(
  Object.entries({ Account, Branch, CreditNote, Customer, Refund } satisfies Record<string, EntityClass<Owned>>),
);

/** Types that several subgraphs define alike. */
const SHARED: readonly string[] = ['PageInfo'];

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

const FIELDS = `
  """A reference to an entity: its __typename and its id."""
  scalar _Any
  """An entity that other subgraphs may refer to."""
  union _Entity = ${[...OWNED.keys(), ORGANIZATION].join(' | ')}
  """This schema, for composition."""
  type _Service {
    """The schema with the directives of Apollo Federation."""
    sdl: String!
  }
  extend type Query {
    """The entities that are referred to, in the same order; null for each that does not exist."""
    _entities(
      """References with __typename and id."""
      representations: [_Any!]!
    ): [_Entity]!
    """This schema, for composition."""
    _service: _Service!
  }
`;

type Entity = Owned | Organization | object;

interface Representation {
  readonly __typename: string;
  readonly id: string;
}

/**
 * Returns the schema as a subgraph of Apollo Federation 2. `@apollo/subgraph` would rebuild it from its text, and lose the resolvers.
 *
 * @param contract the text of the schema
 */
export function withFederation(schema: GraphQLSchema, contract: string): GraphQLSchema {
  const subgraph = extendSchema(schema, parse(FIELDS));
  const typeOf = new WeakMap<object, string>();
  const query = subgraph.getQueryType()?.getFields() ?? {};
  const [any, union] = [subgraph.getType('_Any'), subgraph.getType('_Entity')];
  if (!query._service || !query._entities || !isScalarType(any) || !isUnionType(union))
    throw new Error('the subgraph is incomplete');
  any.parseValue = (value) => representation(value);
  any.parseLiteral = (node, variables) => representation(valueFromASTUntyped(node, variables ?? NUMBERS), node);
  union.resolveType = (entity: object) => typeOf.get(entity);
  const sdl = sdlOf(contract);
  query._service.resolve = allowed(() => ({ sdl }));
  query._entities.resolve = allowed(async (_root, { representations }, context) => {
    if (representations.length > MAX_ITEMS) throw tooMany();
    const found = await entitiesOf(context, representations as readonly Representation[]);
    return found.map(({ type, entity }) => {
      if (entity !== null) typeOf.set(entity, type);
      return entity;
    });
  });
  return subgraph;
}

/** A list in a variable was refused before. */
function tooMany(): InvalidInput {
  const field = 'representations';
  return new InvalidInput([{ field, constraints: { arrayMaxSize: `${field} must hold at most ${MAX_ITEMS} items` } }]);
}

/** Returns the resolver for callers who may read. */
function allowed(resolve: GraphQLFieldResolver<unknown, Context>): GraphQLFieldResolver<unknown, Context> {
  return (root, values, context, info) => {
    requireRole(context.actor, Role.VIEWER);
    return resolve(root, values, context, info);
  };
}

/** Returns the text with the keys of the entities. */
function sdlOf(contract: string): string {
  const withKeys = [...OWNED.keys(), ORGANIZATION].reduce((text, name) => marked(text, name, '@key(fields: "id")'), contract);
  return `${LINK}\n\n${SHARED.reduce((text, name) => marked(text, name, '@shareable'), withKeys)}`;
}

function marked(text: string, name: string, directive: string): string {
  return text.replace(new RegExp(`^type ${name}( implements [^{]+?)? \\{`, 'm'), (line) => line.replace(/ \{$/, ` ${directive} {`));
}

/** While a document is validated, its variables have no values: each counts as a number, which an id may be. */
const NUMBERS: Readonly<Record<string, unknown>> = new Proxy({}, { get: () => 0 });

/**
 * @param node the place of the value in the document
 * @throws {GraphQLError} if the value is no reference to an entity
 */
function representation(value: unknown, node?: ValueNode): Representation {
  const { __typename: type, id } = isRecord(value) ? value : {};
  const isEntity = typeof type === 'string' && (OWNED.has(type) || type === ORGANIZATION);
  if (!isEntity || (typeof id !== 'string' && typeof id !== 'number')) {
    throw new GraphQLError('A reference has the __typename of an entity and its id', node && { nodes: [node] });
  }
  return { __typename: type, id: String(id) };
}

/** Reads the entities, with one statement for each type. */
async function entitiesOf(
  context: Context,
  representations: readonly Representation[],
): Promise<{ type: string; entity: Entity | null }[]> {
  const { organization } = context.actor;
  const rows = new Map<string, ReadonlyMap<string, Owned | object>>();
  await Promise.all(
    [...Map.groupBy(representations, ({ __typename: type }) => type)].map(async ([type, references]) => {
      const entity = OWNED.get(type);
      if (entity === undefined) return void rows.set(type, new Map([[organization.publicId, organization]]));
      const ids = [...new Set(references.flatMap(({ id }) => parseId(id) ?? []))];
      const found =
        ids.length === 0
          ? []
          : await readWhole(context.em, entity, { organizationId: organization.id, where: [['id', 'in', ids]] });
      rows.set(type, new Map(found.map((row) => [String(row.id), row])));
    }),
  );
  return representations.map(({ __typename: type, id }) => ({ type, entity: rows.get(type)?.get(keyOf(type, id)) ?? null }));
}

function keyOf(type: string, id: string): string {
  return type === ORGANIZATION ? id : String(parseId(id));
}
