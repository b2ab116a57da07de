/** White space of Unicode, and what has no width at all. The database refuses the same: `is_tidy`. */
const BLANKS = '[\\p{White_Space}\\u200b\\u2060\\ufeff]+';
const AROUND = new RegExp(`^${BLANKS}|${BLANKS}$`, 'gu');

/** The text as people read it: without blanks around it, and each letter in the one way that Unicode composes it. */
export function tidy(text: string): string {
  return text.normalize('NFC').replace(AROUND, '');
}
