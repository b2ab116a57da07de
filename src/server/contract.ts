import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

export const CONTRACT_URL = '/schema.graphql';

/** Time that clients and caches keep the contract before they ask again, in seconds. */
const MAX_AGE = 300;

/** Serves the GraphQL contract as text. Its ETag is the same in all processes of a version. */
export function serveContract(app: FastifyInstance, text: string): void {
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  app.get(CONTRACT_URL, async (request, reply) => {
    reply.headers({ etag, 'cache-control': `public, max-age=${MAX_AGE}` });
    const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (known.includes(etag) || known.includes('*')) return reply.code(304).send();
    return reply.type('text/plain; charset=utf-8').send(text);
  });
}
