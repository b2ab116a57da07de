import type { LedgerHealth } from '../services/ledger/ledger-health.js';

/** Prints one line for each row, with its values separated by tabs. */
export function print(rows: readonly (readonly (string | number)[])[]): void {
  process.stdout.write(rows.length === 0 ? 'None.\n' : `${rows.map((row) => row.join('\t')).join('\n')}\n`);
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
