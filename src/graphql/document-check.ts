import type { FastifyRequest } from 'fastify';
import { Unauthenticated } from '../errors.js';
import { DocumentLimits, isForSchemaOnly } from './document-limits.js';

/** Refuses a document before the GraphQL server sees it, if it is too much, or if it is asked for without a credential. */
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

/** The text of the document, where the GraphQL server looks for it. */
function documentOf({ method, url, body }: FastifyRequest): string | undefined {
  const query: unknown =
    method === 'GET'
      ? (new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('query') ?? undefined)
      : typeof body === 'object' && body !== null && 'query' in body
        ? body.query
        : undefined;
  return typeof query === 'string' ? query : undefined;
}

/** The Sandbox's page is asked for by a browser that sends no credential. */
function isForPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /text\/(html|\*)/.test(headers.accept ?? '');
}
