import { randomUUID } from 'node:crypto';

/** The open credit note, the bank account and a posting date of the demo. */
export const NOTE = '2';
export const BANK = '1';
export const DATE = '2026-02-01';

/** Returns the input of a refund of the demo's open credit note, with a reference of its own, so that no two are duplicates. */
export function refundOf(amount, others = {}) {
  return { creditNoteId: NOTE, fromAccountId: BANK, amount, date: DATE, referenceNo: randomUUID(), ...others };
}
