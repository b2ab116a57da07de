/** The most items of a list that a mutation takes. */
export const MAX_ITEMS = 100;

/** The most characters of each text, as people count them. */
export const LENGTHS = {
  reference: 255,
  number: 255,
  refundDescription: 1000,
  lineDescription: 1000,
  reason: 1000,
  note: 4000,
} as const;
