import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { AccountCodeNotUnique, BranchCodeNotUnique, CreditNoteNumberNotUnique, DomainError } from './errors.js';

/** Refusals that only the database can make without a race, by the name of its constraint. */
const REFUSALS: Readonly<Record<string, () => DomainError>> = {
  accounts_code_unique: () => new AccountCodeNotUnique(),
  branches_code_unique: () => new BranchCodeNotUnique(),
  credit_notes_number_unique: () => new CreditNoteNumberNotUnique(),
};

/** The refusal that an error means for the caller; `null` for a fault of ours. */
export function refusalOf(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  if (error instanceof UniqueConstraintViolationException && 'constraint' in error)
    return REFUSALS[String(error.constraint)]?.() ?? null;
  return null;
}
