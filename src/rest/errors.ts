import { type DomainError, InvalidInput } from '../domain-error.js';
import { type PublishedCode, REFUSALS, titleOf, typeOf } from '../error-codes.js';
import { FAULT, TransactionsDateLocked, Unauthenticated } from '../errors.js';
import { cut, MAX_MESSAGE } from '../values/text.js';
import { errorFormat } from './error-format.js';

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
  500: 'Internal Server Error',
};

/** Codes of requests that could not be read. */
const TYPE: Readonly<Record<number, PublishedCode>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  412: 'PRECONDITION_FAILED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'REQUEST_HEADER_FIELDS_TOO_LARGE',
};

/** The longest value that the legacy format quotes, in JSON. */
const MAX_VALUE = 2_000;

export interface ErrorReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

export interface RefusedRequest {
  readonly requestId: string;
  readonly accept: string | undefined;
  /** The body of the request, which the legacy format quotes. */
  readonly target: unknown;
}

/** The names of fields that are headers here. All other fields have the same name at both doors. */
const HEADERS: Readonly<Record<string, string>> = { idempotencyKey: 'Idempotency-Key', expectedRemaining: 'If-Match' };

/** Returns the reply to a refused request in the format that the client accepts: RFC 9457, or else that of the legacy API. */
export function refusalReply(error: DomainError, { requestId, accept, target }: RefusedRequest): ErrorReply {
  const { status } = REFUSALS[error.code];
  if (errorFormat(accept) === 'application/problem+json') {
    const { retryable, retryAfter, parts, message } = error;
    const errors = parts.map((part) => ({ detail: cut(part.message, MAX_MESSAGE), ...problemOf(part) }));
    return problem(status, error.code, message, {
      ...problemOf(error),
      retryable,
      ...(retryAfter !== undefined && { retryAfter }),
      requestId,
      ...(errors.length > 0 && { errors }),
    });
  }
  return { status, contentType: 'application/json', body: legacyBody(error, status, target) };
}

function problemOf({ code, field, details }: DomainError): Record<string, unknown> {
  return { code, ...(field !== undefined && { field: HEADERS[field] ?? field }), details };
}

/** Returns the reply to a request that could not be read, and to a fault of ours. */
export function plainReply(status: number, text: string, { requestId, accept }: Omit<RefusedRequest, 'target'>): ErrorReply {
  const code = codeOf(status);
  if (errorFormat(accept) === 'application/problem+json') return problem(status, code, text, { code, requestId });
  const message = cut(text, MAX_MESSAGE);
  const errors = [{ statusCode: status, type: code, message }];
  return {
    status,
    contentType: 'application/json',
    body: { message, error: REASON[status], statusCode: status, requestId, errors },
  };
}

/** Returns the code of a request that could not be read, or of a fault of ours. */
export function codeOf(status: number): PublishedCode {
  return TYPE[status] ?? (status < 500 ? 'BAD_REQUEST' : FAULT.code);
}

function problem(status: number, code: PublishedCode, detail: string, extensions: Record<string, unknown>): ErrorReply {
  return {
    status,
    contentType: 'application/problem+json',
    body: { type: typeOf(code), title: titleOf(code), status, detail: cut(detail, MAX_MESSAGE), ...extensions },
  };
}

/**
 * Returns the body in the shape that legacy clients know. The legacy web app reads `errors` in every reply with status 400; wrong fields are in `message`,
 * too.
 */
function legacyBody(error: DomainError, status: number, target: unknown): unknown {
  if (error instanceof Unauthenticated) return UNAUTHENTICATED[error.reason];
  const parts = error.parts.length === 0 || error instanceof InvalidInput ? [error] : error.parts;
  const invalid = parts.filter((part) => part instanceof InvalidInput);
  const errors = parts.filter((part) => !(part instanceof InvalidInput)).map((part) => legacyError(part, status));
  if (invalid.length > 0) {
    const reason = invalid.map(({ message }) => message).join('; ');
    return {
      message: invalid
        .flatMap(({ fields }) => fields)
        .map(({ field, constraints, value, target: checked = target }) => ({
          target: quoted(checked),
          value: quoted(value),
          property: HEADERS[field] ?? field,
          children: [],
          constraints,
        })),
      error: REASON[status],
      statusCode: status,
      errors: [
        { statusCode: status, type: 'VALIDATION_ERROR', message: reason },
        ...invalid.flatMap((part) => ruleErrors(part, status)),
        ...errors,
      ],
    };
  }
  if (status === 404) return { statusCode: status, message: 'NotFoundError', errors };
  if (status === 403 || status === 429) return { statusCode: status, message: error.message, error: REASON[status], errors };
  return { errors };
}

function legacyError(error: DomainError, statusCode: number): unknown {
  const { code: type, message, field, details } = error;
  if (error instanceof TransactionsDateLocked) {
    const lockedToDate = String(details.lockDate);
    const payload = { lockedToDate, formattedLockedToDate: lockedToDate.replaceAll('-', '/') };
    return { statusCode, type, message: 'Transactions locked', payload };
  }
  return {
    statusCode,
    type,
    message: cut(message, MAX_MESSAGE),
    payload: { ...details, field: field && (HEADERS[field] ?? field) },
  };
}

/** Returns the rules of the error catalogue that fields break, such as AMOUNT_NOT_POSITIVE. */
function ruleErrors({ fields }: InvalidInput, status: number): unknown[] {
  return fields.flatMap(({ field, code, constraints }) =>
    code === undefined
      ? []
      : [
          {
            statusCode: status,
            type: code,
            message: Object.values(constraints).join('; '),
            payload: { field: HEADERS[field] ?? field },
          },
        ],
  );
}

/** Returns the client's value as the legacy shape quotes it. Long values are cut, because each wrong field quotes the body again. */
function quoted(sent: unknown): unknown {
  const text = JSON.stringify(sent) ?? '';
  return text.length > MAX_VALUE ? cut(text, MAX_VALUE) : sent;
}

const UNAUTHENTICATED = {
  CREDENTIAL: { message: 'Unauthorized', statusCode: 401 },
  ORGANIZATION_ID_REQUIRED: { message: 'Organization ID is required.', error: 'Unauthorized', statusCode: 401 },
  ORGANIZATION_UNKNOWN: { message: 'Tenant not found.', errors: [{ type: 'TENANT.NOT.FOUND' }] },
} as const satisfies Record<Unauthenticated['reason'], unknown>;
