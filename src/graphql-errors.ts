import { unwrapResolverError } from '@apollo/server/errors';
import {
  type ASTNode,
  coerceInputValue,
  type DocumentNode,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  visit,
} from 'graphql';
import { ArgumentValidationError } from 'type-graphql';
import { refusalOf } from './constraint-refusals.js';
import { type DomainError, InvalidInput } from './errors.js';
import { invalidFields } from './input-errors.js';

/** Codes of errors that the client makes before any of our code runs; their messages are GraphQL's own and safe. */
const CLIENT_ERRORS: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

export const INTERNAL = 'INTERNAL_SERVER_ERROR';

/** The refusal behind an error from a resolver; `null` for a fault of ours and for GraphQL's own errors. */
export function resolverRefusal(error: unknown): DomainError | null {
  const cause = unwrapResolverError(error);
  if (cause instanceof ArgumentValidationError) return new InvalidInput(invalidFields(cause.extensions.validationErrors));
  return refusalOf(cause);
}

/** Formats an error for the client: a refusal with its code, field and details, anything unexpected without a word about it. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const refusal = resolverRefusal(error);
  if (refusal !== null) {
    const { message, code, field, details } = refusal;
    return { ...formatted, message, extensions: { code, ...(field && { field }), details } };
  }
  const isClients = CLIENT_ERRORS.has(formatted.extensions?.code) && unwrapResolverError(error) === error;
  if (isClients) {
    const { code, field } = formatted.extensions ?? {};
    return { ...formatted, extensions: { code, ...(field !== undefined && { field }) } };
  }
  return { ...formatted, message: 'Something went wrong on our side; tell us the request id', extensions: { code: INTERNAL } };
}

/**
 * The input field that a coercion or validation error of GraphQL's is about. GraphQL says it in the message only; this
 * finds it again from the values themselves.
 */
export function blamedField(
  schema: GraphQLSchema,
  document: DocumentNode | undefined,
  operation: OperationDefinitionNode | undefined,
  variables: Readonly<Record<string, unknown>>,
  error: GraphQLError,
): string | undefined {
  const node = error.nodes?.[0];
  if (node === undefined || document === undefined) return undefined;
  if (node.kind !== 'VariableDefinition') return literalField(document, node);
  const type = operation && typeFromAST(schema, node.type as Parameters<typeof typeFromAST>[1]);
  if (!type) return undefined;
  const name = node.variable.name.value;
  return variableField(type as GraphQLInputType, variables[name]) ?? name;
}

function literalField(document: DocumentNode, blamed: ASTNode): string | undefined {
  let field: string | undefined;
  const names: string[] = [];
  visit(document, {
    enter(node) {
      if (node.kind === 'ObjectField' || node.kind === 'Argument') names.push(node.name.value);
      // The first name is the argument's, `input`; what callers know are the fields in it.
      if (node === blamed) field = names.slice(names.length > 1 ? 1 : 0).join('.') || undefined;
    },
    leave(node) {
      if (node.kind === 'ObjectField' || node.kind === 'Argument') names.pop();
    },
  });
  return field;
}

function variableField(type: GraphQLInputType, value: unknown): string | undefined {
  let blamed: string | undefined;
  coerceInputValue(value, type, (path, invalid) => {
    blamed ??= [...path, ...missingField(type, path, invalid)].join('.') || undefined;
  });
  return blamed;
}

/** A missing field is reported at its parent; the first required one that the value lacks is meant. */
function missingField(type: GraphQLInputType, path: readonly (string | number)[], value: unknown): string[] {
  let at = getNamedType(type);
  for (const key of path) {
    if (typeof key === 'string' && isInputObjectType(at)) at = getNamedType(at.getFields()[key]?.type ?? at);
  }
  if (!isInputObjectType(at) || typeof value !== 'object' || value === null) return [];
  const missing = Object.values(at.getFields()).find(
    (field) => isNonNullType(field.type) && field.defaultValue === undefined && !(field.name in value),
  );
  return missing ? [missing.name] : [];
}
