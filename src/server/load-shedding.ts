import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceUnavailable } from '../errors.js';
import { isProbe } from './health.js';

/**
 * Refuses requests before any work on them while the process is behind: while, in the last second, work that was due had to wait for
 * so many milliseconds on average. What is taken then is answered too late to be of use, and makes everybody else wait longer.
 *
 * @param maxDelayMs 0 for never
 */
export async function shedLoad(app: FastifyInstance, maxDelayMs: number): Promise<void> {
  if (maxDelayMs === 0) return;
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    pressureHandler: async (request: FastifyRequest, _reply: unknown, _type: string, delayMs: number | undefined) => {
      if (isProbe(request)) return;
      request.requestLog.add({ behindMs: Math.round(delayMs ?? 0) });
      throw new ServiceUnavailable();
    },
  });
}
