import { ConnectionException, DriverException } from '@mikro-orm/core';
import { DomainError } from '../domain-error.js';
import {
  AccountCodeNotUnique,
  BranchCodeNotUnique,
  CreditNoteNumberNotUnique,
  NOT_EXECUTED,
  ServiceUnavailable,
  Unauthenticated,
} from '../errors.js';

/** Refusals by the name of the database constraint. Only the database can check these rules without a race. */
const CONSTRAINTS: Readonly<Record<string, () => DomainError>> = {
  accounts_code_unique: () => new AccountCodeNotUnique(),
  branches_code_unique: () => new BranchCodeNotUnique(),
  credit_notes_number_unique: () => new CreditNoteNumberNotUnique(),
  // A key or a membership has ended, or a role was lowered, between the last check and the insert.
  refunds_made_by_who_may: () => new Unauthenticated('CREDENTIAL'),
  credit_note_cancellations_made_by_who_may: () => new Unauthenticated('CREDENTIAL'),
  refund_reversals_made_by_who_may: () => new Unauthenticated('CREDENTIAL'),
};

/**
 * SQLSTATEs, or their classes, of transient errors: lost connection (08, 57P), a server that has become a standby (25006), insufficient disk,
 * memory or connections (53), I/O error (58030), lock and statement timeout (55P03, 57014), serialization failure and deadlock (40001, 40P01).
 */
const TRANSIENT = /^(08|25006|53|57P|58030|55P03|57014|40001|40P01)/;

/** Returns the refusal that stands for the error in the reply; {@link ServiceUnavailable} for a transient error, `null` for an internal error. */
export function refusalOf(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  const refusal = error instanceof DriverException && 'constraint' in error && CONSTRAINTS[String(error.constraint)];
  if (refusal) return refusal();
  // MikroORM wraps errors from its driver in a DriverException, which has the same properties. Only waits for a connection end so.
  const isWithoutConnection = error instanceof DriverException && 'code' in error && error.code === 'SERVICE_UNAVAILABLE';
  if (isWithoutConnection || isLockTimeout(error)) return new ServiceUnavailable(NOT_EXECUTED);
  return isTransient(error) ? new ServiceUnavailable() : null;
}

/**
 * Whether the data of a single request may have caused the error: invalid data (22), violated constraint (23), violated check option (44), or an
 * error from a trigger (P0). The transaction has then written nothing, and each request of its batch can be retried alone.
 *
 * Other errors are no reason for that: a timeout would affect every request, and after a lost connection the transaction may be committed.
 */
export function isDataError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(22|23|44|P0)[0-9A-Z]{3}$/.test(String(error.code));
}

/** Whether the wait for a lock has timed out. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** Whether the database role lacks a permission. */
export function isPermissionDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}

/**
 * Whether a migration has made the cached plan of a prepared statement invalid. The SQLSTATE of this error is the general "feature not supported",
 * so the routine identifies it.
 */
export function isPlanOutdated(error: unknown): boolean {
  return error instanceof Error && 'routine' in error && error.routine === 'RevalidateCachedQuery';
}

/** Whether the server accepts no writes, for example because it has become a standby. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25006';
}

/**
 * A transient error is a ConnectionException, an outdated plan, the end of the connection, as after a time limit of PostgreSQL for transactions, or
 * an error of the server, which has a severity, with one of the SQLSTATEs.
 */
function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionException || isPlanOutdated(error) || isFatal(error)) return true;
  return error instanceof Error && 'severity' in error && 'code' in error && TRANSIENT.test(String(error.code));
}

/** Whether PostgreSQL closes the connection after the error. */
export function isFatal(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'FATAL';
}

/**
 * Whether the connection was lost. Errors of the server have a severity, errors of the connection have none. Some errors of pg 8.23 have no code,
 * only a message: delete the comparison of messages when they have a code.
 */
export function isConnectionLost(error: unknown): error is Error {
  if (!(error instanceof Error) || 'severity' in error) return false;
  return 'code' in error || /Connection (terminated|ended)|not queryable|Query read timeout/.test(error.message);
}
