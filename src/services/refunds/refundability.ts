import { type Actor, requireRole } from '../../auth/actor.js';
import type { CreditNote } from '../../entities/credit-note.js';
import { DomainError } from '../../errors.js';
import { type Big, ZERO } from '../../values/money.js';
import { refundCommand } from './refund-command.js';

/** Whether the caller could refund the note today, and why not. */
export interface Refundability {
  readonly maxAmount: Big;
  readonly reasons: readonly DomainError[];
}

/** Asks of the note what a refund of today would ask, and collects every refusal instead of stopping at the first. */
export function refundability(actor: Actor, creditNote: CreditNote): Refundability {
  const { organization } = actor;
  const date = organization.today;
  const reasons = [
    () => requireRole(actor, refundCommand.role),
    () => creditNote.assertOpened(),
    () => creditNote.assertSomethingRemains(),
    () => organization.assertUnlocked(date),
    () => creditNote.assertNotBefore(date),
  ].flatMap(refusalBy);
  return { maxAmount: reasons.length === 0 ? creditNote.remaining : ZERO, reasons };
}

function refusalBy(question: () => void): DomainError[] {
  try {
    question();
    return [];
  } catch (error) {
    if (error instanceof DomainError) return [error];
    throw error;
  }
}
