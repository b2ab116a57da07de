import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceUnavailable } from '../errors.js';
import { isProbe } from './health.js';

/**
 * Refuses requests before any work on them while the event loop lags by more than the limit, on average over the last second. A request
 * accepted then would be answered too late, and would make all others wait longer.
 *
 * @param maxDelayMs in milliseconds; 0 never refuses
 */
export async function shedLoad(app: FastifyInstance, maxDelayMs: number): Promise<void> {
  if (maxDelayMs === 0) return;
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    pressureHandler: async (request: FastifyRequest, _reply: unknown, _type: string, delayMs: number | undefined) => {
      if (isProbe(request)) return;
      request.requestLog.add({ behindMs: Math.round(delayMs ?? 0) });
      throw new ServiceUnavailable('The gateway has too much to do; this request was not started, send it again');
    },
  });
}
