import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { type Declaration, declarationsIn, type MethodMetadata, type PropertyMetadata } from './metadata.js';

type Resolve = GraphQLFieldResolver<unknown, unknown>;

/**
 * Replaces TypeGraphQL's wrapper of each field where the wrapper does nothing: a field without role, middleware and arguments is its
 * property, or its method called with the row and the context. A page of 100 refunds has 3,800 of them. A field that may need its
 * wrapper keeps it.
 *
 * TypeGraphQL's own `simpleResolvers` covers properties only, and also drops the roles of a field. Delete when it covers methods, and
 * keeps roles: https://github.com/MichalLytek/type-graphql/issues/487
 */
export function withDirectResolvers(schema: GraphQLSchema): GraphQLSchema {
  for (const [field, { type, property, method }] of declarationsIn(schema).fields) {
    if (isRoot(method) || field.args.length > 0 || isGuarded(method) || isGuarded(property)) continue;
    if (isExternal(method)) field.resolve = directCall(method) ?? field.resolve;
    else if (property !== undefined && isPlain(property, type)) field.resolve = undefined;
  }
  return schema;
}

/** Queries and mutations keep their wrappers. */
function isRoot(method: MethodMetadata | undefined): boolean {
  return method !== undefined && !('kind' in method);
}

function isExternal(method: MethodMetadata | undefined): method is MethodMetadata {
  return method !== undefined && 'kind' in method && method.kind === 'external';
}

function isGuarded(metadata: MethodMetadata | PropertyMetadata | undefined): boolean {
  return metadata?.roles !== undefined || (metadata?.middlewares?.length ?? 0) > 0;
}

/** Whether GraphQL.js finds the property by the field's name. It would call a method with other arguments. */
function isPlain({ name, schemaName }: PropertyMetadata, type: Declaration['type']): boolean {
  return name === schemaName && typeof Object.getOwnPropertyDescriptor(type.prototype, name)?.value !== 'function';
}

/** Calls the method of a resolver class, which has no state; `null` if the method takes more than the row and the context. */
function directCall({ target, methodName, params = [] }: MethodMetadata): Resolve | null {
  const resolver = new (target as new () => Record<string, (...values: unknown[]) => unknown>)();
  const method = resolver[methodName];
  const kinds = params
    .toSorted((one, other) => one.index - other.index)
    .map(({ kind }) => kind)
    .join();
  if (kinds === 'root') return (root) => method?.call(resolver, root);
  if (kinds === 'root,context') return (root, _args, context) => method?.call(resolver, root, context);
  return null;
}
