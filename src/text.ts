/** White space of Unicode, and what has no width at all. The database refuses the same: `is_tidy`. */
const BLANK = /[\p{White_Space}\u200b\u2060\ufeff]/u;

/** The text as people read it: without blanks around it, and each letter in the one way that Unicode composes it. */
export function tidy(text: string): string {
  const whole = text.normalize('NFC');
  let start = 0;
  let end = whole.length;
  // A pattern for the end would look from each blank in the middle to the next letter, again and again.
  while (start < end && BLANK.test(whole.charAt(start))) start += 1;
  while (start < end && BLANK.test(whole.charAt(end - 1))) end -= 1;
  return whole.slice(start, end);
}
