import { LENGTHS, MAX_ITEMS } from '../inputs/lengths.js';

/** As much as the documented REST API takes. */
export const REST_BODY_LIMIT = 100 * 1024;

/** A character of four bytes, written as two escapes in a text in a document in JSON: `\\ud83d\\ude00`. */
const BYTES_PER_CHARACTER = 14;

/** Names of fields, ids, amounts and dates of an item; and a document with its own variables. */
const BYTES_BESIDE_TEXT = 1024;
const BYTES_OF_DOCUMENT = 64 * 1024;

const REFUNDS = MAX_ITEMS * itemBytes(LENGTHS.reference + LENGTHS.refundDescription);
const LINES = MAX_ITEMS * itemBytes(LENGTHS.lineDescription) + itemBytes(LENGTHS.number + LENGTHS.reference + LENGTHS.note);

/** What the schema promises to take fits: the longest list of refunds, and the longest credit note, with the longest texts. */
export const GRAPHQL_BODY_LIMIT = Math.max(REFUNDS, LINES) + BYTES_OF_DOCUMENT;

function itemBytes(characters: number): number {
  return characters * BYTES_PER_CHARACTER + BYTES_BESIDE_TEXT;
}
