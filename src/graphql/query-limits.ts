import {
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
} from 'graphql';
import { Admission } from '../concurrency/admission.js';
import { InvalidInput } from '../domain-error.js';
import { QueryTooCostly, ServiceUnavailable } from '../errors.js';
import { MAX_CODE_UNITS, MAX_ITEMS } from '../inputs/lengths.js';
import { LongNumber } from '../values/json.js';
import type { OperationCheck } from './apollo-requests.js';
import { refusalError } from './errors.js';
import { fieldsOf, nameOf, type OperationField, variableUses } from './operation-fields.js';
import { fragmentsOf, QueryCost } from './query-cost.js';

/** Variables are searched to this depth. No input type is deeper. */
const MAX_LEVELS = 10;

/** Refuses an operation before it is executed if a list or a text in its variables is too long, or if its cost exceeds the limit. */
export function queryLimits(schema: GraphQLSchema, limit: number): OperationCheck {
  const costs = new QueryCost(schema);
  return ({ document, operation, request, contextValue }) => {
    const variables = request.variables ?? {};
    const tooLong = tooLongValue(operation, variables);
    if (tooLong !== null) throw tooLongError(tooLong, fieldsOf(schema, document, operation, variables).fields, operation);
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

/** A value in a variable. */
interface TooLong {
  readonly variable: string;
  readonly within: readonly (string | number)[];
  readonly isText: boolean;
}

/** Returns the first list or text in the variables that is longer than any input allows, before it is validated. */
function tooLongValue(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): TooLong | null {
  for (const { variable } of variableDefinitions) {
    const found = findTooLong(variables[variable.name.value], []);
    if (found !== null) return { variable: variable.name.value, ...found };
  }
  return null;
}

/** Returns the error of the field that uses the variable, with the name by which callers know the list or text. */
function tooLongError(
  { variable, within, isText }: TooLong,
  fields: readonly OperationField[],
  { selectionSet }: OperationDefinitionNode,
): GraphQLError {
  const use = variableUses(fields).get(variable);
  const field = use ? nameOf(use.argument, [...use.within, ...within]) : [variable, ...within].join('.');
  const constraints: Readonly<Record<string, string>> = isText
    ? { maxLength: `${field} must have at most ${MAX_CODE_UNITS} characters, as any text` }
    : { arrayMaxSize: `${field} must hold at most ${MAX_ITEMS} items` };
  return refusalError(new InvalidInput([{ field, constraints }]), {
    path: use?.path ?? [],
    node: use?.node ?? (selectionSet.selections[0] as SelectionNode),
  });
}

function findTooLong(value: unknown, within: TooLong['within']): Omit<TooLong, 'variable'> | null {
  if (typeof value === 'string' && value.length > MAX_CODE_UNITS) return { within, isText: true };
  if (typeof value !== 'object' || value === null || value instanceof LongNumber || within.length > MAX_LEVELS) return null;
  if (Array.isArray(value) && value.length > MAX_ITEMS) return { within, isText: false };
  for (const [key, inner] of Object.entries(value)) {
    const found = findTooLong(inner, [...within, key]);
    if (found !== null) return found;
  }
  return null;
}
