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
import { measure } from './document-limits.js';

type Request = GraphQLRequestContextResponseForOperation<Context>;

/** Compiling takes as long as executing some ten times: it is for what is asked again and again. */
const ASKED_BEFORE_COMPILING = 2;

/** Documents are the clients'. Compiling takes longer than executing, and the longer the deeper a document is. */
const MAX_KNOWN = 100;
const MAX_FIELDS = 200;
const MAX_DEPTH = 12;

/**
 * Answers queries that come again by functions compiled for them, several times faster than GraphQL.js. All else is left to
 * that: mutations, and also what has gone wrong, since it says better what and where.
 *
 * (Not as a gateway, which Apollo Server lets execute everything: what it makes for one keeps each reply until all of the heap is
 * collected, by a hidden class of its own.)
 */
export function compiledQueries(schema: GraphQLSchema): ApolloServerPlugin<Context> {
  const queries = new CompiledQueries(schema);
  return { requestDidStart: async () => ({ responseForOperation: (request) => queries.answer(request) }) };
}

interface Known {
  asked: number;
  /** `null` if it is not to be compiled. */
  compiled?: CompiledQuery | null;
}

class CompiledQueries {
  /** By document, which Apollo Server parses once, and by the operation in it. */
  private readonly known = new LRUCache<DocumentNode, Map<string | null, Known>>({ max: MAX_KNOWN });

  constructor(private readonly schema: GraphQLSchema) {}

  /** `null` if it is not for us. Nothing is changed by a query, so it may be executed again. */
  async answer({ document, operation, operationName, request, contextValue }: Request): Promise<GraphQLResponse | null> {
    const compiled = operation.operation === OperationTypeNode.QUERY ? this.find(document, operationName) : null;
    if (compiled === null) return null;
    const variables = request.variables ?? {};
    const { coerced, errors: wrong } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables);
    if (wrong) return null;
    // The compiler takes a variable that is required for missing, also where it has a default.
    const { data, errors } = (await compiled.query(undefined, contextValue, { ...coerced, ...variables })) as ExecutionResult;
    if (errors) return null;
    return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult: { data: data ?? null } } };
  }

  private find(document: DocumentNode, operationName: string | null): CompiledQuery | null {
    const operations = this.known.get(document) ?? new Map<string | null, Known>();
    this.known.set(document, operations);
    const known = operations.get(operationName) ?? { asked: 0 };
    operations.set(operationName, known);
    known.asked += 1;
    if (known.compiled === undefined && known.asked > ASKED_BEFORE_COMPILING) {
      known.compiled = isCompilable(document) ? this.compile(document, operationName) : null;
    }
    return known.compiled ?? null;
  }

  private compile(document: DocumentNode, operationName: string | null): CompiledQuery | null {
    const compiled = compileQuery(this.schema, document, operationName ?? undefined);
    return isCompiledQuery(compiled) ? compiled : null;
  }
}

/**
 * No text of a client's gets into code but names, which are letters, digits and underscores; the compiler does not take @skip
 * and @include as exactly as GraphQL.js; and it writes a fragment out wherever it stands, which can be without end.
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
