/** PostgreSQL keeps a plan for each name, on each connection: some 50 kB. */
const MANY_PLANS = 100;
const NAMES = new Map<string, string>();
let named = 0;

/** Names the statement, so that each connection prepares it once. A client's statement gets a name while there are not too many. */
export function prepare(text: string, isTheirs: boolean): void {
  if (NAMES.has(text) || (isTheirs && NAMES.size >= MANY_PLANS)) return;
  named += 1;
  NAMES.set(text, `statement-${named}`);
}

/** Returns the name of the prepared statement; `undefined` if the text is not to be prepared. */
export function nameOf(text: string): string | undefined {
  return NAMES.get(text);
}

/** Forgets the statement's name. It gets a new one, and a new plan, the next time. */
export function forget(text: string): void {
  NAMES.delete(text);
}
