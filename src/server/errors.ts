import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { DomainError } from '../domain-error.js';
import { REFUSALS } from '../error-codes.js';
import { FAULT, ServiceUnavailable, Unauthenticated } from '../errors.js';
import { complete, described } from '../graphql/errors.js';
import { LEGACY, mediaTypeFor, statusOfRefused, UnusableRequest } from '../graphql/over-http.js';
import { refusalOf } from '../orm/errors.js';
import { codeOf, type ErrorReply, plainReply, refusalReply } from '../rest/errors.js';
import { PreconditionFailed } from '../rest/etag.js';
import { InvalidJson } from '../values/json.js';
import { BrokenRequest } from './broken-request.js';

/** The path of the GraphQL door. */
const GRAPHQL = '/graphql';

/** Replies with an error that was thrown outside GraphQL execution, in the format of the door. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal !== null) {
    request.requestLog.add({ refused: refusal.code });
    if (refusal instanceof ServiceUnavailable) {
      // A refusal that our own code threw has no cause to log: the line of the request names it.
      if (error !== refusal) request.requestLog.transient(error);
    }
    if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
    if (refusal instanceof Unauthenticated) reply.header('www-authenticate', 'Bearer');
    return send(reply, replyToRefusal(refusal, request));
  }
  const client = clientError(error, request);
  if (client !== null) return sendPlain(client.status, client.message, request, reply);
  request.requestLog.fault(error);
  return sendPlain(500, FAULT.message, request, reply);
}

/** Replies that no route has the method and path. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { method, url } = request;
  // A reply to HEAD has the headers of one to GET, and so its length.
  return sendPlain(404, `Cannot ${method === 'HEAD' ? 'GET' : method} ${url.split('?', 1)[0]}`, request, reply);
}

/** Replies that the path has other methods. */
export function sendMethodNotAllowed(request: FastifyRequest, reply: FastifyReply, allow: string): FastifyReply {
  const { method, url } = request;
  return sendPlain(405, `Cannot ${method} ${url.split('?', 1)[0]}`, request, reply.header('allow', allow));
}

function sendPlain(status: number, message: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!isGraphQL(request)) return send(reply, plainReply(status, message, replyOptions(request)));
  return send(reply, graphqlReply(status, { message, extensions: { code: codeOf(status) } }, request));
}

/** Returns the reply to a request that could not be read; `null` if the request is not at fault. */
function clientError(error: FastifyError, { routeOptions, headers }: FastifyRequest): { status: number; message: string } | null {
  if (error instanceof BrokenRequest) return { status: error.status, message: error.message };
  if (error instanceof UnusableRequest) {
    return { status: error.statusAs(mediaTypeFor(headers.accept) ?? LEGACY), message: error.message };
  }
  if (error instanceof PreconditionFailed) return { status: 412, message: error.message };
  if (error instanceof InvalidJson) return { status: 400, message: error.message };
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { status: 413, message: `The body is larger than ${routeOptions.bodyLimit} bytes` };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { status: 415, message: 'Send the body as Content-Type: application/json, in UTF-8 and not compressed' };
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return { status: 400, message: 'The body is not as long as Content-Length says' };
    case 'ECONNRESET':
      return { status: 400, message: 'The request was aborted' };
    default:
      // Other faults that Fastify finds in a request.
      return isClientError(error) ? { status: error.statusCode, message: error.message } : null;
  }
}

function isClientError(error: FastifyError): error is FastifyError & { statusCode: number } {
  const { code, statusCode = 500 } = error;
  return code?.startsWith('FST_') && statusCode >= 400 && statusCode < 500;
}

function isGraphQL({ routeOptions, url }: FastifyRequest): boolean {
  return routeOptions.url === GRAPHQL || (routeOptions.url === undefined && /^\/graphql\/?(\?|$)/i.test(url));
}

/** Returns the reply to a request that was refused before GraphQL execution, in the format of GraphQL's own errors. */
function graphqlReply(status: number, error: GraphQLFormattedError, { id, headers }: FastifyRequest): ErrorReply {
  return { status, contentType: mediaTypeFor(headers.accept) ?? LEGACY, body: { errors: [complete(error, id)] } };
}

function replyToRefusal(refusal: DomainError, request: FastifyRequest): ErrorReply {
  if (!isGraphQL(request)) return refusalReply(refusal, { ...replyOptions(request), target: request.body });
  const status = statusOfRefused(REFUSALS[refusal.code].status, mediaTypeFor(request.headers.accept) ?? LEGACY);
  return graphqlReply(status, described(refusal), request);
}

function replyOptions(request: FastifyRequest) {
  return { requestId: request.id, accept: request.headers.accept };
}

function send(reply: FastifyReply, { status, contentType, body }: ErrorReply): FastifyReply {
  return varyByAccept(reply).code(status).type(contentType).send(body);
}

/** Announces to caches that the reply depends on the Accept header. */
export function varyByAccept(reply: FastifyReply): FastifyReply {
  const before = String(reply.getHeader('vary') ?? '');
  return /\baccept\b(?!-)/i.test(before) ? reply : reply.header('vary', before === '' ? 'Accept' : `${before}, Accept`);
}
