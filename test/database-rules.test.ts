import { beforeEach, describe, expect, it } from '@jest/globals';
import { FOREIGN_KEYS } from '../src/services/ledger/ledger-health.js';
import { Books, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

/** Every rule of the entities stands in the database, too: SQL in the gateway's role meets the same refusals. */
const gateway = sharedGateway();
let books: Books;
const other = sharedBooks(gateway);
beforeEach(async () => {
  books = await gateway.books();
});

/** Runs the statements in one transaction; returns "accepted" or the database's error message. */
function refusal(...statements: string[]): Promise<string> {
  return outcomeOf(gateway.database.sql, ...statements);
}

/** The database's refusal for the owner of the tables, whose privileges do not stop it. */
function refusalOfOwner(...statements: string[]): Promise<string> {
  return outcomeOf(gateway.database.superuser, ...statements);
}

/** SQL of an entry with two lines; the SQL of a refund of the newest customer's note can follow. */
function entry(debits: string, credits: string, { organizationId = books.organization.id, lineDate = '2026-02-01' } = {}): string {
  return `with entry as (
      insert into journal_entries (organization_id, posting_date, source, memo)
      values (${organizationId}, '2026-02-01', 'REFUND', 'by hand') returning id
    )
    insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount)
    select ${organizationId}, id, '${lineDate}', side, account_id, customer_id, ${books.ids.branch}, amount from entry, (values
      ('DEBIT', ${books.ids.receivable}, (select max(id) from customers where organization_id = ${organizationId}), ${debits}::numeric),
      ('CREDIT', ${books.ids.bank}, null, ${credits}::numeric)) line (side, account_id, customer_id, amount)`;
}

it('accepts a refund by SQL that keeps every rule, and raises the refunded amount of its note', async () => {
  const note = await books.creditNote('100.00');
  expect(await refusal(entry('40', '40'), books.refundBySql(note.id))).toBe('accepted');
  const { rows } = await gateway.database.sql.query('select refunded, refunded_base from credit_notes where id = $1', [note.id]);
  expect(rows).toEqual([{ refunded: '40.0000', refunded_base: '40.0000' }]);
});

it('refuses a refund by SQL that is posted to an inactive branch', async () => {
  const { data } = await books.client.graphql<{ createBranch: { id: string } }, object>(
    'mutation { createBranch(input: { code: "W", name: "West" }) { id } }',
  );
  const branch = data?.createBranch.id ?? '';
  const note = await books.creditNote('100.00', { branchId: branch });
  books = new Books(gateway, books.client, books.organization, { ...books.ids, branch });
  const setActive = (active: boolean) =>
    books.client.graphql(`mutation { updateBranch(input: { branchId: ${branch}, active: ${active} }) { id } }`);
  await setActive(false);
  expect(await refusal(entry('40', '40'), books.refundBySql(note.id))).toMatch(/^refund \d+ breaks a rule of refunding$/);
  await setActive(true);
  expect(await refusal(entry('40', '40'), books.refundBySql(note.id))).toBe('accepted');
});

it('allows nobody what only an import may, in a session that has never imported', async () => {
  const opening = entry('40', '40').replace("'REFUND'", "'OPENING'");
  expect(await refusal(opening)).toContain('only an import posts opening balances');
  expect(await refusalOfOwner(opening)).toContain('only an import posts opening balances');
  const note = await books.creditNote('100.00');
  const nobodys = books.refundBySql(note.id, { protocol: `'IMPORT'`, api_key_id: 'null' });
  expect(await refusal(entry('40', '40'), nobodys)).toMatch(/may not make it|refunds_one_author/);
  expect(await refusalOfOwner(entry('40', '40'), nobodys)).toMatch(/may not make it|refunds_one_author/);
});

describe('over-refunding', () => {
  it('is refused for a refund above the remaining credit', async () => {
    const note = await books.creditNote('100.00');
    expect(
      await refusal(
        entry('100.01', '100.01'),
        books.refundBySql(note.id, { amount: '100.01', settled_amount: '100.01', paid_amount: '100.01' }),
      ),
    ).toContain('never_over_refunded');
  });

  it('is refused for two refunds whose sum exceeds the credit', async () => {
    const note = await books.creditNote('100.00');
    const half = books.refundBySql(note.id, { amount: '60', settled_amount: '60', paid_amount: '60' });
    expect(await refusal(entry('60', '60'), half, entry('60', '60'), half)).toContain('never_over_refunded');
  });

  it('is refused for an update of the note’s amounts', async () => {
    const note = await books.creditNote('100.00');
    expect(await refusal(`update credit_notes set refunded = 100.01 where id = ${note.id}`)).toMatch(
      /never_over_refunded|changes only with its refunds/,
    );
    expect(await refusal(`update credit_notes set refunded = 1 where id = ${note.id}`)).toContain('changes only with its refunds');
    expect(await refusalOfOwner(`update credit_notes set applied = 100.01 where id = ${note.id}`)).toContain('never_over_refunded');
    expect(await refusalOfOwner(`update credit_notes set applied = -1 where id = ${note.id}`)).toContain('check constraint');
  });

  it('stays refused because an update cannot lower the refunded amount or raise the total', async () => {
    const note = await books.creditNote('100.00');
    await books.refund(note.id, { amount: '100.00' });
    expect(await refusal(`update credit_notes set refunded = 0, refunded_base = 0 where id = ${note.id}`)).toContain(
      'changes only with its refunds',
    );
    expect(await refusalOfOwner(`update credit_notes set total = 200 where id = ${note.id}`)).toContain('stays as it is');
  });
});

describe('a refund by SQL that breaks a rule', () => {
  it.each<[string, () => Promise<Record<string, string>> | Record<string, string>]>([
    ['an expense account', () => ({ from_account_id: books.ids.expense })],
    ['an inactive account', async () => ({ from_account_id: await books.account('BANK', { active: false }) })],
    ['a bank in a third currency', async () => ({ from_account_id: await books.account('BANK', { currencyCode: 'GBP' }) })],
    ['another currency', () => ({ currency_code: `'EUR'` })],
    ['an exchange rate in the base currency', () => ({ exchange_rate: '1.1' })],
    ["a date before the note's", () => ({ date: `'2026-01-14'` })],
    ['an amount of zero', () => ({ amount: '0' })],
    ['a negative amount', () => ({ amount: '-1' })],
    ['an amount with half a cent', () => ({ amount: '0.005' })],
    ['an exchange rate of zero', () => ({ exchange_rate: '0' })],
    ['an unknown currency', () => ({ currency_code: `'usd'` })],
    ['no actor', () => ({ api_key_id: 'null' })],
    ['no journal entry', () => ({ journal_entry_id: 'null' })],
  ])('is refused: %s', async (_name, changes) => {
    const note = await books.creditNote('100.00');
    const statement = books.refundBySql(note.id, await changes());
    const before = await books.snapshot();
    expect(await refusal(entry('40', '40'), statement)).not.toBe('accepted');
    expect(await books.snapshot()).toEqual(before);
  });

  it('is refused: a refund of a draft', async () => {
    const note = await books.creditNote('100.00', { open: false });
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id))).toContain('credit_notes_never_over_refunded');
  });

  it('is refused: a refund on the lock date', async () => {
    const note = await books.creditNote('100.00');
    await books.lock('2026-02-01');
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id))).toContain('the books are locked');
  });

  it('is refused: a refund with the journal entry of another refund', async () => {
    const note = await books.creditNote('100.00');
    await books.refund(note.id);
    expect(await refusal(books.refundBySql(note.id))).toContain('unique');
  });
});

describe('a document that does not match its entry', () => {
  it('is refused: a refund with the entry of its credit note, or with other amounts or another date', async () => {
    const note = await books.creditNote('100.00');
    expect(await refusal(books.refundBySql(note.id))).toContain('not what its journal entry says');
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id, { settled_amount: '39' }))).toContain(
      'not what its journal entry says',
    );
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id, { paid_amount: '41' }))).toContain(
      'not what its journal entry says',
    );
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id, { date: `'2026-02-02'` }))).toContain(
      'not what its journal entry says',
    );
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id, { amount: '10' }))).toContain(
      'not what its journal entry says',
    );
  });

  it('is refused: a draft that is opened with the entry of another note or of a refund', async () => {
    await books.creditNote('100.00');
    const draft = await books.creditNote('50.00', { open: false });
    const open = (id: string) => `update credit_notes set opened_at = now(), journal_entry_id = ${id} where id = ${draft.id}`;
    const others = `(select journal_entry_id from credit_notes where organization_id = ${books.organization.id} and opened_at is not null)`;
    expect(await refusal(open(others))).toContain('unique');
    expect(await refusal(entry('50', '50'), open(books.newest('journal_entries')))).toContain('belongs to no document of its kind');
  });

  it('is refused: a reversal whose amount differs from the refund', async () => {
    const { id } = await books.refund((await books.creditNote('100.00')).id);
    const mirror = `with entry as (
        insert into journal_entries (organization_id, posting_date, source, memo, reversal_of_id)
        select organization_id, date, 'REVERSAL', '', journal_entry_id from refunds where id = ${id} returning id
      )
      insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount)
      select ${books.organization.id}, id, '2026-02-01', side, account_id, 39 from entry, (values
        ('CREDIT', ${books.ids.receivable}), ('DEBIT', ${books.ids.bank})) line (side, account_id)`;
    expect(await refusal(mirror)).toContain('no mirror');
  });
});

describe('a setting that is fixed when the organization is created', () => {
  it.each([
    `update organizations set base_currency = 'EUR'`,
    `update accounts set currency_code = 'EUR'`,
    `update accounts set type = 'expense'`,
  ])('cannot be changed by the gateway’s role: %s', async (statement) => {
    expect(await refusal(statement)).toContain('permission denied');
  });
});

describe('the journal', () => {
  it('refuses an entry whose debits and credits differ', async () => {
    expect(await refusal(entry('40', '39.99'))).toContain('does not balance');
  });

  it('refuses an entry whose lines have another posting date', async () => {
    expect(await refusal(entry('40', '40', { lineDate: '2026-01-31' }))).toContain('another posting date');
  });

  it('refuses an entry without lines', async () => {
    const header = `insert into journal_entries (organization_id, posting_date, source, memo) values (${books.organization.id}, '2026-02-01', 'REFUND', '')`;
    expect(await refusal(header)).toContain('does not balance');
  });

  it('refuses two balanced lines that are added to a posted entry', async () => {
    await books.creditNote('100.00');
    const lines = `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount)
      select organization_id, journal_entry_id, posting_date, new_side, account_id, 5 from journal_lines, (values ('DEBIT'), ('CREDIT')) sides (new_side)
      where organization_id = ${books.organization.id} and side = 'DEBIT'`;
    expect(await refusal(lines)).toContain('stays as it is');
  });

  it('refuses a single line that is added to a posted entry', async () => {
    const { journalEntry } = await books.creditNote('100.00');
    expect(journalEntry).toEqual(expect.anything());
    const line = `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount)
      select organization_id, journal_entry_id, posting_date, 'DEBIT', account_id, 5 from journal_lines where organization_id = ${books.organization.id} limit 1`;
    expect(await refusal(line)).toContain('stays as it is');
  });

  it.each(['journal_entries', 'journal_lines', 'refunds', 'refund_reversals', 'credit_note_lines', 'audit_events'])(
    'refuses to change, delete or truncate %s',
    async (table) => {
      await books.refund((await books.creditNote('100.00')).id);
      const before = await books.snapshot();
      for (const statement of [
        // A line of a draft may only lose its note.
        `update ${table} set created_at = created_at${table === 'credit_note_lines' ? " + interval '1 day'" : ''}`,
        `delete from ${table}`,
        `truncate ${table} cascade`,
      ]) {
        expect(await refusal(statement)).toContain('permission denied');
        expect(await refusalOfOwner(statement)).toContain('never changed');
      }
      expect(await books.snapshot()).toEqual(before);
    },
  );

  it('refuses to delete a credit note, or to change one that was opened', async () => {
    const note = await books.creditNote('100.00');
    const deletion = `delete from credit_notes where id = ${note.id}`;
    expect(await refusal(deletion)).toContain('permission denied');
    for (const statement of [deletion, 'truncate credit_notes cascade']) {
      expect(await refusalOfOwner(statement)).toContain('rows of credit_notes are never deleted');
    }
    for (const change of [
      `number = 'x'`,
      `date = '2020-01-01'`,
      'exchange_rate = 2',
      'total = 1',
      'opened_at = now()',
      `customer_id = ${await books.customer()}`,
    ]) {
      expect(await refusalOfOwner(`update credit_notes set ${change} where id = ${note.id}`)).toMatch(
        /stays as it is|has the exchange rate 1/,
      );
      expect(await refusal(`update credit_notes set ${change} where id = ${note.id}`)).not.toBe('accepted');
    }
  });

  it('refuses a credit note whose lines do not add up to its total', async () => {
    const note = await books.creditNote('100.00', { open: false });
    expect(await refusalOfOwner(`update credit_notes set total = 99 where id = ${note.id}`)).toContain('do not add up');
    const line = `insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount)
      values (${books.organization.id}, ${note.id}, ${books.ids.sales}, '', 1)`;
    expect(await refusal(line)).toContain('do not add up');
  });

  it('refuses to void a credit note that has refunds', async () => {
    const note = await books.creditNote('100.00');
    await books.refund(note.id);
    expect(await refusal(`update credit_notes set voided_at = now() where id = ${note.id}`)).toContain('check constraint');
  });
});

describe('a reference into another organization', () => {
  it.each<[string, () => Record<string, string>]>([
    ['from-account', () => ({ from_account_id: other.ids.bank })],
    ['branch', () => ({ branch_id: other.ids.branch })],
    ['actor', () => ({ api_key_id: `(select min(id) from api_keys where organization_id = ${other.organization.id})` })],
    ['owner', () => ({ organization_id: String(other.organization.id) })],
  ])('is refused for the %s of a refund', async (_name, changes) => {
    const note = await books.creditNote('100.00');
    expect(await refusal(entry('40', '40'), books.refundBySql(note.id, changes()))).toContain('foreign key');
  });

  it('is refused by every foreign key, because each contains the organization', async () => {
    const { rows } = await gateway.database.superuser.query(
      `select conrelid::regclass::text as source, confrelid::regclass::text as target, pg_get_constraintdef(oid) as definition
       from pg_constraint where contype = 'f' and conparentid = 0 and confrelid::regclass::text not in ('organizations', 'users')`,
    );
    expect(rows.length).toBe(FOREIGN_KEYS);
    expect(rows.filter(({ definition }) => !definition.startsWith('FOREIGN KEY (organization_id, '))).toEqual([]);
  });

  it.each<[string, () => [own: string, foreign: string]]>([
    ['account', () => [`'CREDIT', ${books.ids.bank}`, `'CREDIT', ${other.ids.bank}`]],
    ['branch', () => [`customer_id, ${books.ids.branch}, amount`, `customer_id, ${other.ids.branch}, amount`]],
    [
      'customer',
      () => [`where organization_id = ${books.organization.id}), 40`, `where organization_id = ${other.organization.id}), 40`],
    ],
  ])('is refused for the %s of a journal line, and also one to no record at all', async (_name, changed) => {
    await other.customer();
    const note = await books.creditNote('100.00');
    const [own, foreign] = changed();
    const written = entry('40', '40');
    expect(written).toContain(own);
    expect(await refusal(written.replace(own, foreign), books.refundBySql(note.id))).toContain(
      'is not what its journal entry says',
    );
    const nobodys = written.replace(own, own.replace(/\d+(?=(, amount)?$)|(?<=organization_id = )\d+/, '999999999999'));
    expect(nobodys).not.toBe(written);
    expect(await refusalOfOwner(nobodys, books.refundBySql(note.id))).toContain('is not what its journal entry says');
  });
});

it.each(['accounts', 'branches', 'customers'])(
  'refuses another id or organization for one of the %s, whose lines name it',
  async (table) => {
    await books.customer();
    const row = `where organization_id = ${books.organization.id} and id = ${books.newest(table)}`;
    for (const change of ['id = id + 1', `organization_id = ${other.organization.id}`]) {
      expect(await refusalOfOwner(`update ${table} set ${change} ${row}`)).toBe(
        `a row of ${table} keeps its id and its organization`,
      );
    }
  },
);

it('no temporary table or function can shadow the real ones in triggers', async () => {
  expect(await refusal('create temporary table journal_lines (like public.journal_lines)')).toContain('permission denied');
  expect(await refusal('create function pg_temp.f() returns int language sql as $$ select 1 $$')).toContain('permission denied');
  // Names in a body of standard SQL were looked up when the function was created.
  const { superuser } = gateway.database;
  const { rows: names } = await superuser.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
     union select proname from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  const { rows: functions } = await superuser.query<{ name: string; source: string }>(
    `select proname as name, prosrc as source from pg_proc
     where pronamespace = 'public'::regnamespace and proconfig is null and prosqlbody is null`,
  );
  expect(functions.length).toBeGreaterThan(10);
  const unqualified = functions.flatMap(({ name, source }) => {
    const code = source.replace(/--.*|'[^']*'/g, '');
    return names
      .filter((each) => new RegExp(`(?<!public\\.)\\b${each.name}\\b`).test(code))
      .map((each) => `${each.name} in ${name}`);
  });
  expect(unqualified).toEqual([]);
});

it('the gateway’s role can neither switch off triggers nor change tables', async () => {
  expect(await refusal('set session_replication_role = replica')).toContain('permission denied');
  expect(await refusal('alter table refunds disable trigger all')).toContain('must be owner');
  expect(await refusal('drop table refunds cascade')).toContain('must be owner');
  expect(await refusal('create table mine (id int)')).toContain('permission denied');
  const { rows } = await gateway.database.sql.query(
    'select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user',
  );
  expect(rows).toEqual([{ rolsuper: false, rolcreaterole: false, rolbypassrls: false }]);
});
