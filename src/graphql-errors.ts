import { unwrapResolverError } from '@apollo/server/errors';
import {
  type ASTNode,
  coerceInputValue,
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
  visit,
} from 'graphql';
import { ArgumentValidationError } from 'type-graphql';
import { refusalOf } from './database-errors.js';
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
export const FAULT = 'Something went wrong on our side; tell us the request id';

/** GraphQL quotes what it refuses; a client need not get all of a long text back. */
const MAX_MESSAGE = 500;

/** A refusal from outside a resolver, so that it reaches {@link formatError} as it is. */
export function wrapped(refusal: DomainError, status: number): GraphQLError {
  return new GraphQLError(refusal.message, { originalError: refusal, extensions: { http: { status } } });
}

/** The refusal behind an error; `null` for a fault of ours and for GraphQL's own errors. */
export function refusalBehind(error: unknown): DomainError | null {
  const cause = error instanceof GraphQLError && error.originalError ? error.originalError : error;
  if (cause instanceof ArgumentValidationError) return new InvalidInput(invalidFields(cause.extensions.validationErrors));
  return refusalOf(cause);
}

/** Formats an error for the client: a refusal with its code, field and details, anything unexpected without a word about it. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const refusal = refusalBehind(error);
  if (refusal !== null) return { ...formatted, ...described(refusal) };
  const argument = argumentAtFault(error);
  if (argument !== null) return { ...formatted, extensions: { code: 'BAD_USER_INPUT', field: argument } };
  const isClients = CLIENT_ERRORS.has(formatted.extensions?.code) && unwrapResolverError(error) === error;
  if (isClients) {
    const { code, field } = formatted.extensions ?? {};
    const message = formatted.message.length > MAX_MESSAGE ? `${formatted.message.slice(0, MAX_MESSAGE)}…` : formatted.message;
    return { ...formatted, message, extensions: { code, ...(field !== undefined && { field }) } };
  }
  const { requestId } = formatted.extensions ?? {};
  return { ...formatted, message: FAULT, extensions: { code: INTERNAL, ...(requestId !== undefined && { requestId }) } };
}

/** What GraphQL says of a refusal. */
export function described({ message, code, field, details }: DomainError) {
  return { message, extensions: { code, ...(field && { field }), details } };
}

/**
 * The argument that a variable is null for, which may not be null. GraphQL finds that only when it comes to the field, and says
 * it by an error that looks like one of a resolver; `null` for any other error.
 */
export function argumentAtFault(error: unknown): string | null {
  if (!(error instanceof GraphQLError) || (error.originalError && !(error.originalError instanceof GraphQLError))) return null;
  return /^Argument "(\w+)" of (?:non-null|required) type /.exec(error.message)?.[1] ?? null;
}

/**
 * The input field that a coercion or validation error of GraphQL's is about. GraphQL says it in the message only; this
 * finds it again from the document and the values.
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
  if (node.kind !== Kind.VARIABLE_DEFINITION) return fieldOf(namesAround(document, (other) => other === node && isValue(other)));
  const variable = node.variable.name.value;
  const type = operation && typeFromAST(schema, node.type as Parameters<typeof typeFromAST>[1]);
  const names = namesAround(document, (other, parent) => isUse(other, parent, variable));
  return type ? fieldOf([...names, ...pathToFault(type as GraphQLInputType, variables[variable])]) : fieldOf(names);
}

/** The first name is the argument's, `input`; what callers know are the fields in it. */
function fieldOf(names: readonly string[]): string | undefined {
  return names.slice(names.length > 1 ? 1 : 0).join('.') || undefined;
}

function isValue(node: ASTNode): boolean {
  // A missing field is reported at its whole object: the message names it, the place does not.
  return node.kind !== Kind.OBJECT && node.kind.endsWith('Value');
}

function isUse(node: ASTNode, parent: ASTNode | undefined, variable: string): boolean {
  return node.kind === Kind.VARIABLE && node.name.value === variable && parent?.kind !== Kind.VARIABLE_DEFINITION;
}

/** Names of the argument and of the fields around the first node that is meant. */
function namesAround(document: DocumentNode, isMeant: (node: ASTNode, parent: ASTNode | undefined) => boolean): string[] {
  let found: string[] | undefined;
  const names: string[] = [];
  visit(document, {
    enter(node, _key, parent) {
      if (node.kind === Kind.OBJECT_FIELD || node.kind === Kind.ARGUMENT) names.push(node.name.value);
      if (found === undefined && isMeant(node, isNode(parent) ? parent : undefined)) found = [...names];
    },
    leave(node) {
      if (node.kind === Kind.OBJECT_FIELD || node.kind === Kind.ARGUMENT) names.pop();
    },
  });
  return found ?? [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function pathToFault(type: GraphQLInputType, value: unknown): string[] {
  let fault: string[] | undefined;
  coerceInputValue(value, type, (path, invalid) => {
    fault ??= [...path.map(String), ...strayField(type, path, invalid)];
  });
  return fault ?? [];
}

/** A missing or unknown field is reported at its parent: the first field that is the one or the other is meant. */
function strayField(type: GraphQLInputType, path: readonly (string | number)[], value: unknown): string[] {
  let at = getNamedType(type);
  for (const key of path) {
    if (typeof key === 'string' && isInputObjectType(at)) at = getNamedType(at.getFields()[key]?.type ?? at);
  }
  if (!isInputObjectType(at) || typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const fields = at.getFields();
  const missing = Object.values(fields).find(
    ({ name, type, defaultValue }) => isNonNullType(type) && defaultValue === undefined && !(name in value),
  );
  const unknown = Object.keys(value).find((name) => !(name in fields));
  return [missing?.name ?? unknown ?? []].flat();
}
