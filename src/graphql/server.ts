import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema, Kind, type OperationDefinitionNode, OperationTypeNode, type ValueNode } from 'graphql';
import type { Admission } from '../concurrency/admission.js';
import { FAULT, ServiceUnavailable } from '../errors.js';
import type { Context } from '../request/context.js';
import { exactRequests, type OperationCheck, type OperationRequest, PREFLIGHTED } from './apollo-requests.js';
import { argumentCheck } from './argument-check.js';
import { compiledQueries } from './compiled-queries.js';
import { MAX_TOKENS } from './document-limits.js';
import { parsedDocuments, RegisteredDocuments } from './document-stores.js';
import { argumentAtFault, blamedFields, formatError, publish, refusalBehind, refusalError } from './errors.js';
import { fieldsOf, type OperationField } from './operation-fields.js';
import { LEGACY, mediaTypeFor, statusOf } from './over-http.js';
import { queryAdmission, queryLimits } from './query-limits.js';
import { sandbox } from './sandbox.js';
import type { TrustedDocuments } from './trusted-documents.js';
import { readVariables } from './variables.js';
import { reportWritten } from './written.js';

/** What the pages have in demo mode. */
export interface DemoContent {
  readonly apiKey: string;
  /** The command of a shell that prints the key, on the machine of the gateway. */
  readonly keyCommand: string;
  /** The operation that the explorers open with. */
  readonly document: string;
  readonly variables: Record<string, unknown>;
}

const MAX_NAME = 255;

/** Returns the Apollo Server, which has not been started. */
export function createGraphQLServer(
  schema: GraphQLSchema,
  { introspection, demo, queries }: { introspection: boolean; demo: DemoContent | null; queries: Admission },
  trusted: TrustedDocuments,
): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: { requestHeaders: [...PREFLIGHTED] },
    persistedQueries: trusted.only ? false : { cache: new RegisteredDocuments() },
    documentStore: parsedDocuments(trusted),
    parseOptions: { maxTokens: MAX_TOKENS },
    // The process handles the signals, and stops this server with everything else.
    stopOnTerminationSignals: false,
    formatError,
    plugins: [
      // Cache control would wrap the resolver of each field to compute a header that is constant here: no reply may be cached.
      ApolloServerPluginCacheControlDisabled(),
      // In a subgraph, any caller could ask for the time of each resolver, by a header.
      ApolloServerPluginInlineTraceDisabled(),
      introspection ? sandbox(demo === null ? {} : sandboxContent(demo)) : ApolloServerPluginLandingPageDisabled(),
      exactRequests(trusted),
      // Before the next plugin, which completes each error: a mutation that was done must not be retried.
      reportWritten,
      requestPlugin([sharedKeyCheck(schema), queryLimits(schema, queries.limit), argumentCheck(schema), queryAdmission(queries)]),
      compiledQueries(schema),
    ],
  });
}

function sandboxContent({ apiKey, document, variables }: DemoContent) {
  return { document, variables, headers: { authorization: `Bearer ${apiKey}` } };
}

/** Checks each operation before it is executed, logs its name and its outcome, and adds what only the request knows to an error reply. */
function requestPlugin(checks: readonly OperationCheck[]): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation(request) {
        if (!hasOperation(request)) throw unknownOperation(request.operation);
        const { operationName, operation, contextValue } = request;
        const name = operationName?.slice(0, MAX_NAME) ?? null;
        contextValue.log.add({ operation: name ?? operation.operation });
        contextValue.request.operationName = name;
        // One after another: as plugins of their own, Apollo Server would run them in parallel.
        for (const check of checks) await check(request);
      },
      async didEncounterErrors({ errors, contextValue }) {
        // Work that is aborted because its client has gone is neither a fault nor an outage.
        if (!contextValue.permit.signal.aborted) for (const error of errors) logError(error, contextValue);
      },
      async willSendResponse({ request, response, errors = [], schema, document, operation, contextValue }) {
        const { headers } = response.http;
        headers.set('cache-control', 'no-store');
        if (response.body.kind !== 'single') return;
        const { singleResult } = response.body;
        const idempotency = contextValue.idempotencyOutcome;
        if (idempotency !== undefined) singleResult.extensions = { ...singleResult.extensions, idempotency };
        if (idempotency?.replayed) headers.set('idempotency-replayed', 'true');
        const status = response.http.status ?? 200;
        const mediaType = mediaTypeFor(request.http?.headers.get('accept')) ?? LEGACY;
        headers.set('content-type', mediaType);
        if (singleResult.errors === undefined) return;
        const literals = document && !operation ? blamedFields(schema, document, errors) : undefined;
        const published = publish(singleResult.errors, errors, { requestId: contextValue.request.requestId, status, literals });
        singleResult.errors = published;
        response.http.status = statusOf(singleResult, status, mediaType);
        const [retryAfter] = published.flatMap(({ extensions }) => extensions?.retryAfter ?? []);
        if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
      },
    }),
  };
}

function hasOperation(request: Omit<OperationRequest, 'operation'> & Partial<OperationRequest>): request is OperationRequest {
  return request.operation !== undefined && request.operation.operation !== 'subscription';
}

function logError(error: GraphQLError, { log }: Context): void {
  const refusal = refusalBehind(error);
  // A refusal that our own code threw has no cause to log: the line of the request names it.
  const isOutage = refusal instanceof ServiceUnavailable && error.originalError !== refusal;
  if (isOutage) log.transient(error.originalError);
  // GraphQL's own errors have no cause or a GraphQLError as cause. Any other cause is ours, even outside a resolver.
  const isForeign = error.originalError !== undefined && !(error.originalError instanceof GraphQLError);
  const isOurs = error.path !== undefined || error.extensions.code === FAULT.code || isForeign;
  const isFault = refusal === null && error.originalError && isOurs && argumentAtFault(error) === null;
  if (isFault) log.fault(error.originalError);
  else log.add({ refused: refusal?.code ?? error.extensions.code ?? 'INVALID_REQUEST' });
}

function unknownOperation(operation: OperationDefinitionNode | undefined): GraphQLError {
  const message = operation
    ? 'There are no subscriptions here'
    : 'operationName must name an operation in the document, and is required if the document holds several';
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } } });
}

/** Refuses a document with the Idempotency-Key header whose mutations would share the key. */
function sharedKeyCheck(schema: GraphQLSchema): OperationCheck {
  return ({ document, operation, request, contextValue }) => {
    if (operation.operation !== OperationTypeNode.MUTATION || !contextValue.hasKeyOfHeader) return;
    const { values } = readVariables(schema, operation, request.variables ?? {});
    const { fields } = fieldsOf(schema, document, operation, values);
    const isGiven = (value: ValueNode | undefined): boolean =>
      value?.kind === Kind.VARIABLE ? (values[value.name.value] ?? null) !== null : value !== undefined && value.kind !== Kind.NULL;
    const keyIn = ({ node }: OperationField) => node.arguments?.find(({ name }) => name.value === 'idempotencyKey')?.value;
    const without = fields.filter((each) => each.path.length === 1 && !isGiven(keyIn(each)));
    const refusal = contextValue.refuseSharedKey(new Set(without.map(({ path }) => path[0])).size);
    if (refusal !== null) throw refusalError(refusal);
  };
}
