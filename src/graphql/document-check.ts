import type { FastifyRequest } from 'fastify';
import { Unauthenticated } from '../errors.js';
import { DocumentLimits, isForSchemaOnly } from './document-limits.js';

/** Returns a hook that refuses documents before the GraphQL server parses them: beyond the limits, or without a credential. */
export function documentCheck(): (request: FastifyRequest) => Promise<void> {
  const limits = new DocumentLimits();
  return async (request) => {
    const document = documentOf(request);
    if (request.caller instanceof Unauthenticated) {
      const isAllowed = document === undefined ? isForPage(request) : isForSchemaOnly(document);
      if (!isAllowed) throw request.caller;
    } else if (document !== undefined) limits.check(document);
  };
}

/** Returns the text of the document from the part of the request where the GraphQL server expects it. */
function documentOf({ method, url, body }: FastifyRequest): string | undefined {
  const query: unknown =
    method === 'GET'
      ? (new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('query') ?? undefined)
      : typeof body === 'object' && body !== null && 'query' in body
        ? body.query
        : undefined;
  return typeof query === 'string' ? query : undefined;
}

/** Whether a browser requests the page of the Sandbox, for which it sends no credential. */
function isForPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /text\/(html|\*)/.test(headers.accept ?? '');
}
