import { beforeEach, expect, it } from '@jest/globals';
import { freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

/** SQL in the gateway's role that an attacker might try. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let customerId: string;
beforeEach(async () => {
  customerId = await books.customer();
});

/** Runs the statements in one transaction; returns "accepted" or the database's error message. */
function refusal(...statements: string[]): Promise<string> {
  return outcomeOf(gateway.database.sql, ...statements);
}

/** SQL of a credit note, with the changes of the test. */
function note(changes: Record<string, string> = {}): string {
  const columns: Record<string, string> = {
    organization_id: String(books.organization.id),
    number: `'by hand'`,
    customer_id: customerId,
    branch_id: books.ids.branch,
    date: `'2026-01-15'`,
    currency_code: `'USD'`,
    exchange_rate: '1',
    total: '100',
    reference_no: `''`,
    note: `''`,
    created_by: `'psql'`,
    ...changes,
  };
  return `insert into credit_notes (${Object.keys(columns).join(', ')}) values (${Object.values(columns).join(', ')})`;
}

const line = (amount: string) => `insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount)
  values (${books.organization.id}, ${books.newest('credit_notes')}, ${books.ids.sales}, '', ${amount})`;

function entry(
  source: string,
  date: string,
  reversalOf: string,
  ...lines: readonly [side: string, account: string, amount: string][]
): string[] {
  const newest = books.newest('journal_entries');
  const rows = lines.map(
    ([side, account, amount]) =>
      `(${books.organization.id}, ${newest}, '${date}', '${side}', ${account}, ${account === books.ids.receivable ? customerId : 'null'}, ${books.ids.branch}, ${amount})`,
  );
  return [
    `insert into journal_entries (organization_id, posting_date, source, memo, reversal_of_id)
     values (${books.organization.id}, '${date}', '${source}', 'by hand', ${reversalOf})`,
    `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount) values ${rows.join(', ')}`,
  ];
}

it.each([
  ['total', `'NaN'`],
  ['exchange_rate', `'NaN'`],
  ['date', `'-infinity'`],
  ['date', `'infinity'`],
])('refuses infinite and undefined values: %s = %s', async (column, value) => {
  expect(await refusal(note({ [column]: value }))).toMatch(/credit_notes_finite|exchange.rate/);
});

it('refuses NaN as the amount of a line', async () => {
  expect(await refusal(note(), line(`'NaN'`))).toContain('credit_note_lines_finite');
});

it.each([
  ['applied', '100'],
  ['voided_at', 'now()'],
])('refuses a new credit note with %s', async (column, value) => {
  expect(await refusal(note({ [column]: value }), line('100'))).toContain('a new credit note is neither void nor applied');
});

it('refuses an entry in a transaction with an isolation level above read committed', async () => {
  const posting = entry('REFUND', '2026-02-01', 'null', ['DEBIT', books.ids.receivable, '1'], ['CREDIT', books.ids.bank, '1']);
  expect(await refusal('begin isolation level repeatable read', ...posting)).toContain('read committed');
});

it('refuses a line that is added to a credit note after its entry was checked', async () => {
  const posting = entry(
    'CREDIT_NOTE',
    '2026-01-15',
    'null',
    ['DEBIT', books.ids.sales, '60'],
    ['CREDIT', books.ids.receivable, '100'],
  );
  const opened = note({ opened_at: 'now()', journal_entry_id: books.newest('journal_entries') });

  const outcome = await refusal(...posting, opened, line('60'), 'set constraints is_its_document immediate', line('40'));

  expect(outcome).toContain('does not balance');
});

it('refuses to void a credit note before its date', async () => {
  const { id } = await books.creditNote('100.00', { customerId });
  const original = `(select journal_entry_id from credit_notes where id = ${id})`;
  const mirror = (date: string) =>
    entry('REVERSAL', date, original, ['CREDIT', books.ids.sales, '100'], ['DEBIT', books.ids.receivable, '100']);
  const voided = `update credit_notes set voided_at = now(), void_entry_id = ${books.newest('journal_entries')} where id = ${id}`;

  expect(await refusal(...mirror('2026-01-14'), voided)).toContain('is voided before its own day');
  expect(await refusal(...mirror('2026-01-15'), voided)).toBe('accepted');
});

it.each([
  ['no reason', `'{"before": "2026-03-31", "after": "none"}'`, 'psql'],
  ['a blank reason', `'{"before": "2026-03-31", "after": "none", "reason": " "}'`, 'psql'],
  ['a wrong previous day', `'{"before": "2020-01-01", "after": "none", "reason": "x"}'`, 'psql'],
  ['no author', `'{"before": "2026-03-31", "after": "none", "reason": "x"}'`, ''],
])('refuses to unlock transactions with an event that names %s', async (_what, details, by) => {
  const { id } = books.organization;
  await books.lock('2026-03-31');
  const event = `insert into audit_events (organization_id, action, details, created_by, request_id)
    values (${id}, 'unlockTransactions', ${details}, '${by}', 'r')`;
  expect(await refusal(event, `update organizations set lock_date = null where id = ${id}`)).toContain('without an audit event');
});
