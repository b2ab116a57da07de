import { beforeEach, expect, it } from '@jest/globals';
import { freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

/** A transaction may hold many documents, and the database compares all of them with their entries: at the last line. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let customerId: string;
beforeEach(async () => {
  customerId = await books.customer();
});

/** Runs the statements in one transaction in the gateway's role; returns "accepted" or the database's error message. */
function outcome(...statements: (string | string[])[]): Promise<string> {
  return outcomeOf(gateway.database.sql, ...statements.flat());
}

/** A credit note of 100 with its entry. */
function note(number: string, { posted = 100, lines = [100] } = {}): string[] {
  const { organization, ids } = books;
  const { id } = organization;
  const [entryId, noteId] = [books.newest('journal_entries'), books.newest('credit_notes')];
  const line = (side: string, account: string, customer: string) =>
    `(${id}, ${entryId}, '2026-01-15', '${side}', ${account}, ${customer}, ${ids.branch}, ${posted})`;
  return [
    `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-01-15', 'CREDIT_NOTE', 'by hand')`,
    `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount)
     values ${line('DEBIT', ids.sales, 'null')}, ${line('CREDIT', ids.receivable, customerId)}`,
    `insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note,
       opened_at, journal_entry_id, created_by)
     values (${id}, '${number}', ${customerId}, ${ids.branch}, '2026-01-15', 'USD', 1, 100, '', '', now(), ${entryId}, 'psql')`,
    `insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount)
     values ${lines.map((amount) => `(${id}, ${noteId}, ${ids.sales}, '', ${amount})`).join(', ')}`,
  ];
}

it('accepts several documents in a transaction', async () => {
  expect(await outcome(note('1'), note('2'), note('3'))).toBe('accepted');
});

it.each([0, 1, 2])('refuses the transaction if document %d of three is not what its entry says', async (wrong) => {
  const notes = (changes: { posted?: number; lines?: number[] }) =>
    [0, 1, 2].map((index) => note(String(index), index === wrong ? changes : {}));
  expect(await outcome(...notes({ posted: 99 }))).toContain('is not what its journal entry says');
  // The entry has a line for each line of its note.
  expect(await outcome(...notes({ lines: [60, 40] }))).toContain('is not what its journal entry says');
  expect(await outcome(...notes({ lines: [60] }))).toMatch(/do not add up|is not what its journal entry says|does not balance/);
});

it('refuses a transaction that adds a line to an entry of an earlier one, before or after entries of its own', async () => {
  const { id } = books.organization;
  expect(await outcome(note('1'))).toBe('accepted');
  const { rows } = await gateway.database.sql.query('select max(id) as id from journal_entries where organization_id = $1', [id]);
  const late = `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount)
    values (${id}, ${rows[0].id}, '2026-01-15', 'DEBIT', ${books.ids.bank}, 1)`;
  for (const statements of [[late], [late, ...note('2')], [...note('2'), late]]) {
    expect(await outcome(...statements)).toContain('is in the books and stays as it is');
  }
});

it('compares again what a savepoint has undone', async () => {
  const wrong = note('1', { posted: 99 });
  // The lines of the second note are the last ones, and their comparison is undone with them.
  const undone = ['savepoint before', ...note('2'), 'rollback to before'];
  expect(await outcome(wrong, undone)).toContain('is not what its journal entry says');
  expect(await outcome(note('1'), undone)).toBe('accepted');
});

it('compares again what is added after an early comparison', async () => {
  const early = ['set constraints all immediate', 'set constraints all deferred'];
  expect(await outcome(note('1'), early, note('2', { posted: 99 }))).toContain('is not what its journal entry says');
  expect(await outcome(note('1'), early, note('2'))).toBe('accepted');
});

it('refuses a line that its writer dates back, even alone', async () => {
  const { id } = books.organization;
  expect(await outcome(note('1'))).toBe('accepted');
  const { superuser } = gateway.database;
  const { rows } = await superuser.query(
    'select journal_entry_id as entry, id as note from credit_notes where organization_id = $1',
    [id],
  );
  const past = `now() - interval '1 second'`;
  const line = `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount, created_at)
    values (${id}, ${rows[0].entry}, '2026-01-15', 'DEBIT', ${books.ids.bank}, 1, ${past})`;
  const lineOfNote = `insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount, created_at)
    values (${id}, ${rows[0].note}, ${books.ids.sales}, '', 1, ${past})`;
  for (const added of [line, lineOfNote])
    expect(await outcomeOf(superuser, added)).toContain('has another time than its transaction');
});
