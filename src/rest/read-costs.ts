import { MAX_ITEMS } from '../inputs/lengths.js';

/**
 * The costs of what the legacy API reads, in the units of a GraphQL query that reads the same: 1 for each field of a record, 2 for the record, 20 for a
 * balance, and more for long texts.
 */
const REQUEST = 50;
const TOTAL = 100;

export const ACCOUNT = 30;
export const BRANCH = 10;
export const CUSTOMER = 30;
/** With its customer, without its lines. */
export const CREDIT_NOTE = 70;
export const LINE = 12;
/** With its account and its credit note. */
export const REFUND = 90;

/** Returns the cost of one record. */
export function costOfOne(record: number): number {
  return REQUEST + record;
}

export const ONE_CREDIT_NOTE = costOfOne(CREDIT_NOTE + BRANCH + MAX_ITEMS * LINE);

/** Returns the cost of a page of so many records, which have so many lines in all. */
export function costOfPage(record: number, records: number, lines: number): number {
  return REQUEST + TOTAL + records * record + lines * LINE;
}
