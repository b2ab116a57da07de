import { ConnectionException, UniqueConstraintViolationException } from '@mikro-orm/core';
import { AccountCodeNotUnique, BranchCodeNotUnique, CreditNoteNumberNotUnique, DomainError, ServiceUnavailable } from './errors.js';

/** Refusals that only the database can make without a race, by the name of its constraint. */
const REFUSALS: Readonly<Record<string, () => DomainError>> = {
  accounts_code_unique: () => new AccountCodeNotUnique(),
  branches_code_unique: () => new BranchCodeNotUnique(),
  credit_notes_number_unique: () => new CreditNoteNumberNotUnique(),
};

/**
 * SQLSTATEs, or their classes, of what passes by itself: connection lost (08, 57P), out of connections (53300), time
 * limits (55P03, 57014), deadlock and serialization (40). With them, the error codes of Node.js for a socket that is gone.
 */
const PASSING = /^(08|57P|53300|55P03|57014|40001|40P01|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE)/;

/** pg gives the loss of a connection, and a pool that has none left, no code: its texts are all there is. */
const PASSING_TEXTS = ['Connection terminated', 'timeout exceeded when trying to connect', 'not queryable', 'Connection ended'];

/** The refusal that an error means for the caller; `null` for a fault of ours. */
export function refusalOf(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  if (error instanceof UniqueConstraintViolationException && 'constraint' in error) {
    return REFUSALS[String(error.constraint)]?.() ?? null;
  }
  return isPassing(error) ? new ServiceUnavailable() : null;
}

/**
 * Whether the database itself said that a unit of work failed: then it has written nothing. When a connection is lost, nobody
 * knows.
 */
export function isRolledBack(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?!08|57P|53)[0-9A-Z]{5}$/.test(String(error.code));
}

/** Whether a lock was waited for in vain. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionException) return true;
  if (!(error instanceof Error)) return false;
  return ('code' in error && PASSING.test(String(error.code))) || PASSING_TEXTS.some((text) => error.message.includes(text));
}
