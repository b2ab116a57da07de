import type { FastifyRequest } from 'fastify';
import type { RequestMetadata } from '../auth/actor.js';
import { Protocol } from '../entities/provenance.js';

/** The id that the caller gave the request, if it can stand in a log. */
export function callersRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:/+=-]{1,128}$/.test(header) ? header : undefined;
}

/** What a request says about itself. The GraphQL operation's name is known only when its document has been parsed. */
export function requestMetadata(request: FastifyRequest, ip: string | null): RequestMetadata {
  return {
    requestId: request.id,
    traceId: /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(headerOf(request, 'traceparent') ?? '')?.[1] ?? null,
    clientName: name(headerOf(request, 'apollographql-client-name')),
    clientVersion: name(headerOf(request, 'apollographql-client-version')),
    operationName: null,
    protocol: request.routeOptions.url === '/graphql' ? Protocol.GRAPHQL : Protocol.REST,
    ip,
  };
}

export function headerOf(request: FastifyRequest, header: string): string | undefined {
  const value = request.headers[header];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Infinite if the request does not say how long its body is. */
export function bodyLength({ headers }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}

function name(text: string | undefined): string | null {
  return text?.slice(0, 255) || null;
}
