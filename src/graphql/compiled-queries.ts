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
  getVariableValues,
  Kind,
  OperationTypeNode,
  visit,
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

interface Cached {
  executions: number;
  /** `null` if the query cannot be compiled. */
  compiled?: CompiledQuery | null;
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
    const { data, errors } = (await compiled.query(undefined, contextValue, { ...coerced, ...variables })) as ExecutionResult;
    if (errors) return null;
    return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult: { data: data ?? null } } };
  }

  private find(document: DocumentNode, operationName: string | null): CompiledQuery | null {
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

  private compile(document: DocumentNode, operationName: string | null): CompiledQuery | null {
    const compiled = compileQuery(this.schema, document, operationName ?? undefined);
    return isCompiledQuery(compiled) ? compiled : null;
  }
}

/**
 * Whether the document can be compiled safely. Strings are excluded, so that only names reach the generated code: letters, digits and
 * underscores. Directives are excluded, because the compiler handles @skip and @include less exactly than GraphQL.js. The limits apply to
 * the expanded document, because the compiler expands fragments at each use.
 */
function isCompilable(document: DocumentNode): boolean {
  let isPlain = true;
  visit(document, {
    enter({ kind }) {
      if (kind === Kind.STRING || kind === Kind.DIRECTIVE) isPlain = false;
    },
  });
  const { fields, depth } = measure(document);
  return isPlain && fields <= MAX_FIELDS && depth <= MAX_DEPTH;
}
