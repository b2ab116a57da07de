import type { FastifyRequest } from 'fastify';

const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Whether somebody asks how the process is. Such a request is neither limited nor shed, and not logged at level info. */
export function isProbe({ routeOptions }: FastifyRequest): boolean {
  return PROBES.has(routeOptions.url);
}
