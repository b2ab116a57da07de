import { LENGTHS, MAX_ITEMS } from '../inputs/lengths.js';

/** Body limit of the documented REST API, in bytes. */
export const REST_BODY_LIMIT = 100 * 1024;

/** The longest form of a character: a surrogate pair in two escapes, escaped again because the document is JSON: `\\ud83d\\ude00`. */
const BYTES_PER_CHARACTER = 14;

/** Field names, ids, amounts and dates of one item. */
const BYTES_BESIDE_TEXT = 1024;

/** The document and its other variables. */
const BYTES_OF_DOCUMENT = 64 * 1024;

const REFUNDS = MAX_ITEMS * itemBytes(LENGTHS.reference + LENGTHS.refundDescription);
const LINES = MAX_ITEMS * itemBytes(LENGTHS.lineDescription) + itemBytes(LENGTHS.number + LENGTHS.reference + LENGTHS.note);

/** Body limit of GraphQL, in bytes: the longest list of refunds and the longest credit note fit, with the longest texts. */
export const GRAPHQL_BODY_LIMIT = Math.max(REFUNDS, LINES) + BYTES_OF_DOCUMENT;

function itemBytes(characters: number): number {
  return characters * BYTES_PER_CHARACTER + BYTES_BESIDE_TEXT;
}
