import { HeaderMap } from '@apollo/server';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { Admission } from '../concurrency/admission.js';
import { InvalidInput, QueryTooCostly, RETRY_AFTER_SECONDS, ServiceUnavailable } from '../errors.js';
import { MAX_ITEMS } from '../inputs/lengths.js';
import { wrapped } from './errors.js';
import type { OperationCheck } from './operation-checks.js';
import { QueryCost } from './query-cost.js';

/** Lists in variables lie no deeper, whatever the schema says. */
const MAX_LEVELS = 10;

/** Refuses an operation before anything of it runs if its variables hold too long a list, or if it may have too much to answer. */
export function queryLimits(schema: GraphQLSchema, limit: number): OperationCheck {
  const costs = new QueryCost(schema);
  return ({ document, operation, request, contextValue }) => {
    // A name that is none of the document's is refused by whoever executes it.
    if (operation === undefined) return;
    const variables = request.variables ?? {};
    const list = tooLongList(operation, variables);
    if (list !== null) throw wrapped(list, 400);
    const cost = costs.of(operation, fragmentsOf(document), variables);
    if (cost > limit) throw wrapped(new QueryTooCostly('reply', cost, limit), 400);
    contextValue.cost = cost;
  };
}

/**
 * Waits until there is room for what {@link queryLimits} says that the operation costs. Mutations have a room of their own: they may
 * wait for locks in it.
 */
export function queryAdmission(limit: number): OperationCheck {
  const [queries, mutations] = [new Admission(limit), new Admission(limit)];
  return async ({ operation, contextValue }) => {
    // A request without a credential asks for the schema, which has no organization.
    const organizationId = contextValue.isAuthenticated ? contextValue.actor.organization.id : 0;
    const { turn, cost } = contextValue;
    try {
      await turn.take(operation?.operation === OperationTypeNode.MUTATION ? mutations : queries, organizationId, cost);
    } catch (error) {
      throw error instanceof ServiceUnavailable ? busy(error) : error;
    }
  };
}

function busy(refusal: ServiceUnavailable): GraphQLError {
  const http = { status: 503, headers: new HeaderMap([['retry-after', RETRY_AFTER_SECONDS]]) };
  return new GraphQLError(refusal.message, { originalError: refusal, extensions: { http } });
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])));
}

/** No list of any input may be longer: such a one is refused before each of its items is looked at, and faulted by itself. */
function tooLongList(
  { variableDefinitions = [], selectionSet }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): InvalidInput | null {
  for (const { variable } of variableDefinitions) {
    const path = pathToLongList(variables[variable.name.value], [argumentWith(variable.name.value, selectionSet)]);
    if (path === null) continue;
    // The first name is the argument's; what callers know are the fields in it.
    const field = path.slice(path.length > 1 ? 1 : 0).join('.');
    return new InvalidInput([{ field, constraints: { arrayMaxSize: `${field} must hold at most ${MAX_ITEMS} items` } }]);
  }
  return null;
}

/** The argument of a field at the root that takes the variable; the variable's own name if it stands elsewhere. */
function argumentWith(variable: string, { selections }: SelectionSetNode): string {
  const uses = selections.flatMap((each) => (each.kind === Kind.FIELD ? (each.arguments ?? []) : []));
  return uses.find(({ value }) => value.kind === Kind.VARIABLE && value.name.value === variable)?.name.value ?? variable;
}

function pathToLongList(value: unknown, path: readonly string[]): readonly string[] | null {
  if (typeof value !== 'object' || value === null || path.length > MAX_LEVELS) return null;
  if (Array.isArray(value) && value.length > MAX_ITEMS) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = pathToLongList(inner, [...path, key]);
    if (found !== null) return found;
  }
  return null;
}
