/** One code of the catalogue. */
interface Entry {
  /** HTTP status over REST, and over GraphQL if nothing was executed. */
  readonly status: number;
  /** The input fields that may cause it, by their names in the request. */
  readonly fields?: readonly string[];
  /** Whether the cause passes by itself, so that the same request may succeed later unchanged. Default: false. */
  readonly retryable?: boolean;
  /** The cause, as Markdown, for schema.graphql and docs/errors.md. */
  readonly when: string;
}

/**
 * The codes of all refusals, at both doors: nothing was written. They are part of the public contract: a code is never renamed. The enum
 * `ErrorCode` of the schema, the tables of docs/errors.md and the statuses of REST come from here.
 */
export const REFUSALS = {
  UNAUTHENTICATED: {
    status: 401,
    when:
      'The credential is missing, is not valid here, or became invalid while the request waited. `details.reason` is `CREDENTIAL`, ' +
      '`ORGANIZATION_ID_REQUIRED` (a JWT without the `organization-id` header) or `ORGANIZATION_UNKNOWN` (the credential gives no ' +
      'access to the organization of the header). The reply never reveals whether such a key or organization exists.',
  },
  FORBIDDEN: { status: 403, when: "The credential's role may not do this." },
  BAD_USER_INPUT: { status: 400, fields: ['any'], when: 'A field is missing or has a wrong kind of value.' },
  QUERY_TOO_COSTLY: {
    status: 400,
    when: 'A GraphQL document is too large or reads too much. `details` has its `cost`, the `limit`, and `of`, the name of the limit.',
  },
  TOO_MANY_MATCHES: {
    status: 400,
    fields: ['filter', 'orderBy'],
    when:
      'The page of a list was not full after `details.limit` items were compared with its filter, and more are left. Add a condition, a longer word or a ' +
      'narrower range, or order the list by what its filter has a range of. With the field `orderBy`: the list of an owner has more items, and no index has them ' +
      'in this order. With the field `search_keyword` of REST: so many items may have the words, that their number is not known.',
  },
  DOCUMENT_NOT_TRUSTED: {
    status: 403,
    fields: ['documentId'],
    when: 'There is no trusted document with this id or hash; or only trusted documents are executed here, and the document is none of them.',
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    when:
      'The database was busy, full, read only, unreachable or starting. It is not known whether the command was done: send it again ' +
      'with the same idempotency key. Or the gateway has no capacity for the request, such as for a second `ledgerHealth` of the same ' +
      'books, or a connection or a lock did not become free in time: then the message says so, and nothing was done.',
  },
  HOST_NOT_ALLOWED: { status: 421, when: 'The gateway does not answer to the host name of the request.' },
  RATE_LIMITED: { status: 429, retryable: true, when: 'Too many requests in a minute. The request was not read.' },
  ORGANIZATION_MOVING: {
    status: 503,
    retryable: true,
    when:
      'An operator has frozen the organization, because it moves to another database. Reads go on. Send the request again, with the same ' +
      'idempotency key: after the move it is executed in the new place, and no earlier command is executed twice.',
  },
  CREDIT_NOTE_NOT_FOUND: { status: 404, fields: ['creditNoteId'], when: 'Your organization has no such credit note.' },
  CREDIT_NOTE_IS_DRAFT: {
    status: 400,
    fields: ['creditNoteId'],
    when: 'The credit note is a draft: it is not in the books yet.',
  },
  CREDIT_NOTE_IS_VOID: { status: 400, fields: ['creditNoteId'], when: 'The credit note was voided.' },
  CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT: {
    status: 400,
    fields: ['amount', 'creditNoteId'],
    when: 'The remaining credit is less than the amount, or zero.',
  },
  AMOUNT_PRECISION: { status: 400, fields: ['amount'], when: "The amount has more decimals than the note's currency." },
  AMOUNT_NOT_POSITIVE: {
    status: 400,
    fields: ['amount'],
    when: 'The amount is zero or negative. Lines of a credit note may be negative: then one is zero, or their sum is not above zero.',
  },
  AMOUNT_TOO_LARGE: { status: 400, fields: ['amount'], when: 'The amount has more digits than a JSON number can hold.' },
  EXCHANGE_RATE_INVALID: {
    status: 400,
    fields: ['exchangeRate'],
    when:
      'The rate of a note in the base currency is not 1; the rate has more than 15 significant digits; or a note in another currency has ' +
      'neither a rate nor a `paidAmount`.',
  },
  EXCHANGE_RATE_UNUSUAL: {
    status: 400,
    fields: ['exchangeRate', 'paidAmount'],
    when:
      "The rate is more than twice the note's rate, or less than half of it. `details` has both rates. `allowUnusualRate: true`, or the " +
      'header `Allow-Unusual-Rate: true`, confirms it.',
  },
  PAID_AMOUNT_INVALID: {
    status: 400,
    fields: ['paidAmount'],
    when:
      'The paid amount differs from the amount, for a note in the base currency; the account is not held in the base currency; or the ' +
      'exchange rate that follows from it has too many digits.',
  },
  ACCOUNT_NOT_FOUND: { status: 404, fields: ['fromAccountId'], when: 'Your organization has no such account.' },
  ACCOUNT_INACTIVE: { status: 400, fields: ['fromAccountId'], when: 'The account is inactive.' },
  ACCOUNT_INVALID_TYPE: {
    status: 400,
    fields: ['fromAccountId'],
    when: 'The type of the account does not allow this. Refunds are paid from bank, cash and fixed-asset accounts, and from credit-card accounts if the organization allows it.',
  },
  ACCOUNT_CURRENCY_INVALID: {
    status: 400,
    fields: ['fromAccountId'],
    when: "The account is held in neither the note's currency nor the base currency.",
  },
  BRANCH_ID_NOT_FOUND: { status: 400, fields: ['branchId'], when: 'Your organization has no such branch.' },
  BRANCH_INACTIVE: { status: 400, fields: ['branchId'], when: 'The branch is inactive.' },
  DATE_BEFORE_CREDIT_NOTE: { status: 400, fields: ['date'], when: "The date is before the credit note's own date." },
  TRANSACTIONS_DATE_LOCKED: { status: 400, fields: ['date'], when: 'The date is on or before the lock date.' },
  DATE_TOO_FAR_AHEAD: {
    status: 400,
    fields: ['date', 'lockDate'],
    when:
      "The date is more than `POSTING_DAYS_AHEAD` days after today in the organization's time zone. `details.latestDate` is the last " +
      'allowed day.',
  },
  LOCK_DATE_EARLIER: {
    status: 400,
    fields: ['lockDate'],
    when: '`lockTransactions` to a day before `details.currentLockDate` would open days: use `unlockTransactions`.',
  },
  LOCK_DATE_NOT_EARLIER: {
    status: 400,
    fields: ['lockDate'],
    when: '`unlockTransactions` would open nothing: the day is not before the lock date, or the books are not locked.',
  },
  POSSIBLE_DUPLICATE_REFUND: {
    status: 400,
    when:
      'An equal refund was made within the last seconds, and no idempotency key distinguishes the two. `details.refundId` is its id, or ' +
      '`null` if both are in one `refundCreditNotes`.',
  },
  CREDIT_NOTE_CHANGED: {
    status: 412,
    fields: ['expectedRemaining'],
    when: 'The remaining credit differs from `expectedRemaining`, or from the `ETag` in `If-Match`.',
  },
  IDEMPOTENCY_KEY_REUSED: { status: 422, fields: ['idempotencyKey'], when: 'The key was used for another command.' },
  REFUND_CREDIT_NOTE_NOT_FOUND: { status: 404, fields: ['refundId'], when: 'Your organization has no such refund.' },
  REFUND_ALREADY_REVERSED: { status: 400, fields: ['refundId'], when: 'The refund has already been reversed.' },
  DATE_BEFORE_REFUND: {
    status: 400,
    fields: ['date'],
    when: "The reversal's date is before the refund's own date; or a credit note would be voided before the reversal of one of its refunds.",
  },
  CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS: {
    status: 400,
    fields: ['id', 'creditNoteId'],
    when: 'A credit note with refunds, applied or cancelled credit cannot be voided. Reverse its refunds first.',
  },
  CREDIT_NOTE_ALREADY_OPENED: { status: 400, fields: ['id', 'creditNoteId'], when: 'The credit note has already been opened.' },
  CREDIT_NOTE_NUMBER_NOT_UNIQUE: { status: 400, fields: ['number'], when: 'Another credit note has this number.' },
  BRANCH_NOT_FOUND: { status: 404, fields: ['id'], when: 'Your organization has no branch with the id in the path.' },
  CUSTOMER_NOT_FOUND: { status: 404, fields: ['customerId', 'id'], when: 'Your organization has no such customer.' },
  CUSTOMER_INACTIVE: { status: 400, fields: ['customerId'], when: 'The customer is inactive, and gets no new credit notes.' },
  RECORD_IS_NEEDED: {
    status: 400,
    fields: ['active'],
    when: 'The primary branch, and the accounts that the gateway posts to by itself, cannot be deactivated.',
  },
  CURRENCY_NOT_FOUND: {
    status: 400,
    fields: ['currencyCode'],
    when: 'ISO 4217 does not list the currency, has withdrawn it, or lists it as no currency for payments (gold, test codes).',
  },
  ACCOUNT_CODE_NOT_UNIQUE: { status: 400, fields: ['code'], when: 'Another account has this code.' },
  BRANCH_CODE_NOT_UNIQUE: { status: 400, fields: ['code'], when: 'Another branch has this code.' },
} as const satisfies Readonly<Record<string, Entry>>;

/** The codes of errors that are no refusals: the request cannot be read, or its reply is not complete. */
export const PROTOCOL_ERRORS = {
  GRAPHQL_PARSE_FAILED: { status: 400, when: 'The text is no GraphQL document.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, fields: ['any'], when: 'The GraphQL document does not fit the schema.' },
  OPERATION_RESOLUTION_FAILURE: { status: 400, when: 'The GraphQL request does not name the operation to execute.' },
  PERSISTED_QUERY_NOT_FOUND: {
    status: 200,
    when: "No document with this hash has been sent. Send it once with its text, as the clients' links for persisted queries do.",
  },
  BAD_REQUEST: { status: 400, when: 'The request is no JSON, lacks a part, or breaks off. Nothing of it was done.' },
  NOT_FOUND: { status: 404, when: 'There is no such path.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    when: 'The method is not allowed here; a mutation needs POST. The header `Allow` lists what is.',
  },
  NOT_ACCEPTABLE: { status: 406, when: 'The `Accept` header allows no format that the gateway has. Nothing was executed.' },
  REQUEST_TIMEOUT: { status: 408, retryable: true, when: 'The request did not arrive in time. Nothing of it was done.' },
  PRECONDITION_FAILED: {
    status: 412,
    when:
      'No tag of `If-Match` is the `ETag` of what is there now, or one of `If-None-Match` is. Nothing was done. A refund is refused as ' +
      '`CREDIT_NOTE_CHANGED` instead, if its `If-Match` fails.',
  },
  PAYLOAD_TOO_LARGE: { status: 413, when: 'The body is over 100 kB (1.9 MB for GraphQL).' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, when: 'The body has another content type, charset or encoding than JSON in UTF-8.' },
  REQUEST_HEADER_FIELDS_TOO_LARGE: { status: 431, when: 'The header is over 16 kB.' },
  REPLY_INCOMPLETE: {
    status: 200,
    when: 'A mutation was done, and its reply could not be read completely. Do not repeat it: read the result by its id.',
  },
  INTERNAL_SERVER_ERROR: {
    status: 500,
    when:
      'An internal error. The reply hides the cause, which the log has under `requestId`. It does not tell whether a command was done: ' +
      'send it again with the same idempotency key, which never pays twice.',
  },
} as const satisfies Readonly<Record<string, Entry>>;

/** The code of a refusal. */
export type ErrorCode = keyof typeof REFUSALS;

/** The code of any error in a reply. */
export type PublishedCode = ErrorCode | keyof typeof PROTOCOL_ERRORS;

export const ERRORS: Readonly<Record<PublishedCode, Entry>> = { ...REFUSALS, ...PROTOCOL_ERRORS };

/** Whether the same request may succeed later unchanged. */
export function isRetryable(code: string): boolean {
  return Object.hasOwn(ERRORS, code) && ERRORS[code as PublishedCode].retryable === true;
}

/** Returns the URI of the problem type (RFC 9457), at which the gateway tells people what the code means. */
export function typeOf(code: PublishedCode): string {
  return `/errors/${code}`;
}

/** @example titleOf('CREDIT_NOTE_NOT_FOUND') // 'Credit note not found' */
export function titleOf(code: PublishedCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
