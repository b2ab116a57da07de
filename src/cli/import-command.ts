import { readConfig } from '../config.js';
import type { Finding, Reconciliation, Totals } from '../import/reconciliation.js';
import { plain } from '../import/reconciliation.js';
import { type Commands, operatorOf } from './command.js';
import { required, UsageError } from './command-line.js';
import { inOneLine, print, printHealth } from './output.js';
import { ProgressLine } from './progress-line.js';

/** Changes of numbers and codes that are listed one by one. */
const MAX_CHANGES = 20;

export const IMPORT_COMMAND: Commands = {
  'import:bigcapital': {
    required: ['url', 'id'],
    optional: ['api-key', 'by'],
    switches: ['dry-run'],
    about:
      'takes over the credit notes and refunds of an organization of Bigcapital; can be interrupted and run again. The key may stand in ' +
      'BIGCAPITAL_API_KEY instead. Exit code 2 if something is refused or differs; --dry-run changes nothing',
    async run({ flags, switches }) {
      const config = readConfig(process.env);
      const apiKey = flags['api-key'] ?? config.bigcapital.apiKey;
      if (apiKey === null) {
        throw new UsageError('BIGCAPITAL_API_KEY is not set, nor is --api-key given, which other users of this machine could read');
      }
      const source = {
        ...{ url: required(flags, 'url'), apiKey, publicId: required(flags, 'id'), isDry: switches.has('dry-run') },
        ...{ timeoutSeconds: config.bigcapital.timeoutSeconds, postingDaysAhead: config.postingDaysAhead },
      };
      const { importFromBigcapital } = await import('../import/import-bigcapital.js');
      const progress = new ProgressLine(process.stderr);
      const { theirs, report, health } = await importFromBigcapital(
        config,
        source,
        operatorOf(flags),
        ({ creditNotes, refunds, total }) =>
          progress.show(creditNotes, total, `${creditNotes} of ${total} credit notes, ${refunds} refunds`),
      ).finally(() => progress.end());

      process.stdout.write(
        `${source.isDry ? 'Dry run: nothing is changed. ' : ''}Bigcapital ${inOneLine(theirs.organizationId)} → ${source.publicId}\n\n`,
      );
      printReport(report);
      if (health !== null) printHealth(health);
      process.stdout.write(`\n${verdictOf(report, source.isDry)}\n`);
      if (!report.isComplete) process.exitCode = 2;
    },
  },
};

function printReport(report: Reconciliation): void {
  section('Records', [
    ['', 'Bigcapital', 'added', 'here before', 'refused'],
    ...Object.entries(report.counts).map(([kind, { theirs, added, present, refused }]) => [kind, theirs, added, present, refused]),
  ]);
  section('Opening entry: debits, and credits with a minus', report.opening);
  if (report.lock !== null) process.stdout.write(`${report.lock}.\n\n`);
  section('Changed, so that each number and code is unique here', changesOf(report));
  section('Remaining credit', [
    ['credit note', 'number', 'currency', 'Bigcapital', 'here'],
    ...report.notes.map(({ id, number, currencyCode, theirs, ours }) => [id, number, currencyCode, theirs, ours]),
  ]);
  section('Totals', [
    ['currency', '', 'credit notes', 'total', 'refunded', 'applied to invoices', 'remaining'],
    ...[...new Set([...report.theirs.keys(), ...report.ours.keys()])].sort().flatMap((currencyCode) => [
      [currencyCode, 'Bigcapital', ...amountsOf(report.theirs.get(currencyCode), currencyCode)],
      [currencyCode, 'here', ...amountsOf(report.ours.get(currencyCode), currencyCode)],
    ]),
  ]);
  section('Different here', rowsOf(report.differences));
  section('Refused', rowsOf(report.refused));
}

function section(title: string, rows: readonly (readonly (string | number)[])[]): void {
  process.stdout.write(`${title}:\n`);
  print(rows);
  process.stdout.write('\n');
}

function rowsOf(findings: readonly Finding[]): string[][] {
  return findings.map(({ what, why }) => [what, why]);
}

function changesOf({ changes }: Reconciliation): string[][] {
  const more = changes.length - MAX_CHANGES;
  return [...rowsOf(changes.slice(0, MAX_CHANGES)), ...(more > 0 ? [[`and ${more} more`]] : [])];
}

function amountsOf(totals: Totals | undefined, currencyCode: string): (string | number)[] {
  if (totals === undefined) return [0, '0', '0', '0', '0'];
  const { notes, total, refunded, applied, remaining } = totals;
  return [notes, ...[total, refunded, applied, remaining].map((amount) => plain(amount, currencyCode))];
}

function verdictOf(report: Reconciliation, isDry: boolean): string {
  const { length: refused } = report.refused;
  const { length: differences } = report.differences;
  if (!report.isComplete) return `Not everything is taken over: ${refused} refusals, ${differences} differences.`;
  if (report.isUnchanged) return 'Everything is here already: nothing has changed.';
  return isDry ? 'Everything can be taken over.' : 'Everything is taken over.';
}
