import { type Actor, requireRole } from '../../auth/actor.js';
import { DomainError } from '../../domain-error.js';
import type { CreditNote } from '../../entities/credit-note.js';
import { assertNotBefore, assertOpened, assertSomethingRemains, remainingOf } from '../../entities/credit-note-state.js';
import { type Big, ZERO } from '../../values/money.js';
import { refundCommand } from './refund-command.js';

/** The amount of a credit note that the caller could refund today, and the refusals if that is nothing. */
export interface Refundability {
  /** In the note's currency; 0 if there are reasons against a refund. */
  readonly maxAmount: Big;
  readonly reasons: readonly DomainError[];
}

/** The columns of a note that the checks need. */
type Note = Pick<
  CreditNote,
  'number' | 'date' | 'currencyCode' | 'total' | 'refunded' | 'applied' | 'cancelled' | 'openedAt' | 'voidedAt'
>;

/** Makes the checks of a refund that is posted today, and returns all refusals instead of throwing the first. */
export function refundability(actor: Actor, note: Note): Refundability {
  const { organization } = actor;
  const date = organization.today;
  const reasons = [
    () => requireRole(actor, refundCommand.role),
    () => organization.assertNotFrozen(),
    () => assertOpened(note),
    () => assertSomethingRemains(note),
    () => organization.assertUnlocked(date),
    () => assertNotBefore(note, date),
  ].flatMap(refusalBy);
  return { maxAmount: reasons.length === 0 ? remainingOf(note) : ZERO, reasons };
}

/** Runs the check, and returns its refusal instead of throwing it; empty if it does not refuse. */
export function refusalBy(check: () => void): DomainError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof DomainError) return [error];
    throw error;
  }
}
