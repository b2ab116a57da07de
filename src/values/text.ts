/**
 * What nobody sees: white space, Unicode's default ignorable characters, control characters, the blank of Braille, the marks of annotations. The
 * database refuses the same at the ends of a text: `is_tidy`.
 */
const UNSEEN = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff9-\ufffb]/u;

/** Variation selectors and the tags of flags: unseen themselves, they say how the character before them looks. */
const SELECTOR = /[\p{Variation_Selector}\u{e0020}-\u{e007f}]/u;

/** The text as people read it: without what is unseen around it, and each letter in the one way that Unicode composes it. */
export function tidy(text: string): string {
  // Looked at one by one: a pattern for the end would look from each blank in the middle to the next letter, again and again.
  const characters = [...text.normalize('NFC')];
  const isSeen = (character: string) => !UNSEEN.test(character);
  const start = characters.findIndex(isSeen);
  if (start < 0) return '';
  let end = characters.findLastIndex(isSeen) + 1;
  // A heart followed by a selector is a red one; without it, it is a black one.
  while (SELECTOR.test(characters[end] ?? '')) end += 1;
  return characters.slice(start, end).join('');
}
