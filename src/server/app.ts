import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { MikroORM } from '@mikro-orm/postgresql';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginCallback,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { Authenticator } from '../auth/authenticator.js';
import type { JwtSettings } from '../auth/jwt.js';
import { Admission } from '../concurrency/admission.js';
import type { Config } from '../config.js';
import { assertWellFormed, readQueryString } from '../graphql/apollo-requests.js';
import { documentCheck } from '../graphql/document-check.js';
import { withFederation } from '../graphql/federation.js';
import { assertAcceptable, PARTIAL_SUCCESS, UnusableRequest } from '../graphql/over-http.js';
import { createSchema, printContract } from '../graphql/schema.js';
import { createGraphQLServer, type DemoContent } from '../graphql/server.js';
import { loadTrustedDocuments } from '../graphql/trusted-documents.js';
import { Context } from '../request/context.js';
import { acceptsJson } from '../rest/error-format.js';
import { printOpenApi } from '../rest/openapi/document.js';
import { addReplyHeaders, type ReplyHeaderSettings } from '../rest/reply-headers.js';
import { REST_ROUTES, type RestSettings, restRoutes } from '../rest/routes.js';
import { RestUsageCounts } from '../services/organizations/rest-usage.js';
import { RefundQueue } from '../services/refunds/refund-queue.js';
import { authenticateFirst } from './authentication-hook.js';
import { MAX_HEADER_BYTES } from './broken-request.js';
import { addressReader } from './client-address.js';
import { CONNECTION_LIMITS, type ConnectionLimits, Connections } from './connections.js';
import { serveDemoSession } from './demo-session.js';
import { errorTexts } from './error-texts.js';
import { sendError, varyByAccept } from './errors.js';
import { followRequests, givePermits, releasingPermit } from './follow-requests.js';
import { serveHealth } from './health.js';
import { GRAPHQL_BODY_LIMIT, REST_BODY_LIMIT, readJsonBodies } from './json-bodies.js';
import { serveLandingPage } from './landing-page.js';
import { shedLoad } from './load-shedding.js';
import { answerOtherMethods } from './path-methods.js';
import { publishedTexts, serveTexts } from './published-texts.js';
import { RateLimit } from './rate-limit.js';
import { callersRequestId, idempotencyKeyOf, requestMetadata } from './request-metadata.js';
import { plainTarget } from './request-target.js';
import { boundUnreadReplies, UNREAD_LIMITS, type UnreadLimits } from './unread-replies.js';
import { DESK, GRAPHIQL, isBuilt, REFERENCE, serveWebPage } from './web-files.js';
import { secureWeb } from './web-security.js';

/** Time that closing waits for requests in flight, unless configured. */
const STOP_SECONDS = 10;

/** Interval at which counts of REST requests are written. */
const USAGE_WRITE_MS = 60_000;

/** Time limit for a plugin to load or to close. */
const PLUGIN_SECONDS = 10;

export interface AppOptions {
  readonly orm: MikroORM;
  readonly config: Pick<
    Config,
    | 'host'
    | 'allowedHosts'
    | 'introspection'
    | 'desk'
    | 'corsOrigins'
    | 'duplicateWindowSeconds'
    | 'postingDaysAhead'
    | 'queryCostLimit'
    | 'clientIp'
    | 'trustedProxies'
    | 'rateLimit'
    | 'maxEventLoopDelayMs'
    | 'requestWaitMs'
    | 'trustedDocuments'
    | 'federation'
    | 'restContract'
    | 'restDeprecatedSince'
  >;
  readonly jwt: JwtSettings | null;
  readonly logger: FastifyBaseLogger;
  readonly connections?: ConnectionLimits;
  readonly unread?: UnreadLimits;
  /** Time that closing waits for requests in flight. */
  readonly stopSeconds?: number;
  /** What the pages open with, in demo mode. */
  readonly demo?: DemoContent;
  /** Returns why the embedded database cannot write at present; `null` if no reason is known. */
  readonly databaseObstacle?: () => Promise<string | null>;
}

/**
 * Returns the HTTP server of GraphQL and REST, which does not listen yet. `close()` finishes the requests in flight and leaves the ORM
 * open.
 *
 * @example
 * const app = await createApp({ orm, config, jwt: null, logger });
 * const { port } = await listen(app, { host: 'localhost', port: 0 });
 */
export async function createApp({
  orm,
  config,
  jwt,
  logger,
  connections: limits = CONNECTION_LIMITS,
  unread = UNREAD_LIMITS,
  stopSeconds = STOP_SECONDS,
  demo,
  databaseObstacle = async () => null,
}: AppOptions): Promise<FastifyInstance> {
  const connections = new Connections(limits, logger);
  const app = createFastify(connections, logger, stopSeconds);
  const schemaAlone = createSchema();
  const contract = printContract(schemaAlone);
  const schema = config.federation ? withFederation(schemaAlone, contract) : schemaAlone;
  const trusted = await loadTrustedDocuments(config.trustedDocuments, schema, config.queryCostLimit);
  const queries = new Admission(config.queryCostLimit);
  const graphql = createGraphQLServer(schema, { ...config, demo: demo ?? null, queries }, trusted);
  await graphql.start();
  app.addHook('onClose', () => graphql.stop());

  readJsonBodies(app);
  // Set before all plugins: a plugin keeps the handlers that exist when it is registered.
  app.setErrorHandler(sendError);
  const answerOther = answerOtherMethods(app);
  app.setNotFoundHandler(answerOther);
  followRequests(app, connections, stopSeconds);
  boundUnreadReplies(app, unread);
  secureWeb(app, config, demo !== undefined);
  await allowOrigins(app, config.corsOrigins);
  await shedLoad(app, config.maxEventLoopDelayMs);

  const authenticator = new Authenticator(orm.em, jwt, config.postingDaysAhead);
  const refunds = new RefundQueue(orm.em);
  const usage = new RestUsageCounts(orm.em);
  writeInTurn(app, usage);
  const addressOf = addressReader(config.clientIp, config.trustedProxies);
  const rateLimit = config.rateLimit && (await RateLimit.create(app, config.rateLimit, addressOf, orm.em));
  const metadataOf = (request: FastifyRequest) => requestMetadata(request, config.clientIp === 'none' ? null : addressOf(request));
  const contextOf = (request: FastifyRequest): Context => {
    const { metadata, caller, requestLog, permit } = request;
    if (metadata === null || caller === null || permit === null) throw new Error('the route does not authenticate');
    return new Context(orm.em, refunds, metadata, requestLog, config, caller, idempotencyKeyOf(request), permit);
  };

  await app.register((doors, _options, done) => {
    givePermits(doors);
    doors.addHook('onSend', async (_request, reply) => void varyByAccept(reply));
    const settings = { isSchemaPublic: config.introspection, waitMs: config.requestWaitMs };
    authenticateFirst(doors, authenticator, metadataOf, settings, rateLimit);
    const acceptable = async (request: FastifyRequest): Promise<void> => assertAcceptable(request, config.introspection);
    openDoors(doors, graphql, [documentCheck(trusted), acceptable, readQueryString, assertWellFormed], contextOf, {
      deprecatedSince: config.restDeprecatedSince,
      count: async (request) => countUse(usage, request),
      queries,
    });
    done();
  });

  const published = config.introspection ? await publishedTexts(contract, printOpenApi(config.restContract)) : [];
  const texts = new Map([...errorTexts(), ...published]);
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 || request.routeOptions.config.isPublic) await rateLimit?.count(request, reply);
    if (request.is404 || isPlainOptions(request)) return answerOther(request, reply);
  });
  await servePages(app, config, demo ?? null);
  serveTexts(app, texts);
  serveHealth(app, orm, async () => (connections.isStopping ? 'the gateway is stopping' : databaseObstacle()));
  return app;
}

function createFastify(connections: Connections, logger: FastifyBaseLogger, stopSeconds: number): FastifyInstance {
  return Fastify({
    loggerInstance: logger,
    serverFactory: (handler) => connections.createServer(handler),
    clientErrorHandler: connections.fail,
    // Connections that are still open after `stopSeconds` are closed.
    forceCloseConnections: true,
    // `Connections` decides about the requests that arrive during a stop.
    return503OnClosing: false,
    pluginTimeout: (stopSeconds + PLUGIN_SECONDS) * 1_000,
    bodyLimit: REST_BODY_LIMIT,
    // Paths are matched as the legacy server matches them.
    // An id in a path may be as long as the header of a request: otherwise the router would refuse it, and no hook would run.
    routerOptions: { maxParamLength: MAX_HEADER_BYTES, caseSensitive: false, ignoreTrailingSlash: true },
    rewriteUrl: ({ method, url = '' }) => plainTarget(method, url),
    // `followRequests` logs one line for each request.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => callersRequestId(headers['x-request-id']) ?? randomUUID(),
  });
}

/** Lets pages of these origins read the replies (CORS). */
async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  const options = {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposedHeaders: [
      'x-request-id',
      'idempotency-replayed',
      'etag',
      'retry-after',
      'ratelimit',
      'ratelimit-policy',
      'location',
      'link',
      'allow',
      'deprecation',
    ],
    maxAge: 86_400,
  };
  await app.register(
    cors,
    () => (request: FastifyRequest, done: (error: null, options: FastifyCorsOptions) => void) =>
      // The plugin would answer any other OPTIONS request by itself, without the methods of the path.
      done(null, { ...options, preflight: isPreflight(request) }),
  );
}

/** Whether the request reaches the route that the plugin of CORS has for OPTIONS requests of all paths. */
function isPlainOptions({ method, routeOptions }: FastifyRequest): boolean {
  return method === 'OPTIONS' && routeOptions.url === '*';
}

/** Whether a browser asks on behalf of a page of another origin. */
function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/** Writes the counts of REST requests at intervals, and when the app closes. */
function writeInTurn(app: FastifyInstance, usage: RestUsageCounts): void {
  const write = () =>
    usage.write().catch((error: unknown) => app.log.warn({ reason: String(error) }, 'counts of REST requests wait'));
  const timer = setInterval(write, USAGE_WRITE_MS).unref();
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await write();
  });
}

/** Counts an authenticated request to a route of REST, under the route's name in the documents. */
function countUse(usage: RestUsageCounts, { caller, method, routeOptions }: FastifyRequest): void {
  if (caller === null || caller instanceof Error) return;
  usage.add(caller, `${method === 'HEAD' ? 'GET' : method} ${routeOptions.url?.replaceAll(/:(\w+)/g, '{$1}')}`);
}

/** Serves the pages for people that the configuration asks for, as far as they are built, and the page that leads to them. */
async function servePages(app: FastifyInstance, config: AppOptions['config'], demo: DemoContent | null): Promise<void> {
  for (const page of [...(config.desk ? [DESK] : []), ...(config.introspection ? [GRAPHIQL, REFERENCE] : [])]) {
    if (!isBuilt(page)) {
      app.log.warn(`${page.path} is not served, because it is not built: run npm run build`);
      continue;
    }
    await serveWebPage(app, page);
    serveDemoSession(app, page, demo);
  }
  if (config.desk || config.introspection) serveLandingPage(app, config, demo);
}

/** Adds the routes of GraphQL and REST. */
function openDoors(
  app: FastifyInstance,
  graphql: ApolloServer<Context>,
  preHandler: readonly ((request: FastifyRequest) => Promise<void>)[],
  contextOf: (request: FastifyRequest) => Context,
  settings: RestSettings & ReplyHeaderSettings & { readonly count: (request: FastifyRequest) => Promise<void> },
): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    bodyLimit: GRAPHQL_BODY_LIMIT,
    preHandler: [...preHandler],
    onSend: async (_request, { raw, statusCode }) => {
      if (statusCode === PARTIAL_SUCCESS) raw.statusMessage = 'Partial Success';
    },
    handler: releasingPermit(fastifyApolloHandler(graphql, { context: async (request) => contextOf(request) })),
  });
  const rest: FastifyPluginCallback = (routes, _options, done) => {
    routes.addHook('onRequest', settings.count);
    routes.addHook('onRequest', async ({ headers: { accept } }) => {
      if (!acceptsJson(accept)) throw new UnusableRequest(406, 'The Accept header must allow application/json');
    });
    addReplyHeaders(routes, REST_ROUTES, settings);
    restRoutes(routes, contextOf, settings);
    done();
  };
  void app.register(rest, { prefix: '/api' });
}
