import { createHash } from 'node:crypto';
import { InvalidInput } from '../domain-error.js';
import { InvalidJson, isRecord, parseJson } from '../values/json.js';

/** How a request says which document it wants to have executed. */
export interface RequestedDocument {
  readonly text?: string;
  /** The `documentId` of GraphQL over HTTP. */
  readonly id?: string;
  /** The hash in Apollo's `extensions.persistedQuery`. */
  readonly hash?: string;
}

/** The parts of an HTTP request that are read. */
export interface DocumentRequest {
  readonly method: string;
  /** The query string, with its question mark. */
  readonly search: string;
  readonly body: unknown;
}

/**
 * Returns what the request names, from the part where the GraphQL server expects it.
 *
 * @throws {InvalidInput} if `documentId` is no text or stands beside a text, or if `persistedQuery` is not what Apollo's clients send
 */
export function requestedDocument({ method, search, body }: DocumentRequest): RequestedDocument {
  const { query, documentId, extensions } = method === 'GET' ? parametersIn(search) : isRecord(body) ? body : {};
  const text = typeof query === 'string' && query !== '' ? query : undefined;
  const id = documentId ?? undefined;
  if (id !== undefined && typeof id !== 'string') throw invalid('documentId', 'must be a text');
  if (id !== undefined && (query ?? undefined) !== undefined) throw invalid('documentId', 'must stand alone, without query');
  const hash = hashIn(isRecord(extensions) ? extensions : {}, text);
  return { ...(text !== undefined && { text }), ...(id !== undefined && { id }), ...(hash !== undefined && { hash }) };
}

/** Returns the SHA-256 of the text in hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hashIn({ persistedQuery }: Readonly<Record<string, unknown>>, text: string | undefined): string | undefined {
  if (persistedQuery === undefined || persistedQuery === null) return undefined;
  const field = 'extensions.persistedQuery';
  const { version, sha256Hash: hash } = isRecord(persistedQuery) ? persistedQuery : {};
  if (version !== 1 || typeof hash !== 'string') throw invalid(field, 'must have the version 1 and a sha256Hash');
  if (text !== undefined && hash !== sha256(text)) throw invalid(`${field}.sha256Hash`, 'must be the SHA-256 of query');
  return hash;
}

function parametersIn(search: string): Record<string, unknown> {
  const parameters = new URLSearchParams(search);
  const ids = parameters.getAll('documentId').filter((id) => id !== '');
  if (ids.length > 1) throw invalid('documentId', 'must be given once');
  return { query: parameters.get('query'), documentId: ids[0], extensions: jsonIn(parameters.get('extensions')) };
}

/** The GraphQL server reports what is wrong with it. */
function jsonIn(text: string | null): unknown {
  try {
    return text ? parseJson(Buffer.from(text)) : undefined;
  } catch (error) {
    if (error instanceof InvalidJson) return undefined;
    throw error;
  }
}

function invalid(field: string, reason: string): InvalidInput {
  return new InvalidInput([{ field, constraints: { isDocument: `${field} ${reason}` } }]);
}
