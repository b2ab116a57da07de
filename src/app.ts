import { randomUUID } from 'node:crypto';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import type { MikroORM } from '@mikro-orm/postgresql';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { GraphQLError } from 'graphql';
import { authenticate } from './auth/authenticate.js';
import type { JwtSettings } from './auth/jwt.js';
import type { Config } from './config.js';
import { refusalOf } from './constraint-refusals.js';
import { Context } from './context.js';
import { Unauthenticated } from './errors.js';
import { INTERNAL } from './graphql-errors.js';
import { createGraphQLServer, type SandboxContent } from './graphql-server.js';
import { parseJson } from './json.js';
import { headerOf, requestFacts } from './request-facts.js';
import { RequestLog } from './request-log.js';
import { type ErrorReply, plainReply, refusalReply } from './rest/errors.js';
import { restRoutes } from './rest/routes.js';
import { createSchema } from './schema.js';

/** As much as the documented API takes. */
const BODY_LIMIT = 100 * 1024;

export interface AppOptions {
  readonly orm: MikroORM;
  readonly config: Pick<Config, 'introspection' | 'corsOrigins' | 'duplicateWindowSeconds' | 'clientIp'>;
  readonly jwt: JwtSettings | null;
  readonly logger: FastifyBaseLogger;
  /** What the Sandbox opens with, in demo mode. */
  readonly sandbox?: SandboxContent;
}

declare module 'fastify' {
  interface FastifyRequest {
    requestLog: RequestLog;
  }
}

/** GraphQL and REST on one HTTP server, not yet listening. `close()` finishes what is in flight; the ORM stays open. */
export async function createApp({ orm, config, jwt, logger, sandbox }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: logger,
    bodyLimit: BODY_LIMIT,
    trustProxy: config.clientIp === 'forwarded',
    // One line for each request, with who and what, is written below.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => callersRequestId(headers['x-request-id']) ?? randomUUID(),
  });
  const graphql = createGraphQLServer(createSchema(), { introspection: config.introspection, sandbox: sandbox ?? null });
  await graphql.start();
  app.addHook('onClose', () => graphql.stop());

  app.decorateRequest('requestLog');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: FastifyRequest, body: string) =>
    body === '' ? undefined : parseJson(body),
  );
  await app.register(cors, {
    origin: config.corsOrigins === true ? true : [...config.corsOrigins],
    exposedHeaders: ['x-request-id', 'idempotency-replayed'],
    maxAge: 86_400,
  });

  app.addHook('onRequest', async (request, reply) => {
    request.requestLog = new RequestLog(request.log);
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const facts = { method, path: routeOptions.url ?? 'unknown', status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    request.log.info({ ...facts, ...request.requestLog.facts }, 'request');
  });
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    send(reply, plainReply(404, `Cannot ${request.method} ${pathOf(request)}`, asked(request))),
  );

  const contextOf = async (request: FastifyRequest): Promise<Context> => {
    const em = orm.em.fork();
    const credentials = { authorization: request.headers.authorization, organizationId: headerOf(request, 'organization-id') };
    const facts = requestFacts(request, config.clientIp);
    const actor = await authenticate(em, credentials, jwt, facts).catch((error: unknown) => {
      if (error instanceof Unauthenticated) return error;
      throw error;
    });
    if (!(actor instanceof Error)) request.requestLog.add({ organization: actor.organization.publicId, actor: actor.name });
    return new Context(em, facts, request.requestLog, config, actor, headerOf(request, 'idempotency-key'));
  };

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: fastifyApolloHandler(graphql, {
      context: async (request) => {
        try {
          return await contextOf(request);
        } catch (error) {
          request.requestLog.fault(error);
          throw internalError(request.id);
        }
      },
    }),
  });
  await app.register(
    (rest, _options, done) => {
      restRoutes(rest, contextOf);
      done();
    },
    { prefix: '/api' },
  );

  app.get('/', async (_request, reply) => (config.introspection ? reply.redirect('/graphql') : reply.callNotFound()));
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    try {
      await orm.em.fork().execute('select 1');
      return { status: 'ready' };
    } catch (error) {
      request.requestLog.fault(error);
      return reply.code(503).send({ status: 'not ready', reason: 'the database does not answer' });
    }
  });
  return app;
}

/** A request id of the caller's, if it is one that can stand in a log. */
function callersRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:/+=-]{1,128}$/.test(header) ? header : undefined;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

function asked(request: FastifyRequest) {
  return { requestId: request.id, accept: request.headers.accept };
}

function internalError(requestId: string): GraphQLError {
  return new GraphQLError('context', { extensions: { code: INTERNAL, requestId, http: { status: 500 } } });
}

/** The one place where errors outside GraphQL become replies. */
function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal !== null) {
    request.requestLog.add({ refused: refusal.code });
    if (refusal instanceof Unauthenticated) reply.header('www-authenticate', 'Bearer');
    return send(reply, refusalReply(refusal, { ...asked(request), target: request.body }));
  }
  const client = clientError(error);
  if (client !== null) return send(reply, plainReply(client.status, client.message, asked(request)));
  request.requestLog.fault(error);
  return send(reply, plainReply(500, 'Something went wrong on our side; tell us the request id', asked(request)));
}

/** What is wrong with a request that could not be read. */
function clientError(error: FastifyError): { status: number; message: string } | null {
  if (error instanceof SyntaxError) return { status: 400, message: error.message };
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { status: 413, message: `The body is larger than ${BODY_LIMIT} bytes` };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { status: 415, message: 'Send the body as Content-Type: application/json' };
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return { status: 400, message: 'The body is not as long as Content-Length says' };
    default:
      return null;
  }
}

function send(reply: FastifyReply, { status, contentType, body }: ErrorReply): FastifyReply {
  return reply.code(status).type(contentType).send(body);
}
