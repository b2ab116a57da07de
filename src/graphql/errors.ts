import { unwrapResolverError } from '@apollo/server/errors';
import {
  type ASTNode,
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isRequiredInputField,
  Kind,
  type ObjectValueNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type DomainError, FAULT } from '../errors.js';
import { refusalOf } from '../orm/errors.js';

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

/** GraphQL quotes what it refuses; a client need not get all of a long text back. */
const MAX_MESSAGE = 500;

/** A refusal from outside a resolver, so that it reaches {@link formatError} as it is. */
export function wrapped(refusal: DomainError, status: number): GraphQLError {
  return new GraphQLError(refusal.message, { originalError: refusal, extensions: { http: { status } } });
}

function cut(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}

/** The refusal behind an error; `null` for a fault of ours and for GraphQL's own errors. */
export function refusalBehind(error: unknown): DomainError | null {
  const cause = error instanceof GraphQLError && error.originalError ? error.originalError : error;
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
    return { ...formatted, message: cut(formatted.message), extensions: { code, ...(field !== undefined && { field }) } };
  }
  const { requestId } = formatted.extensions ?? {};
  return { ...formatted, message: FAULT.message, extensions: { code: FAULT.code, ...(requestId !== undefined && { requestId }) } };
}

/** What GraphQL says of a refusal. */
export function described({ message, code, field, details }: DomainError) {
  return { message: cut(message), extensions: { code, ...(field && { field }), details } };
}

/**
 * The argument that a variable is null for, which may not be null. GraphQL finds that only when it comes to the field, and says
 * it by an error that looks like one of a resolver; `null` for any other error.
 */
export function argumentAtFault(error: unknown): string | null {
  if (!(error instanceof GraphQLError) || (error.originalError && !(error.originalError instanceof GraphQLError))) return null;
  return /^Argument "(\w+)" of (?:non-null|required) type /.exec(error.message)?.[1] ?? null;
}

/** The input fields that GraphQL's validation errors are about: GraphQL says it in the message only. One walk finds all. */
export function blamedFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  errors: readonly GraphQLError[],
): ReadonlyMap<GraphQLError, string> {
  const blamed = new Map<ASTNode | undefined, GraphQLError[]>();
  for (const error of errors) {
    const node = error.nodes?.[0];
    blamed.set(node, [...(blamed.get(node) ?? []), error]);
  }
  const fields = new Map<GraphQLError, string>();
  const typeInfo = new TypeInfo(schema);
  const names: string[] = [];
  const blame = (error: GraphQLError | undefined, ...within: string[]): void => {
    const [first, second, ...rest] = [...names, ...within];
    if (error === undefined || first === undefined) return;
    // What callers know are the fields of an argument such as `input`, but the items of a list only by its name.
    fields.set(
      error,
      (second === undefined ? [first] : /^\d/.test(second) ? [first, second, ...rest] : [second, ...rest]).join('.'),
    );
  };
  const nameOf = (node: ASTNode, key: string | number | undefined, ancestors: readonly unknown[]): string | undefined => {
    if (node.kind === Kind.OBJECT_FIELD || node.kind === Kind.ARGUMENT) return node.name.value;
    if (node.kind === Kind.VARIABLE_DEFINITION) return node.variable.name.value;
    return isNode(ancestors.at(-1)) && (ancestors.at(-1) as ASTNode).kind === Kind.LIST ? String(key) : undefined;
  };
  const walk: ASTVisitor = {
    enter(node, key, _parent, _path, ancestors) {
      const name = nameOf(node, key, ancestors);
      if (name !== undefined) names.push(name);
      if (!blamed.has(node) || !(node.kind.endsWith('Value') || node.kind === Kind.OBJECT_FIELD)) return;
      // A missing field is reported at its whole object.
      const missing = node.kind === Kind.OBJECT ? missingFields(typeInfo.getInputType(), node) : [];
      for (const [index, error] of blamed.get(node)?.entries() ?? []) blame(error, ...[missing[index] ?? []].flat());
    },
    leave(node, key, _parent, _path, ancestors) {
      if (nameOf(node, key, ancestors) !== undefined) names.pop();
    },
  };
  visit(document, visitWithTypeInfo(typeInfo, walk));
  return fields;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function missingFields(type: GraphQLInputType | null | undefined, { fields }: ObjectValueNode): string[] {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return [];
  const given = new Set(fields.map(({ name }) => name.value));
  return Object.values(named.getFields()).flatMap((field) =>
    isRequiredInputField(field) && !given.has(field.name) ? [field.name] : [],
  );
}
