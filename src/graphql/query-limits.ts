import { type GraphQLSchema, Kind, type OperationDefinitionNode, OperationTypeNode, type SelectionSetNode } from 'graphql';
import { Admission } from '../concurrency/admission.js';
import { InvalidInput, QueryTooCostly, ServiceUnavailable } from '../errors.js';
import { MAX_ITEMS } from '../inputs/lengths.js';
import type { OperationCheck } from './apollo-requests.js';
import { refusalError } from './errors.js';
import { fragmentsOf, QueryCost } from './query-cost.js';

/** Variables are searched for lists to this depth. No input type is deeper. */
const MAX_LEVELS = 10;

/** Refuses an operation before it is executed if a list in its variables is too long, or if its cost exceeds the limit. */
export function queryLimits(schema: GraphQLSchema, limit: number): OperationCheck {
  const costs = new QueryCost(schema);
  return ({ document, operation, request, contextValue }) => {
    const variables = request.variables ?? {};
    const list = tooLongList(operation, variables);
    if (list !== null) throw refusalError(list);
    const cost = costs.of(operation, fragmentsOf(document), variables);
    if (cost > limit) throw refusalError(new QueryTooCostly('reply', cost, limit));
    contextValue.cost = cost;
  };
}

/**
 * Waits until there is room for the cost that {@link queryLimits} has computed. Mutations have separate room, because they may wait for
 * locks.
 *
 * @param queries the room that queries share with the reads of REST
 */
export function queryAdmission(queries: Admission): OperationCheck {
  const mutations = new Admission(queries.limit);
  return async ({ operation, contextValue }) => {
    // A request without a credential reads the schema, and has no organization.
    const organizationId = contextValue.isAuthenticated ? contextValue.actor.organization.id : 0;
    const { permit, cost } = contextValue;
    try {
      await permit.take(operation.operation === OperationTypeNode.MUTATION ? mutations : queries, organizationId, cost);
    } catch (error) {
      throw error instanceof ServiceUnavailable ? refusalError(error) : error;
    }
  };
}

/** Returns the refusal of a list in the variables that is longer than any input allows, before its items are validated. */
function tooLongList(
  { variableDefinitions = [], selectionSet }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): InvalidInput | null {
  for (const { variable } of variableDefinitions) {
    const path = pathToLongList(variables[variable.name.value], [argumentWith(variable.name.value, selectionSet)]);
    if (path === null) continue;
    // The first name is that of the argument. Callers know only the fields within it.
    const field = path.slice(path.length > 1 ? 1 : 0).join('.');
    return new InvalidInput([{ field, constraints: { arrayMaxSize: `${field} must hold at most ${MAX_ITEMS} items` } }]);
  }
  return null;
}

/** Returns the argument of a root field that uses the variable; the name of the variable if no root field uses it. */
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
