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
