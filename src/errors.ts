import { DomainError } from './domain-error.js';
import type { Big } from './values/money.js';
import type { PostingDate } from './values/posting-date.js';

/** The client's error for a bug or another unexpected error. */
export const FAULT = {
  code: 'INTERNAL_SERVER_ERROR',
  message: 'Something went wrong on our side; tell us the request id',
} as const;

/** The time after which a client may try again during an overload. Most of them are over by then. */
const RETRY_AFTER_SECONDS = 1;

/** The same for an organization that moves to another database: the move of a small one takes about as long. */
const MOVING_RETRY_AFTER_SECONDS = 5;

// Authentication

/** The problem with the credential, for the log and the legacy REST errors. It does not reveal which organizations exist. */
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

// Overload and outages

/** Message of a {@link ServiceUnavailable} for work that has waited in vain for a connection or a lock. */
export const NOT_EXECUTED = 'The gateway is busy: the request waited for too long and was not executed; send it again';

/** The database was busy, unreachable or starting. By default, the command may have been committed; the client finds out by sending it again. */
export class ServiceUnavailable extends DomainError {
  readonly code = 'SERVICE_UNAVAILABLE';
  override readonly retryAfter = RETRY_AFTER_SECONDS;
  constructor(
    message = 'The database is not available at present, and may have executed the request; send it again with the same idempotency key',
  ) {
    super(message, { retryable: true });
  }
}

/** The Host header is neither a loopback name nor in ALLOWED_HOSTS. */
export class HostNotAllowed extends DomainError {
  readonly code = 'HOST_NOT_ALLOWED';
  constructor(host: string) {
    const shown = host.slice(0, 255);
    super(`This gateway does not answer to the host "${shown}"; call it as localhost, or add the host to ALLOWED_HOSTS`, {
      host: shown,
    });
  }
}

/** Measures of a document, in words for the message. `details.of` has the key. */
const TOO_MUCH = {
  depth: 'levels of fields',
  fields: 'fields, counting those of each use of a fragment',
  aliases: 'aliases',
  repetitions: 'repeated fields in one selection set',
  rootFields: 'root fields',
  directives: 'directives',
  fragments: 'uses of fragments',
  operations: 'operations',
  variables: 'variables',
  values: 'values',
  valueDepth: 'levels of values',
  reply: 'fields and objects in its largest possible reply',
  nameLength: 'characters in one name',
  textLength: 'characters in one text',
} as const;

export type DocumentMeasure = keyof typeof TOO_MUCH;

/** The largest cost that is counted. Far beyond any limit, exact numbers do not matter, and a fragment that uses itself has no end of fields. */
export const MAX_COST = 1_000_000_000;

/** The GraphQL document would take too much work. It is refused before its execution. */
export class QueryTooCostly extends DomainError {
  readonly code = 'QUERY_TOO_COSTLY';
  constructor(of: DocumentMeasure, cost: number, limit: number) {
    const count = cost < MAX_COST ? cost : `${MAX_COST} or more`;
    super(`The document has ${count} ${TOO_MUCH[of]}; ${limit} are allowed`, { of, cost, limit });
  }
}

function notFull(limit: number): string {
  return (
    `The page was not full after ${limit} items were compared with the filter; add a condition, a longer word or a narrower range, ` +
    'or order the list by what the filter has a range of'
  );
}

function unsorted(limit: number): string {
  return `The list has more than ${limit} items, which are too many to be sorted; order it by ID, or ask for the lists of fewer owners at once`;
}

/** The rows of a page are not among those that may be read. */
export class TooManyMatches extends DomainError {
  readonly code = 'TOO_MANY_MATCHES';
  /** @param field the argument that makes it necessary to read more rows than the page has */
  constructor(
    limit: number,
    field: 'filter' | 'orderBy' = 'filter',
    message = field === 'filter' ? notFull(limit) : unsorted(limit),
  ) {
    super(message, { field, limit });
  }
}

/** The operator trusts no such document. */
export class DocumentNotTrusted extends DomainError {
  readonly code = 'DOCUMENT_NOT_TRUSTED';
  /** @param by how the request has the document */
  constructor(by: 'documentId' | 'hash' | 'text') {
    super(
      by === 'text'
        ? 'Only trusted documents are executed here, and this is none of them'
        : `There is no trusted document with this ${by}`,
      by === 'documentId' ? { field: by } : {},
    );
  }
}

/** The caller has sent too many requests in the present window. Nothing of this one was executed. */
export class RateLimited extends DomainError {
  readonly code = 'RATE_LIMITED';
  constructor(
    policy: 'credential' | 'address',
    limit: number,
    windowSeconds: number,
    override readonly retryAfter: number,
  ) {
    const whose = policy === 'credential' ? 'with this credential' : 'without a valid credential from this address';
    super(`More than ${limit} requests in ${windowSeconds} seconds ${whose}; send it again in ${retryAfter} seconds`, {
      policy,
      limit,
      windowSeconds,
      retryAfterSeconds: retryAfter,
    });
  }
}

/** An operator has frozen the organization, because it moves to another database. Reads go on. */
export class OrganizationMoving extends DomainError {
  readonly code = 'ORGANIZATION_MOVING';
  override readonly retryAfter = MOVING_RETRY_AFTER_SECONDS;
  constructor(publicId: string) {
    super(
      `Organization ${publicId} is moving to another database and accepts no changes meanwhile; nothing was written, send it again`,
    );
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
  constructor(number: string, field = 'id') {
    super(`Credit note ${number} has already been opened`, { field, number });
  }
}

export class CreditNoteNumberNotUnique extends DomainError {
  readonly code = 'CREDIT_NOTE_NUMBER_NOT_UNIQUE';
  constructor() {
    super('Another credit note has this number', { field: 'number' });
  }
}

/** The amount is larger than the remaining credit. The legacy API defines the code. */
export class CreditNoteHasNoRemainingAmount extends DomainError {
  readonly code = 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT';
  /** @param amount of the refund; `null` if the request has no amount */
  constructor(number: string, amount: string | null, remaining: string, currencyCode: string, field = 'amount') {
    const message =
      amount === null
        ? `Nothing remains on credit note ${number}`
        : `${amount} ${currencyCode} is more than the ${remaining} ${currencyCode} that remain on credit note ${number}`;
    super(message, { field, ...(amount !== null && { amount }), remaining, currencyCode });
  }
}

/** The legacy API defines the code. */
export class CreditNoteHasRefunds extends DomainError {
  readonly code = 'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS';
  constructor(number: string) {
    super(`Credit note ${number} has been refunded, applied or cancelled in part; only refunds can be reversed`, {
      field: 'id',
      number,
    });
  }
}

/** The remaining credit differs from the caller's `expectedRemaining`. */
export class CreditNoteChanged extends DomainError {
  readonly code = 'CREDIT_NOTE_CHANGED';
  constructor(number: string, expectedRemaining: string, remaining: string, currencyCode: string) {
    const other = expectedRemaining === '' ? 'and that was not expected' : `not ${expectedRemaining}`;
    super(`${remaining} ${currencyCode} remain on credit note ${number}, ${other}`, {
      field: 'expectedRemaining',
      expectedRemaining,
      remaining,
      currencyCode,
    });
  }
}

// Refunds

/** The legacy API defines the code. */
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

/** An equal refund was made within the duplicate window, and the request has no idempotency key. */
export class PossibleDuplicateRefund extends DomainError {
  readonly code = 'POSSIBLE_DUPLICATE_REFUND';
  /**
   * @param refundId `null` if both refunds are in the same command
   * @param seconds length of the duplicate window
   */
  constructor(refundId: string | null, seconds: number) {
    const duplicate =
      refundId === null
        ? 'The request contains the same refund twice'
        : `Refund ${refundId} is the same and was made less than ${seconds} seconds ago`;
    super(`${duplicate}; allow duplicates, or send an idempotency key`, { refundId, seconds });
  }
}

// Money

export class AmountNotPositive extends DomainError {
  readonly code = 'AMOUNT_NOT_POSITIVE';
  constructor(field: string, message = `${field} must be a positive number`) {
    super(message, { field });
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

/** The exchange rate differs from the credit note's so much that a typing error is likely. */
export class ExchangeRateUnusual extends DomainError {
  readonly code = 'EXCHANGE_RATE_UNUSUAL';
  /**
   * @param field with the rate, or with the paid amount that the rate follows from
   * @param factor largest ratio of the two rates
   */
  constructor(field: string, exchangeRate: Big, creditNoteRate: Big, factor: number) {
    super(
      `The exchange rate ${exchangeRate.toFixed()} is more than ${factor} times, or less than 1/${factor} of, the credit note's rate ` +
        `${creditNoteRate.toFixed()}; if it is right, allow unusual rates`,
      { field, exchangeRate: exchangeRate.toFixed(), creditNoteRate: creditNoteRate.toFixed(), factor },
    );
  }
}

/** The paid amount is not possible for the refund and its account. */
export class PaidAmountInvalid extends DomainError {
  readonly code = 'PAID_AMOUNT_INVALID';
  constructor(reason: string, paidAmount: string) {
    super(reason, { field: 'paidAmount', paidAmount });
  }
}

export class CurrencyNotFound extends DomainError {
  readonly code = 'CURRENCY_NOT_FOUND';
  constructor(currencyCode: string, field = 'currencyCode') {
    super(`${currencyCode} is no currency of ISO 4217`, { field, currencyCode });
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
  constructor(
    name: string,
    readonly type: string,
    readonly allowed: readonly string[],
    field: string,
  ) {
    const words = `Account ${name} is of type ${inWords(type)}; this needs one of: ${allowed.map(inWords).join(', ')}`;
    super(words, { field, type, allowed });
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

/** The legacy API defines the code. */
export class BranchIdNotFound extends DomainError {
  readonly code = 'BRANCH_ID_NOT_FOUND';
  constructor(id: string) {
    super(`There is no branch ${id}`, { field: 'branchId', id });
  }
}

/** The branch itself was asked for: a 404 over REST. {@link BranchIdNotFound} is the refusal of one that a document names: a 400. */
export class BranchNotFound extends DomainError {
  readonly code = 'BRANCH_NOT_FOUND';
  constructor(id: string) {
    super(`There is no branch ${id}`, { field: 'id', id });
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
  constructor(id: string, field = 'customerId') {
    super(`There is no customer ${id}`, { field, id });
  }
}

export class BranchInactive extends DomainError {
  readonly code = 'BRANCH_INACTIVE';
  constructor(name: string, field: string) {
    super(`Branch ${name} is inactive`, { field });
  }
}

export class CustomerInactive extends DomainError {
  readonly code = 'CUSTOMER_INACTIVE';
  constructor(name: string, field: string) {
    super(`Customer ${name} is inactive`, { field });
  }
}

/** The service itself posts to the account, or the branch is the default of new documents. */
export class RecordIsNeeded extends DomainError {
  readonly code = 'RECORD_IS_NEEDED';
  constructor(record: string) {
    super(`${record} is needed by the books and stays active`, { field: 'active' });
  }
}

// Dates

export class DateBeforeCreditNote extends DomainError {
  readonly code = 'DATE_BEFORE_CREDIT_NOTE';
  constructor(date: PostingDate, creditNoteDate: PostingDate) {
    super(`${date} is before the credit note's own date, ${creditNoteDate}`, { field: 'date', date, creditNoteDate });
  }
}

/** The lock date itself is locked too. The legacy API defines the code. */
export class TransactionsDateLocked extends DomainError {
  readonly code = 'TRANSACTIONS_DATE_LOCKED';
  constructor(date: PostingDate, lockDate: PostingDate, field = 'date') {
    super(`The books are locked up to and including ${lockDate}; ${date} is not after it`, { field, date, lockDate });
  }
}

export class DateBeforeRefund extends DomainError {
  readonly code = 'DATE_BEFORE_REFUND';
  /** @param earliest the date of the refund, for its reversal; that of the latest reversal, for a note to be voided */
  constructor(date: PostingDate, earliest: { readonly refundDate: PostingDate } | { readonly reversalDate: PostingDate }) {
    const what =
      'refundDate' in earliest
        ? `the refund's own date, ${earliest.refundDate}`
        : `the reversal of one of the credit note's refunds, ${earliest.reversalDate}`;
    super(`${date} is before ${what}`, { field: 'date', date, ...earliest });
  }
}

/** The date is more than POSTING_DAYS_AHEAD days after today: a typing error is likely. */
export class DateTooFarAhead extends DomainError {
  readonly code = 'DATE_TOO_FAR_AHEAD';
  constructor(date: PostingDate, latestDate: PostingDate, field = 'date') {
    super(`${date} is too far ahead; ${latestDate} is the latest day that may be posted on`, { field, date, latestDate });
  }
}

/** `lockTransactions` never opens locked days: only `unlockTransactions` does. */
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
  constructor(lockDate: PostingDate | null, currentLockDate: PostingDate | null) {
    const now = currentLockDate === null ? 'not locked' : `locked up to and including ${currentLockDate}`;
    const unlocking = lockDate === null ? 'unlocking' : `unlocking the days after ${lockDate}`;
    super(`The books are ${now}: ${unlocking} would open nothing`, { field: 'lockDate', lockDate, currentLockDate });
  }
}

// Idempotency

export class IdempotencyKeyReused extends DomainError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('This idempotency key was used for another request; use a new one', { field: 'idempotencyKey' });
  }
}

/** @example inWords('fixed-asset') // 'fixed asset' */
function inWords(key: string): string {
  return key.replaceAll('-', ' ');
}
