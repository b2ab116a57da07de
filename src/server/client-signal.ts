import type { FastifyReply } from 'fastify';
import { ServiceUnavailable } from '../errors.js';

/**
 * Aborts when the client goes away before it has its reply. (Fastify's own `request.signal` aborts as soon as the body has been
 * read: https://nodejs.org/api/http.html#event-close_3.)
 */
export function clientSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new ServiceUnavailable());
  });
  return controller.signal;
}
