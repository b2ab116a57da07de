import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { Permit } from '../concurrency/admission.js';
import { ServiceUnavailable } from '../errors.js';
import { RequestLog } from '../request/request-log.js';
import type { Connections } from './connections.js';
import { isProbe } from './health.js';
import { assertOneValue } from './repeated-headers.js';
import { takeHostOfTarget } from './request-target.js';

declare module 'fastify' {
  interface FastifyRequest {
    requestLog: RequestLog;
    /** `null` on a route that executes no operation. */
    permit: Permit | null;
  }
  interface FastifyInstance {
    /** The number of requests that closing has cut off. */
    unanswered: number;
  }
}

/** Logs each request when it ends or its client goes away, and makes closing wait for the requests in flight. */
export function followRequests(app: FastifyInstance, connections: Connections, stopSeconds: number): void {
  let inFlight = 0;
  let drained = (): void => undefined;
  app.decorateRequest('requestLog');
  app.decorate('unanswered', 0);
  app.addHook('onRequest', async (request, reply) => {
    request.requestLog = new RequestLog(request.log);
    reply.header('x-request-id', request.id);
    inFlight += 1;
    // A response that was sent emits `finish` and `close`, an aborted one only `close`.
    let open = true;
    const ended = (status: number | 'aborted'): void => {
      if (!open) return;
      open = false;
      logEnd(request, reply, status);
      inFlight -= 1;
      if (inFlight === 0) drained();
    };
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) ended('aborted');
    });
    reply.raw.once('finish', () => {
      const { socket } = request.raw;
      if (!socket.readableEnded) ended(reply.statusCode);
      // A client that has closed its side may be gone: then the connection closes with an error.
      else socket.once('close', (hadError) => ended(hadError ? 'aborted' : reply.statusCode));
    });
    const broken = connections.follow(request.raw, (error) => void reply.header('connection', 'close').send(error));
    if (broken !== null) {
      reply.header('connection', 'close');
      throw broken;
    }
    assertOneValue(request.raw);
    takeHostOfTarget(request.headers, request.originalUrl);
  });
  app.addHook('preClose', async () => {
    await connections.stop(stopSeconds * 1_000);
    if (inFlight > 0) {
      const last = new Promise<void>((resolve) => {
        drained = resolve;
      });
      await Promise.race([last, sleep(stopSeconds * 1_000, undefined, { ref: false })]);
    }
    app.unanswered = inFlight;
  });
}

/** Gives each request of these routes a permit, whose signal aborts when the client goes away. */
export function givePermits(routes: FastifyInstance): void {
  routes.decorateRequest('permit', null);
  routes.addHook('onRequest', async (request, reply) => {
    request.permit = new Permit(clientSignal(reply));
  });
}

/** Returns a handler that runs the given one and then returns the request's permit. */
export function releasingPermit(handler: RouteHandlerMethod): RouteHandlerMethod {
  return async function (request, reply) {
    try {
      return await handler.call(this, request, reply);
    } finally {
      request.permit?.release();
    }
  };
}

function logEnd(request: FastifyRequest, reply: FastifyReply, status: number | 'aborted'): void {
  const { method, routeOptions, requestLog } = request;
  const fields = { method, path: routeOptions.url ?? 'unknown', status, ms: Math.round(reply.elapsedTime) };
  // Probes would fill the log: several callers send one every few seconds.
  request.log[isProbe(request) ? 'debug' : 'info']({ ...fields, ...requestLog.fields }, 'request');
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
