import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Readiness } from './readiness.js';

const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Whether the request asks about the health of the process. Probes are neither limited nor shed, and are not logged at level info. */
export function isProbe({ routeOptions }: FastifyRequest): boolean {
  return PROBES.has(routeOptions.url);
}

/** `/healthz` answers while the process lives; `/readyz` answers 200 while a refund could be written, and otherwise says why not. */
export function serveHealth(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = await readiness.obstacle();
    return reason === null ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason });
  });
}
