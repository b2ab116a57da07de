import { type TSchema, Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { ERRORS, type PublishedCode } from '../../error-codes.js';
import { text } from '../fields.js';
import type { RestRoute } from '../route.js';
import { COMMON_REPLY_HEADERS, type ReplyHeader } from './headers.js';

/** The replies to requests that fail, in both formats: the legacy API's, and RFC 9457. */

/** The errors of every route. */
const COMMON: readonly PublishedCode[] = [
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'NOT_ACCEPTABLE',
  'REQUEST_TIMEOUT',
  'HOST_NOT_ALLOWED',
  'RATE_LIMITED',
  'REQUEST_HEADER_FIELDS_TOO_LARGE',
  'INTERNAL_SERVER_ERROR',
  'SERVICE_UNAVAILABLE',
];

/** The errors of routes whose requests may have a body. */
const OF_BODIES: readonly PublishedCode[] = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

const HEADERS: Readonly<Record<number, readonly ReplyHeader[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** Statuses whose replies have the format of requests that could not be read. */
const PLAIN: ReadonlySet<number> = new Set([405, 406, 408, 413, 415, 431, 500]);

export interface ErrorReplySchema {
  /** Whether it is the same for all routes that have this status. */
  readonly isShared: boolean;
  readonly description: string;
  readonly headers: readonly ReplyHeader[];
  readonly legacy: TSchema;
  readonly problem: TSchema;
}

/** Returns the error replies of a route by their status. */
export function errorReplies({ method, role, errors }: RestRoute): ReadonlyMap<number, ErrorReplySchema> {
  const all: readonly PublishedCode[] = [
    ...COMMON,
    ...(role === Role.VIEWER ? [] : (['FORBIDDEN'] as const)),
    ...(method === 'GET' ? [] : OF_BODIES),
    'PRECONDITION_FAILED',
  ];
  const own: ReadonlySet<PublishedCode> = new Set(errors);
  const byStatus = Map.groupBy([...all, ...errors], (code) => ERRORS[code].status);
  const sorted = [...byStatus].sort(([one], [other]) => one - other);
  return new Map(
    sorted.map(([status, codes]) => {
      const isShared = !codes.some((code) => own.has(code));
      // A reply with several refusals has the status of the first.
      const together = isShared ? codes : [...new Set([...codes, ...errors])];
      return [
        status,
        {
          isShared,
          description: codes.map((code) => `- \`${code}\`: ${ERRORS[code].when}`).join('\n'),
          headers: [...COMMON_REPLY_HEADERS, ...(HEADERS[status] ?? [])],
          legacy: legacyBody(status, codes, together),
          problem: problem(Type.Literal(status), oneOfCodes(codes), oneOfCodes(together)),
        },
      ];
    }),
  );
}

/**
 * @param codes those of the status
 * @param together those that one reply may have
 */
function legacyBody(status: number, codes: readonly PublishedCode[], together: readonly PublishedCode[]): TSchema {
  const statusCode = Type.Literal(status);
  const rules = together.filter(isRule);
  const errors = Type.Array(broken(statusCode, rules), { minItems: 1 });
  if (status === 401) return Type.Union([Unauthorized, OrganizationRequired, OrganizationUnknown]);
  if (status === 403 || status === 429) return Type.Object({ statusCode, message: text, error: text, errors });
  if (status === 404) return Type.Object({ statusCode, message: Type.Literal('NotFoundError'), errors });
  if (PLAIN.has(status)) return plainError(statusCode, oneOfCodes(codes));
  if (status === 412) {
    const failed = plainError(statusCode, oneOfCodes(['PRECONDITION_FAILED']));
    return codes.length === 1 ? failed : Type.Union([failed, Type.Object({ errors })]);
  }
  if (status !== 400) return Type.Object({ errors });
  const plain = plainError(statusCode, oneOfCodes(['BAD_REQUEST']));
  if (!codes.includes('BAD_USER_INPUT')) return plain;
  const validation = Type.Object({
    message: Type.Array(InvalidFieldReply, { minItems: 1 }),
    error: text,
    statusCode,
    errors: Type.Array(broken(statusCode, ['VALIDATION_ERROR', ...rules]), { minItems: 1 }),
  });
  return Type.Union([validation, ...(codes.some(isRule) ? [Type.Object({ errors })] : []), plain]);
}

/** Whether the code is one of a rule. The legacy format has formats of its own for the others. */
function isRule(code: PublishedCode): boolean {
  return code !== 'BAD_REQUEST' && code !== 'BAD_USER_INPUT';
}

/** One broken rule, as the legacy API has it. */
function broken(statusCode: TSchema, codes: readonly string[]) {
  const payload = Type.Optional(Type.Unknown({ description: 'What the rule compared, and the name of the field' }));
  return Type.Object({ statusCode, type: oneOfCodes(codes), message: text, payload });
}

/** Returns the schema of an error that no route has of its own, in the legacy format. */
export function plainError(statusCode: TSchema, type: TSchema) {
  return Type.Object({
    message: text,
    error: text,
    statusCode,
    requestId: text,
    errors: Type.Array(Type.Object({ statusCode, type, message: text }), { minItems: 1, maxItems: 1 }),
  });
}

function oneOfCodes(codes: readonly string[]) {
  return Type.Unsafe<string>({ type: 'string', enum: [...codes] });
}

/** A field whose value is wrong. */
export const InvalidFieldReply = Type.Object({
  target: Type.Optional(Type.Unknown({ description: 'The body of the request; a text if it is long' })),
  value: Type.Optional(Type.Unknown({ description: 'The value; a text if it is long' })),
  property: Type.String({ description: 'The name of the field or header', examples: ['amount'] }),
  children: Type.Array(Type.Unknown(), { maxItems: 0 }),
  constraints: Type.Record(Type.String(), Type.String(), {
    description: 'Each broken rule and its message',
    examples: [{ isPositive: 'amount must be a positive number' }],
  }),
});

const Unauthorized = Type.Object({ message: Type.Literal('Unauthorized'), statusCode: Type.Literal(401) });

const OrganizationRequired = Type.Object({
  message: Type.Literal('Organization ID is required.'),
  error: Type.Literal('Unauthorized'),
  statusCode: Type.Literal(401),
});

const OrganizationUnknown = Type.Object({
  message: Type.Literal('Tenant not found.'),
  errors: Type.Array(Type.Object({ type: Type.Literal('TENANT.NOT.FOUND') })),
});

/**
 * Returns the schema of an error in the format of RFC 9457.
 *
 * @param codes those of its parts
 */
export function problem(status: TSchema, code: TSchema, codes: TSchema) {
  const field = Type.Optional(Type.String({ description: 'The name of the field or header' }));
  const details = Type.Optional(Type.Object({}, { additionalProperties: true, description: 'What the rule compared' }));
  return Type.Object({
    type: Type.String({ format: 'uri-reference', description: 'Where the gateway explains the code' }),
    title: text,
    status,
    detail: text,
    code,
    field,
    details,
    retryable: Type.Optional(Type.Boolean({ description: 'Whether the same request may succeed later unchanged' })),
    retryAfter: Type.Optional(Type.Integer({ minimum: 0, description: 'Seconds' })),
    requestId: text,
    errors: Type.Optional(
      Type.Array(Type.Object({ detail: text, code: codes, field, details }), {
        description: 'Each broken rule, if there are several',
      }),
    ),
  });
}
