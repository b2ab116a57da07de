import {
  type ApolloServerPlugin,
  type GraphQLRequestContextResponseForOperation,
  type GraphQLResponse,
  HeaderMap,
} from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  getNamedType,
  getVariableValues,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type NamedTypeNode,
  OperationTypeNode,
  TypeInfo,
  type VariableDefinitionNode,
  type VariableNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { Context } from '../request/context.js';
import { measure } from './document-measures.js';

type Request = GraphQLRequestContextResponseForOperation<Context>;

/** Compiling takes as long as some ten executions, so only repeated queries are compiled. */
const EXECUTIONS_BEFORE_COMPILING = 2;

/** Limits for the documents of clients: compiling takes longer than executing, and longer the deeper a document is. */
const MAX_CACHED = 100;
const MAX_FIELDS = 200;
const MAX_DEPTH = 12;

/**
 * Answers repeated queries by functions compiled for them, several times faster than GraphQL.js. GraphQL.js executes everything else:
 * mutations, and queries with errors, which it reports more precisely.
 *
 * Apollo Server's `gateway` option is not used: the object that Apollo Server creates for each request of a gateway has a hidden class of
 * its own, which keeps the reply in memory until a full garbage collection.
 */
export function compiledQueries(schema: GraphQLSchema): ApolloServerPlugin<Context> {
  const queries = new CompiledQueries(schema);
  return { requestDidStart: async () => ({ responseForOperation: (request) => queries.answer(request) }) };
}

interface Compiled {
  readonly query: CompiledQuery;
  /** The values of variables that stand for literals. */
  readonly literals: Readonly<Record<string, unknown>>;
}

interface Cached {
  executions: number;
  /** `null` if the query cannot be compiled. */
  compiled?: Compiled | null;
}

class CompiledQueries {
  /** By document and operation name. Apollo Server caches parsed documents, so that a repeated document is the same object. */
  private readonly cache = new LRUCache<DocumentNode, Map<string | null, Cached>>({ max: MAX_CACHED });

  constructor(private readonly schema: GraphQLSchema) {}

  /** Returns the response of the compiled query; `null` if GraphQL.js must execute it. A query writes nothing, so it can be executed again. */
  async answer({ document, operation, operationName, request, contextValue }: Request): Promise<GraphQLResponse | null> {
    const compiled = operation.operation === OperationTypeNode.QUERY ? this.find(document, operationName) : null;
    if (compiled === null) return null;
    const variables = request.variables ?? {};
    const { coerced, errors: wrong } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables);
    if (wrong) return null;
    // The compiler reports a required variable without a value as missing, even if the variable has a default.
    const { data, errors } = (await compiled.query.query(undefined, contextValue, {
      ...coerced,
      ...variables,
      ...compiled.literals,
    })) as ExecutionResult;
    if (errors) return null;
    return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult: { data: data ?? null } } };
  }

  private find(document: DocumentNode, operationName: string | null): Compiled | null {
    const operations = this.cache.get(document) ?? new Map<string | null, Cached>();
    this.cache.set(document, operations);
    const cached = operations.get(operationName) ?? { executions: 0 };
    operations.set(operationName, cached);
    cached.executions += 1;
    if (cached.compiled === undefined && cached.executions > EXECUTIONS_BEFORE_COMPILING) {
      cached.compiled = isCompilable(document) ? this.compile(document, operationName) : null;
    }
    return cached.compiled ?? null;
  }

  private compile(document: DocumentNode, operationName: string | null): Compiled | null {
    const { literals, withVariables } = withoutScalarLiterals(this.schema, document);
    const query = compileQuery(this.schema, withVariables, operationName ?? undefined);
    return isCompiledQuery(query) ? { query, literals } : null;
  }
}

/** GraphQL reserves names that begin with it, so {@link isCompilable} excludes a document with such a variable. */
const RESERVED = '__';

/**
 * Replaces literals of our own scalars, such as the amount in `filter: { amount: { min: 3 } }`, by variables. graphql-jit 0.8.9 writes their values
 * into its code as JSON, so that a resolver would get a text instead of a decimal number.
 */
function withoutScalarLiterals(schema: GraphQLSchema, document: DocumentNode) {
  const literals: Record<string, unknown> = {};
  const definitions: VariableDefinitionNode[] = [];
  const types = new TypeInfo(schema);
  const replaced = visit(
    document,
    visitWithTypeInfo(types, {
      enter(node) {
        if (node.kind === Kind.VARIABLE_DEFINITION) return false;
        if (node.kind !== Kind.INT && node.kind !== Kind.FLOAT) return undefined;
        const type = getNamedType(types.getInputType());
        if (!isScalarType(type) || isSpecifiedScalarType(type)) return undefined;
        const name = `${RESERVED}literal${definitions.length}`;
        literals[name] = type.serialize(type.parseLiteral(node));
        const variable: VariableNode = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } };
        const named: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } };
        definitions.push({ kind: Kind.VARIABLE_DEFINITION, variable, type: { kind: Kind.NON_NULL_TYPE, type: named } });
        return variable;
      },
    }),
  );
  const withVariables = visit(replaced, {
    enter: (node) =>
      node.kind === Kind.OPERATION_DEFINITION
        ? { ...node, variableDefinitions: [...(node.variableDefinitions ?? []), ...definitions] }
        : undefined,
  });
  return { literals, withVariables };
}

/**
 * Whether the document can be compiled safely. Strings are excluded, so that only names reach the generated code: letters, digits and
 * underscores. Directives are excluded, because the compiler handles @skip and @include less exactly than GraphQL.js. The limits apply to
 * the expanded document, because the compiler expands fragments at each use.
 */
function isCompilable(document: DocumentNode): boolean {
  let isPlain = true;
  visit(document, {
    enter(node) {
      if (node.kind === Kind.STRING || node.kind === Kind.DIRECTIVE) isPlain = false;
      if (node.kind === Kind.VARIABLE && node.name.value.startsWith(RESERVED)) isPlain = false;
      // In the generated code, the alias `__proto__` would be no property of the reply, but its prototype.
      if (node.kind === Kind.FIELD && node.alias?.value.startsWith(RESERVED)) isPlain = false;
    },
  });
  const { fields, depth } = measure(document);
  return isPlain && fields <= MAX_FIELDS && depth <= MAX_DEPTH;
}
