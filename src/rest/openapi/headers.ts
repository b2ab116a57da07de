/** The headers and parameters of the legacy API as OpenAPI describes them. */

const flagHeader = (description: string) => ({ description, schema: { type: 'string', enum: ['true', 'false'] } });

/** Headers that a request to some routes may have. */
export const REQUEST_HEADERS = {
  'Idempotency-Key': {
    description:
      'A key of your own for this command, quoted or not. The same request with the same key gets the first reply again; another request with ' +
      'the key is a 422.',
    schema: { type: 'string', minLength: 1, maxLength: 257, examples: ['3f0c2f9e-2d0a-4f0e-9a5c-0a5c1c7d8e90'] },
  },
  'If-Match': {
    description:
      'One or more ETags of what the path names (of the credit note, for a refund), or `*`. If none is its present one, the reply is a 412 and ' +
      'nothing is done.',
    schema: { type: 'string', examples: ['"2-150"'] },
  },
  'If-None-Match': {
    description:
      'The ETags of replies that you have, or `*`. If one of them is the present one, a `GET` is a 304 without a body, and a `DELETE` is a 412. ' +
      'A `POST` with `*` is a 412: its path always returns something.',
    schema: { type: 'string', examples: ['"kCfXE5pMb1mM7x6xH6Jq1A"'] },
  },
  'Allow-Duplicate': flagHeader('`true`: make the refund even if an equal one was made within the last seconds.'),
  'Allow-Unusual-Rate': flagHeader("`true`: take an exchange rate that is far from the credit note's."),
} as const;

export type RequestHeader = keyof typeof REQUEST_HEADERS;

/** Headers that a reply may have. */
export const REPLY_HEADERS = {
  'X-Request-Id': {
    description: 'The id of the request in the log of the gateway: yours, if the request had a usable one.',
    required: true,
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'What is left of the quota, and the seconds until it is whole again.',
    schema: { type: 'string', examples: ['"credential";r=9999;t=60'] },
  },
  'RateLimit-Policy': {
    description: 'The quota: requests in a window of seconds.',
    schema: { type: 'string', examples: ['"credential";q=10000;w=60'] },
  },
  Location: {
    description: 'The path of the new refund.',
    required: true,
    schema: { type: 'string', format: 'uri-reference', examples: ['/api/credit-notes/refunds/1'] },
  },
  ETag: {
    description: 'The state of what was read, for `If-None-Match` and `If-Match`.',
    schema: { type: 'string', pattern: '^"[^"]+"$', examples: ['"2-150-kCfXE5pMb1mM7x6xH6Jq1A"'] },
  },
  'Cache-Control': { description: 'A reply may be kept, and is asked for again each time.', schema: { type: 'string' } },
  Link: {
    description:
      'The next page of a list (`rel="next"`), if there is one; where REST is deprecated, its successor in GraphQL (`rel="successor-version"`).',
    schema: { type: 'string', examples: ['</api/customers?page=2&page_size=12>; rel="next"'] },
  },
  Deprecation: {
    description: 'The time since when REST is deprecated here (RFC 9745).',
    schema: { type: 'string', pattern: '^@-?\\d+$', examples: ['@1767225600'] },
  },
  'Idempotency-Replayed': {
    description: 'The command had been done before with this key: this is its reply, read afresh.',
    schema: { type: 'string', const: 'true' },
  },
  'Retry-After': {
    description: 'The seconds after which the request may be sent again.',
    required: true,
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  'WWW-Authenticate': { description: 'The scheme of credentials.', required: true, schema: { type: 'string', const: 'Bearer' } },
} as const;

export type ReplyHeader = keyof typeof REPLY_HEADERS;

/** Headers that every reply may have. */
export const COMMON_REPLY_HEADERS: readonly ReplyHeader[] = [
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
  'Deprecation',
  'Link',
];

/** Headers of replies to GET. */
export const CACHE_HEADERS: readonly ReplyHeader[] = ['ETag', 'Cache-Control'];

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: 'header' | 'path' | 'query';
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: object;
}

/** The headers of a credential, as the legacy API's document has them. */
export const CREDENTIAL_PARAMETERS: readonly Parameter[] = [
  {
    name: 'Authorization',
    in: 'header',
    description: "Value must be 'Bearer <token>' where <token> is an API key prefixed with 'bc_' or a JWT token.",
    required: true,
    schema: { type: 'string', example: 'Bearer bc_1234567890abcdef' },
  },
  {
    name: 'organization-id',
    in: 'header',
    description: 'Required if Authorization is a JWT token. The organization ID to operate within.',
    required: true,
    schema: { type: 'string' },
  },
];
