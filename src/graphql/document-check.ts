import type { FastifyRequest } from 'fastify';
import { InvalidInput } from '../domain-error.js';
import { Unauthenticated } from '../errors.js';
import { DocumentLimits, isForSchemaOnly } from './document-limits.js';
import { isForPage } from './over-http.js';
import { type RequestedDocument, requestedDocument } from './requested-document.js';
import type { TrustedDocuments } from './trusted-documents.js';

/**
 * Returns a hook that refuses documents before the GraphQL server parses them: without a credential, beyond the limits, or if only
 * trusted documents are executed.
 */
export function documentCheck(trusted: TrustedDocuments): (request: FastifyRequest) => Promise<void> {
  const limits = new DocumentLimits();
  return async (request) => {
    const { caller } = request;
    if (caller instanceof Unauthenticated) {
      if (!mayBeAnonymous(request, trusted)) throw caller;
      return;
    }
    const document = documentOf(request);
    const isTrusted = trusted.textFor(document) !== undefined;
    // Before an operator refuses other documents, the log shows who still sends them.
    if (!isTrusted && !trusted.isEmpty) request.requestLog.add({ trusted: false });
    if (!isTrusted && document.text !== undefined) limits.check(document.text);
  };
}

/** Whether a request without a credential asks for the page of the Sandbox, or for the schema only. */
function mayBeAnonymous(request: FastifyRequest, trusted: TrustedDocuments): boolean {
  try {
    const document = documentOf(request);
    if (document.text !== undefined) return !trusted.only && isForSchemaOnly(document.text);
    // A browser sends no credential when it requests the page.
    return document.id === undefined && document.hash === undefined && isForPage(request.method, request.headers.accept);
  } catch (error) {
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

function documentOf({ method, url, body }: FastifyRequest): RequestedDocument {
  return requestedDocument({ method, search: searchOf(url), body });
}

/** Returns the query string as the GraphQL server reads it. */
function searchOf(url: string): string {
  return /^[^?#]*(\?[^#]*)?/.exec(url)?.[1] ?? '';
}
