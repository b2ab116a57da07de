import { HeaderMap } from '@apollo/server';
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
import { type DomainError, withoutStack } from '../domain-error.js';
import { isRetryable, type PublishedCode, REFUSALS } from '../error-codes.js';
import { FAULT } from '../errors.js';
import { refusalOf } from '../orm/errors.js';
import { publishedDetails } from '../resolvers/refusal.js';
import { cut, MAX_MESSAGE } from '../values/text.js';

/** Codes of errors that a client causes before any of our code runs. Their messages are GraphQL's own and safe to send. */
const CLIENT_ERRORS: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** A position in the document. */
export interface Location {
  readonly path: readonly string[];
  readonly node: ASTNode;
}

/**
 * Returns an error that carries a refusal from outside a resolver to {@link formatError}. The reply has the HTTP status of the refusal.
 *
 * @param at where the fault is; absent if it is the whole operation's
 */
export function refusalError(refusal: DomainError, at?: Location): GraphQLError {
  const { status } = REFUSALS[refusal.code];
  const headers = new HeaderMap(refusal.retryAfter === undefined ? [] : [['retry-after', String(refusal.retryAfter)]]);
  const { node, path = [] } = at ?? {};
  return withoutStack(
    () =>
      new GraphQLError(refusal.message, {
        originalError: refusal,
        ...(node && { nodes: [node] }),
        ...(path.length > 0 && { path }),
        extensions: { http: { status, headers } },
      }),
  );
}

/** Returns the refusal that caused the error; `null` for a fault of ours and for GraphQL's own errors. */
export function refusalBehind(error: unknown): DomainError | null {
  const cause = error instanceof GraphQLError && error.originalError ? error.originalError : error;
  return refusalOf(cause);
}

/** Returns the error for the client: a refusal with its code, field and details, and a fault without any detail. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const refusal = refusalBehind(error);
  if (refusal !== null) return { ...formatted, ...described(refusal) };
  const argument = argumentAtFault(error);
  if (argument !== null) return { ...formatted, extensions: { code: 'BAD_USER_INPUT', field: argument } };
  const isClients = CLIENT_ERRORS.has(formatted.extensions?.code) && unwrapResolverError(error) === error;
  if (isClients) {
    const { code, field } = formatted.extensions ?? {};
    return {
      ...formatted,
      message: cut(formatted.message, MAX_MESSAGE),
      extensions: { code, ...(field !== undefined && { field }) },
    };
  }
  return { ...formatted, message: FAULT.message, extensions: { code: FAULT.code } };
}

/** Returns the message and extensions of a refusal. */
export function described(refusal: DomainError) {
  const { message, code, field, retryAfter } = refusal;
  const details = publishedDetails(refusal);
  const extensions = { code, ...(field && { field }), details, ...(retryAfter !== undefined && { retryAfter }) };
  return { message: cut(message, MAX_MESSAGE), extensions };
}

/** Returns the error with the extensions that every error has. */
export function complete(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  const { code, field, details = {}, ...extensions } = error.extensions ?? {};
  return {
    ...error,
    extensions: {
      code,
      ...(field !== undefined && { field }),
      details,
      ...extensions,
      retryable: isRetryable(String(code)),
      requestId,
    },
  };
}

/** Returns the errors of a reply as the client gets them: one for each refusal, each with the extensions that every error has. */
export function publish(
  formatted: readonly GraphQLFormattedError[],
  errors: readonly GraphQLError[],
  { requestId, status, literals }: Reply,
): GraphQLFormattedError[] {
  return formatted
    .flatMap((each, index) => {
      const error = errors[index];
      if (error === undefined) return [each];
      const field = literals?.get(error);
      if (field === undefined) return separated(error, each);
      const code = each.extensions?.code;
      return [{ ...each, extensions: { code, field, details: { fields: [{ field, code, reasons: [each.message] }] } } }];
    })
    .map((each) => complete(status === 405 ? { ...each, extensions: { code: NOT_ALLOWED } } : each, requestId));
}

interface Reply {
  readonly requestId: string;
  readonly status: number;
  /** The field of each wrong literal. */
  readonly literals: ReadonlyMap<GraphQLError, string> | undefined;
}

/** Apollo Server gives a mutation by GET the code of any bad request. */
const NOT_ALLOWED: PublishedCode = 'METHOD_NOT_ALLOWED';

/** An error for each wrong argument. GraphQL servers take one error from a check, and {@link separated} returns them one by one. */
export class SeveralErrors extends GraphQLError {
  constructor(readonly errors: readonly GraphQLError[]) {
    const { message = '', originalError, extensions } = errors[0] ?? {};
    super(message, { originalError: originalError ?? null, extensions: extensions ?? {} });
  }
}

/** Returns an error for each refusal that the error consists of, such as one for each wrong field. */
function separated(error: GraphQLError, formatted: GraphQLFormattedError): GraphQLFormattedError[] {
  if (error instanceof SeveralErrors) return error.errors.flatMap((each) => separated(each, formatError(each.toJSON(), each)));
  const parts = refusalBehind(error)?.parts ?? [];
  return parts.length === 0 ? [formatted] : parts.map((part) => ({ ...formatted, ...described(part) }));
}

/**
 * Returns the non-null argument whose variable is null; `null` for any other error. GraphQL finds this fault only when it reaches the field,
 * and reports it like an error of a resolver.
 */
export function argumentAtFault(error: unknown): string | null {
  if (!(error instanceof GraphQLError) || (error.originalError && !(error.originalError instanceof GraphQLError))) return null;
  return /^Argument "(\w+)" of (?:non-null|required) type /.exec(error.message)?.[1] ?? null;
}

/** Returns the input field of each validation error, which GraphQL names in the message only. One walk finds the fields of all errors. */
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
    // Callers know the fields of an argument such as `input` by their own names, but the items of a list by the name of the list.
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
