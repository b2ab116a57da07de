import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Readiness } from './readiness.js';

const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Whether the request is a health probe. Probes are neither rate limited nor shed, and are logged at level debug. */
export function isProbe({ routeOptions }: FastifyRequest): boolean {
  return PROBES.has(routeOptions.url);
}

/** Adds `/healthz`, which answers while the process lives, and `/readyz`: 200 while a refund could be written, else 503 and the reason. */
export function serveHealth(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = await readiness.obstacle();
    return reason === null ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason });
  });
}
