import { describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

// The first row that an import inserts with a given id checks all of them: see onceForImport in the migrations.

const gateway = sharedGateway();
const books = sharedBooks(gateway);

/** Runs the statements in a transaction with the settings. Returns "accepted" or the database's error message. */
function running(role: 'application' | 'owner', settings: Readonly<Record<string, string>>, ...statements: string[]) {
  const { sql, superuser } = gateway.database;
  const set = Object.entries(settings).map(([name, value]) => `set local ${name} = '${value}'`);
  return outcomeOf(role === 'owner' ? superuser : sql, ...set, ...statements);
}

const importing = (...statements: string[]) => running('owner', { 'books.import': String(books.organization.id) }, ...statements);

const newest = (table: string) => `(select max(id) from ${table} where organization_id = ${books.organization.id})`;

const firstId = () => `(select first_id from organizations where id = ${books.organization.id})`;

/** An entry with the id after the newest one, or `later` ones. */
const entry = (later = 1) =>
  `insert into journal_entries (id, organization_id, posting_date, source, memo)
   select coalesce(${newest('journal_entries')}, ${firstId()} - 1) + ${later}, ${books.organization.id}, '2026-02-01', 'OPENING', 'Opening'`;

/** A line of the newest entry. */
const line = (side: string, amount: number, later = 1) =>
  `insert into journal_lines (id, organization_id, journal_entry_id, posting_date, side, account_id, amount)
   select coalesce(${newest('journal_lines')}, ${firstId()} - 1) + ${later}, ${books.organization.id}, ${newest('journal_entries')}, '2026-02-01', '${side}',
     ${books.ids.bank}, ${amount}`;

/** A line of the newest entry whose id the database draws. */
const drawn = (side: string, amount: number) =>
  `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount)
   values (${books.organization.id}, ${newest('journal_entries')}, '2026-02-01', '${side}', ${books.ids.bank}, ${amount})`;

const balanced = () => [entry(), line('DEBIT', 5), line('CREDIT', 5)];
const unbalanced = () => [entry(), line('DEBIT', 5), line('CREDIT', 6)];

describe('of the rows that an import inserts, the database refuses', () => {
  it('none that is right', async () => {
    expect(await importing(...balanced(), ...balanced())).toBe('accepted');
  });

  it('lines that do not balance, wherever they stand', async () => {
    expect(await importing(...unbalanced(), ...balanced())).toMatch(/does not balance: debits − credits = -1/);
    expect(await importing(...balanced(), ...unbalanced())).toMatch(/does not balance: debits − credits = -1/);
  });

  it('an entry without lines, wherever it stands', async () => {
    expect(await importing(entry(), ...balanced())).toMatch(/it has no lines/);
    expect(await importing(...balanced(), entry())).toMatch(/it has no lines/);
  });

  it('those that come after a first check', async () => {
    const checked = ['set constraints all immediate', 'set constraints all deferred'];
    expect(await importing(...balanced(), ...checked, ...balanced())).toBe('accepted');
    expect(await importing(...balanced(), ...checked, ...unbalanced())).toMatch(/does not balance: debits − credits = -1/);
    expect(await importing(...balanced(), ...checked, line('DEBIT', 1))).toMatch(/does not balance: debits − credits = 1/);
    expect(await importing(...balanced(), ...checked, drawn('DEBIT', 1))).toMatch(/does not balance: debits − credits = 1/);
    expect(await importing(...balanced(), ...checked, entry())).toMatch(/it has no lines/);
  });

  it('those whose check a savepoint has undone', async () => {
    const undone = ['savepoint before', 'set constraints all immediate', 'rollback to before'];
    expect(await importing(...balanced(), ...undone, ...balanced())).toBe('accepted');
    expect(await importing(...balanced(), ...undone, line('DEBIT', 1))).toMatch(/does not balance: debits − credits = 1/);
    expect(await importing('savepoint before', ...balanced(), 'rollback to before', ...unbalanced())).toMatch(/does not balance/);
  });

  it('an id that is not above those of earlier imports', async () => {
    expect(await importing(...balanced())).toBe('accepted');
    expect(await importing(entry(-1))).toMatch(/row \d+ of journal_entries has a lower id than the next one/);
    expect(await importing(...balanced(), entry(-1))).toMatch(/lower id than the next one/);
    const apart = [entry(), line('DEBIT', 5), line('DEBIT', 5, 5)];
    expect(await importing(...apart, line('CREDIT', 10, -2))).toBe('accepted');
    expect(await importing(...apart, line('CREDIT', 10, -7))).toMatch(/lower id than the next one/);
  });

  it('lines that are inserted before the transaction imports', async () => {
    const { id } = books.organization;
    const header = `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-02-01', 'REFUND', 'Refund')`;
    const begins = `select set_config('books.import', '${id}', true)`;
    expect(await running('owner', {}, header, drawn('DEBIT', 5), begins, ...balanced())).toMatch(
      /does not balance: debits − credits = 5/,
    );
    expect(await running('owner', {}, header, drawn('DEBIT', 5), begins)).toMatch(/does not balance: debits − credits = 5/);
  });
});

it('whoever does not own the tables cannot leave rows to a check that never comes', async () => {
  const { id } = books.organization;
  const left = `{${id},0,9223372036854775807}`;
  const settings = { 'books.import': String(id), 'books.imported_journal_entries': left, 'books.imported_journal_lines': left };
  const header = `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-02-01', 'REFUND', 'Refund')`;
  expect(await running('application', settings, header, drawn('DEBIT', 5))).toMatch(/does not balance: debits − credits = 5/);
  expect(await running('application', settings, header)).toMatch(/it has no lines/);
});
