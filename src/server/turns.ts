import type { FastifyInstance, FastifyReply, RouteHandlerMethod } from 'fastify';
import { Turn } from '../concurrency/admission.js';
import { ServiceUnavailable } from '../errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    turn: Turn | null;
  }
}

/** Gives each request of these routes a turn, which is aborted when its client goes away. */
export function giveTurns(routes: FastifyInstance): void {
  routes.decorateRequest('turn', null);
  routes.addHook('onRequest', async (request, reply) => {
    request.turn = new Turn(clientSignal(reply));
  });
}

/** Returns a handler that runs the given one and then ends the request's turn. */
export function endingTurn(handler: RouteHandlerMethod): RouteHandlerMethod {
  return async function (request, reply) {
    try {
      return await handler.call(this, request, reply);
    } finally {
      request.turn?.end();
    }
  };
}

/**
 * Returns a signal that aborts when the client goes away before it has its reply. Fastify's `request.signal` aborts as soon as the body
 * has been read: https://nodejs.org/api/http.html#event-close_3.
 */
function clientSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new ServiceUnavailable());
  });
  return controller.signal;
}
