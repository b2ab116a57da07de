import type { FastifyRequest } from 'fastify';
import type { RequestMetadata } from '../auth/actor.js';
import { Protocol } from '../entities/provenance.js';

/** Returns the caller's own id of the request, if it is safe to log. */
export function callersRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:/+=-]{1,128}$/.test(header) ? header : undefined;
}

/** Returns the metadata of a request. The name of a GraphQL operation is added after its document has been parsed. */
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

/** Returns the header's value; several values are joined by commas. */
export function headerOf(request: FastifyRequest, header: string): string | undefined {
  const value = request.headers[header];
  return Array.isArray(value) ? value.join(',') : value;
}

/** A string of HTTP's structured fields (RFC 9651), and the parameters behind it, of which the field defines none. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"(?: *; *[a-z*][\w.*-]*(?:=(?:"(?:[^"\\]|\\["\\])*"|[^\s";,]+))?)*$/;

/** Returns the Idempotency-Key header. The key may be written as a quoted string, as HTTP writes it, or as it is. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const header = headerOf(request, 'idempotency-key');
  const quoted = QUOTED.exec(header ?? '')?.[1];
  return quoted === undefined ? header : quoted.replaceAll(/\\(.)/g, '$1');
}

/** Returns the length of the body in bytes; infinite if the request does not declare it. */
export function bodyLength({ headers }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}

/** Whether the client waits for `100 Continue` before it sends the body. */
export function expectsContinue({ headers, raw }: FastifyRequest): boolean {
  return raw.httpVersion === '1.1' && /^100-continue$/i.test(headers.expect ?? '');
}

function name(text: string | undefined): string | null {
  return text?.slice(0, 255) || null;
}
