import { ConnectionException, DriverException } from '@mikro-orm/core';
import {
  AccountCodeNotUnique,
  BranchCodeNotUnique,
  CreditNoteNumberNotUnique,
  DomainError,
  ServiceUnavailable,
  Unauthenticated,
} from '../errors.js';

/** Refusals that only the database can make without a race, by the name of its constraint. */
const REFUSALS: Readonly<Record<string, () => DomainError>> = {
  accounts_code_unique: () => new AccountCodeNotUnique(),
  branches_code_unique: () => new BranchCodeNotUnique(),
  credit_notes_number_unique: () => new CreditNoteNumberNotUnique(),
  // A key, a membership or a role was taken away between the last look at it and the insert.
  refunds_made_by_who_may: () => new Unauthenticated('CREDENTIAL'),
  refund_reversals_made_by_who_may: () => new Unauthenticated('CREDENTIAL'),
};

/**
 * SQLSTATEs, or their classes, of what a later try may heal: connection lost (08, 57P), a server that has become a standby
 * (25006), too little of disk, memory or connections (53), a disk that fails (58030), time limits (55P03, 57014), deadlock and
 * serialization (40).
 */
const TRANSIENT = /^(08|25006|53|57P|58030|55P03|57014|40001|40P01)/;

/** The refusal that an error means for the caller; `null` for a fault of ours. */
export function refusalOf(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  const refusal = error instanceof DriverException && 'constraint' in error && REFUSALS[String(error.constraint)];
  if (refusal) return refusal();
  // The ORM makes an error of its own of whatever is thrown below it, with the same properties.
  const isWrapped = error instanceof DriverException && 'code' in error && error.code === 'SERVICE_UNAVAILABLE';
  return isWrapped || isTransient(error) ? new ServiceUnavailable() : null;
}

/**
 * Whether the database refused what one of several brought: data (22), integrity (23), a check (44), a rule of our triggers
 * (P0). It has then written nothing. What everybody meets, such as a limit of time, is no reason to try each by itself; and when
 * a connection is lost, nobody knows whether it was committed.
 */
export function isFaultOfOne(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(22|23|44|P0)[0-9A-Z]{3}$/.test(String(error.code));
}

/** Whether a lock was waited for in vain. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** Whether the database role may not do it. */
export function isMissingRight(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}

/** Whether the plan of a statement no longer fits the tables. Its SQLSTATE says no more than that something is not supported. */
export function isPlanOutdated(error: unknown): boolean {
  return error instanceof Error && 'routine' in error && error.routine === 'RevalidateCachedQuery';
}

/** Whether the server takes no writes: it has become a standby, say. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25006';
}

/** The driver marks what went wrong with the connection itself; what else comes from the database has a severity. */
function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionException || isPlanOutdated(error)) return true;
  return error instanceof Error && 'severity' in error && 'code' in error && TRANSIENT.test(String(error.code));
}

/** Whether PostgreSQL closes the connection after the error. */
export function isFatal(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'FATAL';
}

/**
 * Whether the connection was lost. Errors of the server have a severity. pg 8.23 gives some losses no code, only a message: delete
 * the messages when it does.
 */
export function isConnectionLost(error: unknown): error is Error {
  if (!(error instanceof Error) || 'severity' in error) return false;
  return 'code' in error || /Connection (terminated|ended)|not queryable|Query read timeout/.test(error.message);
}
