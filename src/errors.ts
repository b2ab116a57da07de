import type { Big } from './values/money.js';
import type { PostingDate } from './values/posting-date.js';

/** Every refusal that a client can meet, over either door. Codes are part of the public contract: never renamed. */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'QUERY_TOO_COSTLY'
  | 'SERVICE_UNAVAILABLE'
  | 'HOST_NOT_ALLOWED'
  | 'RATE_LIMITED'
  | 'CREDIT_NOTE_NOT_FOUND'
  | 'CREDIT_NOTE_IS_DRAFT'
  | 'CREDIT_NOTE_IS_VOID'
  | 'CREDIT_NOTE_ALREADY_OPENED'
  | 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT'
  | 'CREDIT_NOTE_NUMBER_NOT_UNIQUE'
  | 'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS'
  | 'CREDIT_NOTE_CHANGED'
  | 'REFUND_CREDIT_NOTE_NOT_FOUND'
  | 'REFUND_ALREADY_REVERSED'
  | 'POSSIBLE_DUPLICATE_REFUND'
  | 'AMOUNT_NOT_POSITIVE'
  | 'AMOUNT_PRECISION'
  | 'AMOUNT_TOO_LARGE'
  | 'EXCHANGE_RATE_INVALID'
  | 'EXCHANGE_RATE_UNUSUAL'
  | 'PAID_AMOUNT_INVALID'
  | 'CURRENCY_NOT_FOUND'
  | 'ACCOUNT_NOT_FOUND'
  | 'ACCOUNT_INACTIVE'
  | 'ACCOUNT_INVALID_TYPE'
  | 'ACCOUNT_CURRENCY_INVALID'
  | 'ACCOUNT_CODE_NOT_UNIQUE'
  | 'BRANCH_ID_NOT_FOUND'
  | 'BRANCH_CODE_NOT_UNIQUE'
  | 'CUSTOMER_NOT_FOUND'
  | 'DATE_BEFORE_CREDIT_NOTE'
  | 'DATE_BEFORE_REFUND'
  | 'DATE_TOO_FAR_AHEAD'
  | 'TRANSACTIONS_DATE_LOCKED'
  | 'LOCK_DATE_EARLIER'
  | 'LOCK_DATE_NOT_EARLIER'
  | 'IDEMPOTENCY_KEY_REUSED';

/** What a client hears of a fault of ours. */
export const FAULT = {
  code: 'INTERNAL_SERVER_ERROR',
  message: 'Something went wrong on our side; tell us the request id',
} as const;

/** Seconds after which a client may try again what was refused for a lack of room. */
export const RETRY_AFTER_SECONDS = '1';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * Makes an error of what a client did, without a stack: nobody reads that, and to collect the frames takes longer than all else that
 * refusing does.
 */
export function withoutStack<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * A refusal: the caller asked for something that the rules do not allow, and nothing was written. (Only
 * {@link ServiceUnavailable} may follow a commit whose answer was lost.)
 *
 * Everything else that is thrown is a fault of ours: hidden from the caller, logged in full.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** The input field that is to blame, as the caller spells it. */
  field: string | undefined;
  /** The numbers behind the refusal, for programs. */
  readonly details: ErrorDetails;

  constructor(message: string, { field, ...details }: ErrorDetails & { field?: string } = {}) {
    // As withoutStack does, in which no constructor can call another.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
    this.field = field;
    this.details = details;
  }

  /** Says at which place of the input it is, where a command holds several. */
  at(place: string): this {
    this.field = this.field === undefined ? place : `${place}.${this.field}`;
    return this;
  }
}

// Who is calling

/** What was wrong with the credential, for the log and the legacy dialect: it says nothing about what exists. */
export type UnauthenticatedReason = 'CREDENTIAL' | 'ORGANIZATION_ID_REQUIRED' | 'ORGANIZATION_UNKNOWN';

const UNAUTHENTICATED_MESSAGE = {
  CREDENTIAL: 'Send a valid credential: Authorization: Bearer <API key or JWT>',
  ORGANIZATION_ID_REQUIRED: 'A JWT needs the organization-id header',
  ORGANIZATION_UNKNOWN: 'The credential gives no access to the organization of the organization-id header',
} as const satisfies Record<UnauthenticatedReason, string>;

export class Unauthenticated extends DomainError {
  readonly code = 'UNAUTHENTICATED';
  constructor(readonly reason: UnauthenticatedReason) {
    super(UNAUTHENTICATED_MESSAGE[reason], { reason });
  }
}

export class Forbidden extends DomainError {
  readonly code = 'FORBIDDEN';
  constructor(required: string, actual: string) {
    super(`This needs the role ${required}; the credential has the role ${actual}`, { required, actual });
  }
}

// Input

export interface InvalidField {
  /** Path of the field, such as `amount` or `lines.0.amount`. */
  readonly field: string;
  /** Rule → what is wrong, in the caller's words. */
  readonly constraints: Readonly<Record<string, string>>;
  /** If there is a better one than BAD_USER_INPUT. */
  readonly code?: ErrorCode | undefined;
  /** Which part of the request it is in, if several are wrong. */
  readonly path?: readonly string[];
  readonly value?: unknown;
}

/** Says all that is wrong with the input at once. Its code is the one that all wrong fields have in common, if they do. */
export class InvalidInput extends DomainError {
  readonly code: ErrorCode;
  constructor(readonly fields: readonly InvalidField[]) {
    const codes = new Set(fields.map(({ code = 'BAD_USER_INPUT' }) => code));
    super(fields.flatMap(({ constraints }) => Object.values(constraints)).join('; '), {
      ...(fields[0] && { field: fields[0].field }),
      fields: fields.map(({ field, constraints, path, code = 'BAD_USER_INPUT' }) => ({
        field,
        code,
        reasons: Object.values(constraints),
        ...(path && { path }),
      })),
    });
    const [code = 'BAD_USER_INPUT', ...others] = codes;
    this.code = others.length === 0 ? code : 'BAD_USER_INPUT';
  }
}

// Circumstances

/** The database was busy, gone or starting just then. Whether the command was done is known only by sending it again. */
export class ServiceUnavailable extends DomainError {
  readonly code = 'SERVICE_UNAVAILABLE';
  constructor(
    message = 'The database did not answer in time, so that it is not known whether it was done; send it again with the same idempotency key',
  ) {
    super(message, { retryable: true });
  }
}

/** The request was sent to a name that the gateway does not answer to. */
export class HostNotAllowed extends DomainError {
  readonly code = 'HOST_NOT_ALLOWED';
  constructor(host: string) {
    const shown = host.slice(0, 255);
    super(`This gateway does not answer to the host "${shown}"; call it as localhost, or add the host to ALLOWED_HOSTS`, {
      host: shown,
    });
  }
}

/** What a document has too much of, in words. The names are told in `details.of`. */
const TOO_MUCH = {
  depth: 'levels of fields',
  fields: 'fields, with its fragments written out',
  aliases: 'aliases',
  repetitions: 'fields that are asked for more than once in one place',
  rootFields: 'root fields',
  directives: 'directives',
  fragments: 'uses of fragments',
  operations: 'operations',
  variables: 'variables',
  values: 'values',
  valueDepth: 'levels of values',
  reply: 'fields and objects that it may have to answer',
  nameLength: 'characters in one name',
} as const;

export type DocumentMeasure = keyof typeof TOO_MUCH;

/** A GraphQL document that would take too much work. It is refused before anything of it is done. */
export class QueryTooCostly extends DomainError {
  readonly code = 'QUERY_TOO_COSTLY';
  constructor(of: DocumentMeasure, cost: number, limit: number) {
    super(`The document has ${cost} ${TOO_MUCH[of]}; ${limit} are allowed`, { of, cost, limit });
  }
}

/** Too many requests in the present window. Nothing has been looked at. */
export class RateLimited extends DomainError {
  readonly code = 'RATE_LIMITED';
  constructor(
    policy: 'credential' | 'address',
    limit: number,
    windowSeconds: number,
    readonly retryAfterSeconds: number,
  ) {
    const whose = policy === 'credential' ? 'with this credential' : 'without a valid credential from this address';
    super(`More than ${limit} requests in ${windowSeconds} seconds ${whose}; send it again in ${retryAfterSeconds} seconds`, {
      policy,
      limit,
      windowSeconds,
      retryAfterSeconds,
    });
  }
}

// Credit notes

export class CreditNoteNotFound extends DomainError {
  readonly code = 'CREDIT_NOTE_NOT_FOUND';
  constructor(id: string, field = 'creditNoteId') {
    super(`There is no credit note ${id}`, { field, id });
  }
}

export class CreditNoteIsDraft extends DomainError {
  readonly code = 'CREDIT_NOTE_IS_DRAFT';
  constructor(number: string) {
    super(`Credit note ${number} is a draft; open it first`, { field: 'creditNoteId', number });
  }
}

export class CreditNoteIsVoid extends DomainError {
  readonly code = 'CREDIT_NOTE_IS_VOID';
  constructor(number: string, field = 'creditNoteId') {
    super(`Credit note ${number} is void`, { field, number });
  }
}

export class CreditNoteAlreadyOpened extends DomainError {
  readonly code = 'CREDIT_NOTE_ALREADY_OPENED';
  constructor(number: string) {
    super(`Credit note ${number} is open already`, { field: 'id', number });
  }
}

export class CreditNoteNumberNotUnique extends DomainError {
  readonly code = 'CREDIT_NOTE_NUMBER_NOT_UNIQUE';
  constructor() {
    super('Another credit note has this number', { field: 'number' });
  }
}

/** Less is left on the credit note than is to be refunded. The name is the legacy API's. */
export class CreditNoteHasNoRemainingAmount extends DomainError {
  readonly code = 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT';
  /** @param amount what was to be refunded; `null` if no amount was named */
  constructor(number: string, amount: string | null, remaining: string, currencyCode: string) {
    const message =
      amount === null
        ? `Nothing remains on credit note ${number}`
        : `${amount} ${currencyCode} is more than the ${remaining} ${currencyCode} that remain on credit note ${number}`;
    super(message, { field: 'amount', ...(amount !== null && { amount }), remaining, currencyCode });
  }
}

/** The name is the legacy API's. */
export class CreditNoteHasRefunds extends DomainError {
  readonly code = 'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS';
  constructor(number: string) {
    super(`Credit note ${number} has been refunded or applied; reverse that first`, { field: 'id', number });
  }
}

/** The note is not as the caller saw it. */
export class CreditNoteChanged extends DomainError {
  readonly code = 'CREDIT_NOTE_CHANGED';
  constructor(number: string, expectedRemaining: string, remaining: string, currencyCode: string) {
    super(`${remaining} ${currencyCode} remain on credit note ${number}, not ${expectedRemaining}`, {
      field: 'expectedRemaining',
      expectedRemaining,
      remaining,
      currencyCode,
    });
  }
}

// Refunds

/** The name is the legacy API's. */
export class RefundNotFound extends DomainError {
  readonly code = 'REFUND_CREDIT_NOTE_NOT_FOUND';
  constructor(id: string) {
    super(`There is no refund ${id}`, { field: 'refundId', id });
  }
}

export class RefundAlreadyReversed extends DomainError {
  readonly code = 'REFUND_ALREADY_REVERSED';
  constructor(id: string) {
    super(`Refund ${id} has been reversed already`, { field: 'refundId', id });
  }
}

/** A refund that looks the same was made a moment ago, and the caller sent no key that would tell the two apart. */
export class PossibleDuplicateRefund extends DomainError {
  readonly code = 'POSSIBLE_DUPLICATE_REFUND';
  /** @param refundId `null` where both stand in the same command */
  constructor(refundId: string | null, seconds: number) {
    const what =
      refundId === null
        ? 'The same refund stands twice here'
        : `Refund ${refundId} is the same and was made less than ${seconds} seconds ago`;
    super(`${what}; allow duplicates, or send an idempotency key`, { refundId, seconds });
  }
}

// Money

export class AmountNotPositive extends DomainError {
  readonly code = 'AMOUNT_NOT_POSITIVE';
  constructor(field: string) {
    super(`${field} must be a positive number`, { field });
  }
}

export class AmountPrecision extends DomainError {
  readonly code = 'AMOUNT_PRECISION';
  constructor(field: string, currencyCode: string, digits: number) {
    super(`${field} has more decimals than ${currencyCode} has (${digits})`, { field, currencyCode, digits });
  }
}

export class AmountTooLarge extends DomainError {
  readonly code = 'AMOUNT_TOO_LARGE';
  constructor(field: string, maxDigits: number) {
    super(`${field} has more than ${maxDigits} digits`, { field, maxDigits });
  }
}

export class ExchangeRateInvalid extends DomainError {
  readonly code = 'EXCHANGE_RATE_INVALID';
  constructor(reason: string, exchangeRate?: Big) {
    super(reason, { field: 'exchangeRate', ...(exchangeRate && { exchangeRate: exchangeRate.toFixed() }) });
  }
}

/** A slip of the decimal point looks like this. */
export class ExchangeRateUnusual extends DomainError {
  readonly code = 'EXCHANGE_RATE_UNUSUAL';
  /** @param field that the rate was given in, or follows from */
  constructor(field: string, exchangeRate: Big, creditNoteRate: Big, factor: number) {
    super(
      `The exchange rate ${exchangeRate.toFixed()} is more than ${factor} times off the credit note's, ${creditNoteRate.toFixed()}; ` +
        'if it is right, allow unusual rates',
      { field, exchangeRate: exchangeRate.toFixed(), creditNoteRate: creditNoteRate.toFixed(), factor },
    );
  }
}

/** The bank cannot have shown this amount for the refund. */
export class PaidAmountInvalid extends DomainError {
  readonly code = 'PAID_AMOUNT_INVALID';
  constructor(reason: string, paidAmount: Big) {
    super(reason, { field: 'paidAmount', paidAmount: paidAmount.toFixed() });
  }
}

export class CurrencyNotFound extends DomainError {
  readonly code = 'CURRENCY_NOT_FOUND';
  constructor(currencyCode: string) {
    super(`${currencyCode} is no currency of ISO 4217`, { field: 'currencyCode', currencyCode });
  }
}

// Accounts, branches, customers

export class AccountNotFound extends DomainError {
  readonly code = 'ACCOUNT_NOT_FOUND';
  constructor(id: string, field: string) {
    super(`There is no account ${id}`, { field, id });
  }
}

export class AccountInactive extends DomainError {
  readonly code = 'ACCOUNT_INACTIVE';
  constructor(name: string, field: string) {
    super(`Account ${name} is inactive`, { field });
  }
}

export class AccountInvalidType extends DomainError {
  readonly code = 'ACCOUNT_INVALID_TYPE';
  constructor(name: string, type: string, allowed: readonly string[], field: string) {
    super(`Account ${name} is of type ${type}; this needs one of: ${allowed.join(', ')}`, { field, type, allowed });
  }
}

export class AccountCurrencyInvalid extends DomainError {
  readonly code = 'ACCOUNT_CURRENCY_INVALID';
  constructor(name: string, currencyCode: string, allowed: readonly string[], field: string) {
    super(`Account ${name} is held in ${currencyCode}; this needs ${[...new Set(allowed)].join(' or ')}`, {
      field,
      currencyCode,
      allowed: [...new Set(allowed)],
    });
  }
}

export class AccountCodeNotUnique extends DomainError {
  readonly code = 'ACCOUNT_CODE_NOT_UNIQUE';
  constructor() {
    super('Another account has this code', { field: 'code' });
  }
}

/** The name is the legacy API's. */
export class BranchNotFound extends DomainError {
  readonly code = 'BRANCH_ID_NOT_FOUND';
  constructor(id: string) {
    super(`There is no branch ${id}`, { field: 'branchId', id });
  }
}

export class BranchCodeNotUnique extends DomainError {
  readonly code = 'BRANCH_CODE_NOT_UNIQUE';
  constructor() {
    super('Another branch has this code', { field: 'code' });
  }
}

export class CustomerNotFound extends DomainError {
  readonly code = 'CUSTOMER_NOT_FOUND';
  constructor(id: string) {
    super(`There is no customer ${id}`, { field: 'customerId', id });
  }
}

// Dates

export class DateBeforeCreditNote extends DomainError {
  readonly code = 'DATE_BEFORE_CREDIT_NOTE';
  constructor(date: PostingDate, creditNoteDate: PostingDate) {
    super(`${date} is before the credit note's own date, ${creditNoteDate}`, { field: 'date', date, creditNoteDate });
  }
}

/** The name is the legacy API's. The lock date itself is locked too. */
export class TransactionsDateLocked extends DomainError {
  readonly code = 'TRANSACTIONS_DATE_LOCKED';
  constructor(date: PostingDate, lockDate: PostingDate, field = 'date') {
    super(`The books are locked up to and including ${lockDate}; ${date} is not after it`, { field, date, lockDate });
  }
}

export class DateBeforeRefund extends DomainError {
  readonly code = 'DATE_BEFORE_REFUND';
  constructor(date: PostingDate, refundDate: PostingDate) {
    super(`${date} is before the refund's own date, ${refundDate}`, { field: 'date', date, refundDate });
  }
}

/** Nobody knows yet what will be then: it is a slip of the keyboard. */
export class DateTooFarAhead extends DomainError {
  readonly code = 'DATE_TOO_FAR_AHEAD';
  constructor(date: PostingDate, latestDate: PostingDate, field = 'date') {
    super(`${date} is too far ahead; ${latestDate} is the latest day that may be posted on`, { field, date, latestDate });
  }
}

/** Locking closes days; opening some needs its own word. */
export class LockDateEarlier extends DomainError {
  readonly code = 'LOCK_DATE_EARLIER';
  constructor(lockDate: PostingDate, currentLockDate: PostingDate) {
    super(`The books are locked up to and including ${currentLockDate}; to open days after ${lockDate}, unlock them`, {
      field: 'lockDate',
      lockDate,
      currentLockDate,
    });
  }
}

export class LockDateNotEarlier extends DomainError {
  readonly code = 'LOCK_DATE_NOT_EARLIER';
  constructor(lockDate: PostingDate, currentLockDate: PostingDate | null) {
    const now = currentLockDate === null ? 'not locked' : `locked up to and including ${currentLockDate}`;
    super(`The books are ${now}: unlocking up to ${lockDate} would open nothing`, { field: 'lockDate', lockDate, currentLockDate });
  }
}

// Idempotency

export class IdempotencyKeyReused extends DomainError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('This idempotency key was used for another request; use a new one', { field: 'idempotencyKey' });
  }
}
