import { type Actor, requireRole } from '../../auth/actor.js';
import { Role } from '../../entities/access.js';
import type { Big } from '../../values/money.js';
import type { Declared } from '../unit-of-work/command.js';
import {
  branchOrPrimary,
  decimal,
  type Fields,
  type InputOf,
  id,
  normalize,
  optional,
  optionalVerbatim,
  postingDate,
  rateOrOne,
  type ValuesOf,
} from '../unit-of-work/fields.js';
import { type GivenCommand, givenCommand, type Idempotency } from '../unit-of-work/idempotency.js';

/** The command of one refund. {@link RefundQueue} executes it. */
export const refundCommand = {
  name: 'refundCreditNote',
  role: Role.ACCOUNTANT,
  fields: {
    creditNoteId: id,
    fromAccountId: id,
    /** In the credit note's currency. */
    amount: decimal,
    /** Absent for `paidAmount`, or for a note in the base currency. */
    exchangeRate: rateOrOne,
    paidAmount: optional(decimal),
    referenceNo: optionalVerbatim,
    description: optionalVerbatim,
    date: postingDate,
    branchId: branchOrPrimary,
  },
} as const satisfies Declared & { readonly fields: Fields };

/** The command of several refunds; each of them is also a {@link refundCommand}. */
export const refundListCommand = { name: 'refundCreditNotes', role: refundCommand.role } as const satisfies Declared;

/** The input of one refund, as the caller sends it. */
export type RefundInput = InputOf<typeof refundCommand.fields>;

/** The conditions under which the refund is to be made. */
export interface RefundConditions {
  readonly idempotency?: Idempotency | undefined;
  /** Remaining credit that the caller saw: the refund is refused if another amount remains. */
  readonly expectedRemaining?: readonly Big[] | undefined;
  /** Accepts an exchange rate that is far from the note's. */
  readonly allowUnusualRate?: boolean;
  /** Seconds within which an equal refund without an idempotency key is refused as a possible duplicate; 0 allows duplicates. */
  readonly duplicateWindowSeconds: number;
}

/** A request for one refund. {@link refundRequest} makes it. */
export interface RefundRequest {
  readonly actor: Actor;
  readonly input: RefundInput;
  /** Its fields, normalized. */
  readonly command: ValuesOf<typeof refundCommand.fields>;
  readonly conditions: RefundConditions;
}

/**
 * Returns the request with normalized fields.
 *
 * @throws {Forbidden} if the actor's role is too low
 * @throws {InvalidInput} if the date is invalid
 */
export function refundRequest(actor: Actor, input: RefundInput, conditions: RefundConditions): RefundRequest {
  requireRole(actor, refundCommand.role);
  return { actor, input, command: normalize(refundCommand.fields, input, actor.organization), conditions };
}

/** Returns the request as a command with its idempotency key, if it has one. */
export function commandOf({ actor, input, command, conditions: { idempotency } }: RefundRequest): GivenCommand {
  return givenCommand(refundCommand, input, command, actor.organization, idempotency);
}

/** Whether the two requests may be the same refund, sent twice. The later one must then see the result of the earlier one. */
export function mayRepeat(request: RefundRequest, earlier: RefundRequest): boolean {
  const key = request.conditions.idempotency?.key;
  if (key !== undefined) return key === earlier.conditions.idempotency?.key;
  return request.conditions.duplicateWindowSeconds > 0 && areEqual(request, earlier);
}

/** Whether the two requests ask for equal refunds, as those of a double click do. */
export function areEqual({ command: one }: RefundRequest, { command: other }: RefundRequest): boolean {
  return (
    one.creditNoteId === other.creditNoteId &&
    one.fromAccountId === other.fromAccountId &&
    (one.referenceNo ?? '') === (other.referenceNo ?? '') &&
    one.amount.eq(other.amount) &&
    one.date === other.date
  );
}
