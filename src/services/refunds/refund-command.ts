import { type Actor, requireRole } from '../../auth/actor.js';
import { Role } from '../../entities/access.js';
import type { Big } from '../../values/money.js';
import type { Declared } from '../unit-of-work/command.js';
import {
  decimal,
  type Fields,
  type InputOf,
  id,
  normalize,
  optional,
  postingDate,
  type ValuesOf,
  verbatim,
} from '../unit-of-work/fields.js';
import type { GivenCommand, Idempotency } from '../unit-of-work/idempotency.js';

/** The command of one refund. Batches execute it: see {@link RefundQueue}. */
export const refundCommand = {
  name: 'refundCreditNote',
  role: Role.ACCOUNTANT,
  fields: {
    creditNoteId: id,
    fromAccountId: id,
    /** In the credit note's currency. */
    amount: decimal,
    exchangeRate: optional(decimal),
    paidAmount: optional(decimal),
    referenceNo: verbatim,
    description: verbatim,
    date: postingDate,
    branchId: id,
  },
} as const satisfies Declared & { readonly fields: Fields };

/** The command of several refunds; each of them is also a {@link refundCommand}. */
export const refundListCommand = { name: 'refundCreditNotes', role: refundCommand.role } as const satisfies Declared;

/** What a caller sends. */
export type RefundInput = InputOf<typeof refundCommand.fields>;

/** The conditions under which it is to be booked. */
export interface RefundConditions {
  readonly idempotency?: Idempotency | undefined;
  /** Refund only if exactly this much remains, as the caller saw it. */
  readonly expectedRemaining?: Big | null | undefined;
  /** The exchange rate is right, though far from the note's. */
  readonly allowUnusualRate?: boolean;
  /** Without a key, an equal refund within so many seconds is refused as a mistake; 0 allows any number of them. */
  readonly duplicateWindowSeconds: number;
}

/** A refund that a caller asks for, as {@link refundRequest} makes it. */
export interface RefundRequest {
  readonly actor: Actor;
  /** Its fields, normalized. */
  readonly command: ValuesOf<typeof refundCommand.fields>;
  readonly conditions: RefundConditions;
}

/**
 * @throws {Forbidden} if the actor's role is too low
 * @throws {InvalidInput} if the date is none
 */
export function refundRequest(actor: Actor, input: RefundInput, conditions: RefundConditions): RefundRequest {
  requireRole(actor, refundCommand.role);
  return { actor, command: normalize(refundCommand.fields, input, actor.organization), conditions };
}

/** The request as a command with an idempotency key. */
export function commandOf({ command, conditions: { idempotency } }: RefundRequest): GivenCommand {
  return { name: refundCommand.name, values: command, idempotency };
}

/** Whether the two may be one refund that was sent twice: the second must see what became of the first. */
export function mayRepeat(request: RefundRequest, earlier: RefundRequest): boolean {
  const key = request.conditions.idempotency?.key;
  if (key !== undefined) return key === earlier.conditions.idempotency?.key;
  return request.conditions.duplicateWindowSeconds > 0 && areEqual(request, earlier);
}

/** Whether the two book the same, as those that a double click sends do. */
export function areEqual({ command: one }: RefundRequest, { command: other }: RefundRequest): boolean {
  return (
    one.creditNoteId === other.creditNoteId &&
    one.fromAccountId === other.fromAccountId &&
    one.referenceNo === other.referenceNo &&
    one.amount.eq(other.amount) &&
    one.date === other.date
  );
}
