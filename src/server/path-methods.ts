import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendMethodNotAllowed, sendNotFound } from './errors.js';
import { WHOLE_SERVER } from './request-target.js';

/**
 * Answers a request for which no route has the method and path, before its body is read: 405 with the allowed methods if the path has others, 204
 * if OPTIONS asks for them, or else 404. It is registered before all routes.
 */
export function answerOtherMethods(app: FastifyInstance): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url }) => {
    const known = methods.get(url) ?? new Set();
    methods.set(url, known);
    for (const each of [method].flat()) if (each !== 'OPTIONS') known.add(each);
  });
  return (request, reply) => {
    const path = pathOf(request.url);
    const isMatched = (pattern: string) => path === WHOLE_SERVER || matches(pattern, path);
    const allowed = [...methods].flatMap(([pattern, known]) => (isMatched(pattern) ? [...known] : []));
    // A route may find that nothing is there.
    if (allowed.length === 0 || allowed.includes(request.method)) return sendNotFound(request, reply);
    const allow = [...[...new Set(allowed)].sort(), 'OPTIONS'].join(', ');
    if (request.method === 'OPTIONS') return reply.header('allow', allow).code(204).send();
    return sendMethodNotAllowed(request, reply, allow);
  };
}

/** Returns the path as the router matches it: decoded, in any case, and with or without a slash at its end. */
function pathOf(url: string): string {
  const path = decodeURI(url.split('?', 1)[0] ?? '');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Whether the router would match the path with the pattern, which may have parameters and end with a wildcard. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.toLowerCase().split('/');
  const segments = path.toLowerCase().split('/');
  const isLongEnough = wanted.at(-1) === '*' ? segments.length >= wanted.length : segments.length === wanted.length;
  return (
    isLongEnough &&
    wanted.every((part, index) => part === '*' || part === segments[index] || (part.startsWith(':') && segments[index] !== ''))
  );
}
