/**
 * Invisible characters: white space, Unicode's default ignorable characters, control characters, the Braille blank and the interlinear
 * annotation marks. The database refuses the same characters at both ends of a text, in `is_tidy`.
 */
const INVISIBLE = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff9-\ufffb]/u;

/** Variation selectors and the tags of flags. They are invisible, but change the look of the character before them. */
const SELECTOR = /[\p{Variation_Selector}\u{e0020}-\u{e007f}]/u;

/**
 * Removes invisible characters from both ends of a text, and composes its letters (Unicode NFC).
 *
 * @example tidy(' Bank\u00a0') // 'Bank'
 */
export function tidy(text: string): string {
  // The loop takes linear time. A pattern for the end of the text would backtrack at each run of blanks in the middle.
  const characters = [...text.normalize('NFC')];
  const isVisible = (character: string) => !INVISIBLE.test(character);
  const start = characters.findIndex(isVisible);
  if (start < 0) return '';
  let end = characters.findLastIndex(isVisible) + 1;
  // A selector belongs to the character before it: it turns the black heart into a red one.
  while (SELECTOR.test(characters[end] ?? '')) end += 1;
  return characters.slice(start, end).join('');
}

/** Characters between words, for a pattern in brackets of JavaScript or PostgreSQL: ASCII and Latin-1 punctuation, general and CJK punctuation. */
export const NO_WORD = '\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00bf\\u2000-\\u206f\\u3000-\\u303f\\s';

const BETWEEN_WORDS = new RegExp(`[${NO_WORD}]+`);

/** Returns the words of a text, composed (Unicode NFC), each once whatever its case. Letters of which {@link CASE_PAIRS} has several forms have one. */
export function wordsIn(text: string): string[] {
  const words = CASE_PAIRS.reduce((text, [form, same]) => text.replaceAll(form, same), text.normalize('NFC')).split(BETWEEN_WORDS);
  return [...new Map(words.map((word) => [word.toLowerCase(), word])).values()].filter((word) => word !== '');
}

/** Small letters whose capital letter is also that of others: a sigma at the end of a word, and the German sharp s, which is SS in capitals. */
export const CASE_PAIRS: readonly (readonly [form: string, same: string])[] = [
  ['ς', 'σ'],
  ['ß', 'ss'],
  ['ẞ', 'ss'],
];

/** The longest message of an error, in UTF-16 code units. */
export const MAX_MESSAGE = 500;

/** The longest value that a message quotes, in UTF-16 code units. */
export const MAX_QUOTED = 200;

/** The length of a text in characters (Unicode code points), as the database counts. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/**
 * Returns the beginning of a text that is too long, with an ellipsis. It never ends in the middle of a character: many JSON parsers refuse half
 * of a surrogate pair.
 *
 * @param maxLength in UTF-16 code units
 */
export function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
