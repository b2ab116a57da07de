import type { FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import Negotiator from 'negotiator';
import type { PublishedCode } from '../error-codes.js';

/** The media type of GraphQL over HTTP. Its status tells what happened. */
const RESPONSE = 'application/graphql-response+json; charset=utf-8';

/** The media type of earlier clients, which take any status but 200 for a failure of the connection. */
export const LEGACY = 'application/json; charset=utf-8';

export type MediaType = typeof RESPONSE | typeof LEGACY;

/** The specification's own status. HTTP does not know it, so Node.js has no reason phrase for it. */
export const PARTIAL_SUCCESS = 294;
const UNPROCESSABLE = 422;

/** The code of a document that cannot be read. All others can be read, but not be executed. */
const UNREADABLE: PublishedCode = 'GRAPHQL_PARSE_FAILED';

/** A request that cannot be executed, by GraphQL over HTTP. The message is for the client. */
export class UnusableRequest extends Error {
  constructor(
    private readonly status: 400 | 406 | 415 | 422,
    message: string,
  ) {
    super(message);
  }

  statusAs(mediaType: MediaType): number {
    return mediaType === LEGACY && this.status === UNPROCESSABLE ? 400 : this.status;
  }
}

/**
 * Refuses a request whose reply could not be sent in a format that its client accepts, before anything is executed.
 *
 * @param hasPage whether a browser gets a page for a GET request
 * @throws {UnusableRequest}
 */
export function assertAcceptable({ method, headers: { accept } }: FastifyRequest, hasPage: boolean): void {
  if (mediaTypeFor(accept) !== null || (hasPage && isForPage(method, accept))) return;
  throw new UnusableRequest(406, 'The Accept header must allow application/graphql-response+json or application/json');
}

/** Whether a browser requests a page. */
export function isForPage(method: string, accept = ''): boolean {
  return method === 'GET' && /text\/(html|\*)/.test(accept);
}

/** Returns the media type of the reply, which the Accept header allows; `null` if it allows none. */
export function mediaTypeFor(accept: string | undefined): MediaType | null {
  if (!accept) return LEGACY;
  return (new Negotiator({ headers: { accept } }).mediaType([LEGACY, RESPONSE]) as MediaType | undefined) ?? null;
}

/**
 * Returns the status of a reply by GraphQL over HTTP of September 2026, section Status Codes. For `application/json`, it is that of earlier
 * versions: 200 if the operation was executed, and 400 where the specification has 422 now.
 *
 * @param status that of the errors, if they have one
 */
export function statusOf(
  { data, errors }: { readonly data?: unknown; readonly errors?: readonly GraphQLFormattedError[] },
  status: number,
  mediaType: MediaType,
): number {
  if (mediaType === LEGACY || errors === undefined) return status;
  if (data !== undefined) return PARTIAL_SUCCESS;
  return errors[0]?.extensions?.code === UNREADABLE ? status : statusOfRefused(status, mediaType);
}

/** Returns the status of a reply to a request that can be read, but was not executed. */
export function statusOfRefused(status: number, mediaType: MediaType): number {
  return mediaType === RESPONSE && (status === 400 || status < 300) ? UNPROCESSABLE : status;
}
