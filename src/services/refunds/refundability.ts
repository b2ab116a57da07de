import { type Actor, requireRole } from '../../auth/actor.js';
import type { CreditNote } from '../../entities/credit-note.js';
import { DomainError } from '../../errors.js';
import { type Big, ZERO } from '../../values/money.js';
import { refundCommand } from './refund-command.js';

/** How much of a credit note the caller could refund today, or the reasons why nothing of it. */
export interface Refundability {
  readonly maxAmount: Big;
  readonly reasons: readonly DomainError[];
}

/** Makes the checks of a refund that is posted today, and collects all refusals instead of stopping at the first. */
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

function refusalBy(check: () => void): DomainError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof DomainError) return [error];
    throw error;
  }
}
