import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DemoContent } from '../graphql/server.js';
import type { WebPage } from './web-files.js';

/**
 * Adds the route by which a page of ours signs itself in with the demo's key. Only such a page gets the key: the browser says itself that the
 * request is of the same origin, which no script can write; the Host header is checked; and no reply can be read by another origin.
 *
 * @param demo `null` if there is no demo, and so no key
 */
export function serveDemoSession(app: FastifyInstance, { path }: WebPage, demo: DemoContent | null): void {
  const url = `${path}/session`;
  const config = { isPublic: true, holdsCredential: true, cors: false } as const;
  // Without this route, a preflight of an origin in `CORS_ORIGINS` would be allowed.
  app.options(url, { config }, async (_request, reply) => reply.code(204).header('allow', 'POST').send());
  app.post(url, { config }, async (request, reply) => {
    if (!isOfSameOrigin(request)) return reply.callNotFound();
    reply.header('cache-control', 'no-store');
    if (demo === null) return reply.code(204).send();
    const { apiKey, document, variables } = demo;
    return { apiKey, operation: { document, variables } };
  });
}

/** Browsers send `Sec-Fetch-Site` to HTTPS and to the loopback interface only, and overwrite what a script sets. */
function isOfSameOrigin({ headers, host }: FastifyRequest): boolean {
  const { origin } = headers;
  const isForeign = origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host.toLowerCase());
  return headers['sec-fetch-site'] === 'same-origin' && !isForeign;
}
