import { registerEnumType } from 'type-graphql';
import { CreditNoteHasNoRemainingAmount, CreditNoteIsDraft, CreditNoteIsVoid, DateBeforeCreditNote } from '../errors.js';
import { type Big, formatAmount, ZERO } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';

/**
 * Values and rules that depend only on a credit note's columns. The parameters list the columns, so that each function takes an entity
 * as well as a row of a read model.
 */

export enum CreditNoteStatus {
  DRAFT = 'DRAFT',
  OPEN = 'OPEN',
  CLOSED = 'CLOSED',
  VOID = 'VOID',
}

registerEnumType(CreditNoteStatus, {
  name: 'CreditNoteStatus',
  description: 'State of a credit note.',
  valuesConfig: {
    DRAFT: { description: 'Not posted yet.' },
    OPEN: { description: 'Posted, with remaining credit.' },
    CLOSED: { description: 'Posted, without remaining credit.' },
    VOID: { description: 'Voided: its journal entry, if any, has been reversed.' },
  },
});

interface Amounts {
  readonly total: Big;
  readonly refunded: Big;
  readonly applied: Big;
  readonly cancelled: Big;
}

interface Life {
  readonly openedAt: Date | null;
  readonly voidedAt: Date | null;
}

interface Named {
  readonly number: string;
}

/** Returns total − refunded − applied to invoices − cancelled, in the note's currency. */
export function remainingOf({ total, refunded, applied, cancelled }: Amounts): Big {
  return total.minus(refunded).minus(applied).minus(cancelled);
}

/** Returns the note's status. The database computes the same for its column `status`. */
export function statusOf(note: Amounts & Life): CreditNoteStatus {
  if (note.voidedAt !== null) return CreditNoteStatus.VOID;
  if (note.openedAt === null) return CreditNoteStatus.DRAFT;
  return remainingOf(note).eq(ZERO) ? CreditNoteStatus.CLOSED : CreditNoteStatus.OPEN;
}

/** Returns the version of the note as an HTTP entity tag. A refund changes nothing of an open note but the remaining credit. */
export function etagOf(note: Amounts & { readonly id: number }): string {
  return `"${note.id}-${remainingOf(note).toFixed()}"`;
}

/**
 * Checks that the note has been opened and not voided. It may have no remaining credit.
 *
 * @throws {CreditNoteIsDraft}
 * @throws {CreditNoteIsVoid}
 */
export function assertOpened({ number, openedAt, voidedAt }: Named & Life): void {
  if (voidedAt !== null) throw new CreditNoteIsVoid(number);
  if (openedAt === null) throw new CreditNoteIsDraft(number);
}

/** @throws {CreditNoteHasNoRemainingAmount} */
export function assertSomethingRemains(note: Named & Amounts & { readonly currencyCode: string }, field = 'amount'): void {
  const remaining = remainingOf(note);
  if (remaining.gt(ZERO)) return;
  throw new CreditNoteHasNoRemainingAmount(note.number, null, formatAmount(remaining, note.currencyCode), note.currencyCode, field);
}

/** @throws {DateBeforeCreditNote} if the date is before the note's date */
export function assertNotBefore(note: { readonly date: PostingDate }, date: PostingDate): void {
  if (date < note.date) throw new DateBeforeCreditNote(date, note.date);
}
