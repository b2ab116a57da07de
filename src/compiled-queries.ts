import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Context } from './context.js';
import { argumentAtFault } from './graphql-errors.js';

type Gateway = ApolloServerOptionsWithGateway<Context>['gateway'];
type Executor = NonNullable<Awaited<ReturnType<Gateway['load']>>['executor']>;
type Result = ExecutionResult<Record<string, unknown>, Record<string, unknown>>;

/** Compiling takes as long as executing some ten times: it is for what is asked again and again. */
const ASKED_BEFORE_COMPILING = 2;

/** Documents are the clients', and neither their number nor their size has an end. */
const MAX_KNOWN = 100;
const MAX_FIELDS = 500;

/**
 * Executes queries that come again as functions compiled for them, several times faster; everything else, mutations among it, by
 * GraphQL.js. Apollo Server lets nothing but a gateway execute.
 */
export function compiledQueries(schema: GraphQLSchema): Gateway {
  const queries = new CompiledQueries(schema);
  return {
    load: async () => ({ executor: (request) => queries.execute(request) }),
    onSchemaLoadOrUpdate(listener) {
      listener({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    stop: async () => undefined,
  };
}

interface Known {
  asked: number;
  /** `null` if it is not to be compiled. */
  compiled?: CompiledQuery | null;
}

class CompiledQueries {
  /** By document, which Apollo Server parses once, and the operation in it; who was asked last is last. */
  private readonly known = new Map<DocumentNode, Map<string | null, Known>>();

  constructor(private readonly schema: GraphQLSchema) {}

  async execute({ document, operation, operationName, request, context }: Parameters<Executor>[0]): Promise<Result> {
    const { schema } = this;
    const variables = request.variables ?? {};
    const compiled = operation.operation === 'query' ? this.find(document, operationName) : null;
    if (compiled !== null) {
      const { coerced, errors: wrong } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
      // What is wrong with variables GraphQL.js says better.
      if (!wrong) {
        // The compiler takes a variable that is required for missing, also where it has a default.
        const { data, errors } = (await compiled.query(undefined, context, { ...coerced, ...variables })) as Result;
        return errors ? { data, errors: errors.map(asOurs) } : { data };
      }
    }
    return (await execute({ schema, document, operationName, variableValues: variables, contextValue: context })) as Result;
  }

  private find(document: DocumentNode, operationName: string | null): CompiledQuery | null {
    const operations = this.known.get(document) ?? new Map<string | null, Known>();
    this.known.delete(document);
    this.known.set(document, operations);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_KNOWN) break;
      this.known.delete(oldest);
    }
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
  return isPlain && fieldCount(document) <= MAX_FIELDS;
}

/** How many fields there are when each fragment is written out. */
function fieldCount({ definitions }: DocumentNode): number {
  const counts = new Map<string, number>();
  const countIn = ({ selections }: SelectionSetNode): number =>
    selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return sum + countOf(selection.name.value);
      const inner = selection.selectionSet ? countIn(selection.selectionSet) : 0;
      return sum + inner + (selection.kind === Kind.FIELD ? 1 : 0);
    }, 0);
  // A fragment that holds itself has been refused.
  const countOf = (name: string): number => {
    const known = counts.get(name);
    if (known !== undefined) return known;
    const fragment = definitions.find((each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name);
    const count = fragment?.kind === Kind.FRAGMENT_DEFINITION ? countIn(fragment.selectionSet) : 0;
    counts.set(name, count);
    return count;
  };
  return definitions.reduce((sum, each) => sum + (each.kind === Kind.OPERATION_DEFINITION ? countIn(each.selectionSet) : 0), 0);
}

/** The compiler makes errors of a class of its own, which lack what GraphQL.js's have: what they are caused by, for one. */
function asOurs({ message, path, locations, originalError }: GraphQLError): GraphQLError {
  const ours = new GraphQLError(message, { path });
  const cause = originalError ?? (argumentAtFault(ours) === null ? new Error(message) : undefined);
  return Object.assign(new GraphQLError(message, { path, originalError: cause }), { locations });
}
