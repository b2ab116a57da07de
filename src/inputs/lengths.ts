/** Largest list in the input of a mutation. */
export const MAX_ITEMS = 100;

/** Longest texts, in characters (Unicode code points). */
export const LENGTHS = {
  code: 50,
  name: 255,
  reference: 255,
  number: 255,
  refundDescription: 1000,
  lineDescription: 1000,
  reason: 1000,
  note: 4000,
} as const;

/**
 * The largest number of UTF-16 code units of a text with a maximum length in characters: a character may have several, and letters that are not composed
 * have more. A longer text is refused before any slower check.
 */
export function mostCodeUnits(characters: number): number {
  return 4 * characters + 100;
}

/** The same of all texts in the input of an operation. */
export const MAX_CODE_UNITS = mostCodeUnits(LENGTHS.note);
