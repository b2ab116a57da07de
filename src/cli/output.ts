import type { LedgerHealth } from '../services/ledger/ledger-health.js';

/** Characters that end a line or a column, move the cursor, or turn the direction of a text around. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Returns the text in one line, in which nothing changes what a terminal shows beside it: names and numbers may come from another system. */
export function inOneLine(text: string): string {
  return text.replaceAll(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Prints one line for each row, with its values separated by tabs. */
export function print(rows: readonly (readonly (string | number)[])[]): void {
  const lines = rows.map((row) => `${row.map((value) => inOneLine(String(value))).join('\t')}\n`);
  process.stdout.write(rows.length === 0 ? 'None.\n' : lines.join(''));
}

/** Prints the result of the check of the books. If they are wrong, the exit code becomes 2. */
export function printHealth({ healthy, checkedAt, checks }: LedgerHealth): void {
  print(checks.map(({ healthy, name, offenders }) => [healthy ? 'ok' : 'BROKEN', name, offenders.join(', ')]));
  process.stdout.write(`\n${healthy ? 'The books are right' : 'THE BOOKS ARE WRONG'}, as of ${checkedAt.toISOString()}.\n`);
  if (!healthy) process.exitCode = 2;
}

export function timeOr(absent: string, time: Date | null): string {
  return time?.toISOString() ?? absent;
}
