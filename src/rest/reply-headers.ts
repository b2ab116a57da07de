import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PostingDate } from '../values/posting-date.js';
import { isKnown, takeMatchingTag } from './etag.js';
import type { RestRoute } from './route.js';

export interface ReplyHeaderSettings {
  /** The day since which REST is deprecated; `null` if it is not. */
  readonly deprecatedSince: PostingDate | null;
}

/** Adds the headers that replies of all routes share: ETag, Cache-Control, Deprecation and Link. A GET request for what the client knows is a 304. */
export function addReplyHeaders(
  app: FastifyInstance,
  routes: readonly RestRoute[],
  { deprecatedSince }: ReplyHeaderSettings,
): void {
  const equivalents = new Map(routes.map(({ method, path, like }) => [`${method} /api${path}`, like]));
  app.addHook('onSend', async (request, reply, payload) => {
    if (deprecatedSince !== null) announceDeprecation(reply, deprecatedSince, equivalents.get(routeOf(request)));
    if (!isRead(request) || reply.statusCode !== 200 || typeof payload !== 'string') return payload;
    const etag = takeMatchingTag(reply, request.headers['if-match'], payload);
    reply.headers({ etag, 'cache-control': 'private, no-cache' });
    if (!isKnown(request.headers['if-none-match'], etag)) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    // For HEAD, Fastify replaces the content by its length.
    return request.method === 'HEAD' ? payload : null;
  });
}

/** Header fields of RFC 9745 and RFC 5829. */
function announceDeprecation(reply: FastifyReply, since: PostingDate, equivalent: string | undefined): void {
  reply.header('deprecation', `@${Date.parse(`${since}T00:00:00Z`) / 1_000}`);
  if (equivalent === undefined) return;
  const successor = `</graphql>; rel="successor-version"; title="${equivalent}"`;
  const before = reply.getHeader('link');
  reply.header('link', before === undefined ? successor : `${String(before)}, ${successor}`);
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method === 'HEAD' ? 'GET' : method} ${routeOptions.url}`;
}
