import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDatabase, type TestDatabase } from './helpers/database.js';

/** PostgreSQL's catalog has a foreign key within the organization for every reference but some of lines, and the expected unique indexes. */
let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** Columns with ids that have no foreign key: they refer to rows of several tables, are only read as numbers, or are compared with a document. */
const NO_REFERENCE = [
  'balance_watermarks.line_id',
  'idempotency_keys.result_id',
  'journal_lines.account_id',
  'journal_lines.branch_id',
  'journal_lines.customer_id',
  'organizations.first_id',
];

async function list(sql: string): Promise<string[]> {
  const { rows } = await database.superuser.query<{ name: string }>(sql);
  return rows.map(({ name }) => name).sort();
}

const columns = (where: string) => `
  select table_name || '.' || column_name as name
  from information_schema.columns join information_schema.tables using (table_schema, table_name)
  where table_schema = current_schema() and table_type = 'BASE TABLE' and ${where}`;

it('every other column that holds an id has a foreign key', async () => {
  const referring = await list(`
    select distinct conrelid::regclass || '.' || attname as name
    from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any (conkey)
    where contype = 'f' and convalidated and connamespace = current_schema()::regnamespace`);
  const ids = await list(columns(`column_name like '%\\_id' and data_type = 'bigint'`));

  expect(ids.length).toBeGreaterThan(30);
  expect(ids.filter((name) => !referring.includes(name))).toEqual(NO_REFERENCE);
});

it('a foreign key between two tables of an organization contains the organization', async () => {
  const tenants = (await list(columns(`column_name = 'organization_id'`))).map((name) => name.split('.')[0]);
  const keys = await database.superuser.query<{ name: string; from: string; to: string; columns: string[] }>(`
    select conname as name, conrelid::regclass::text as from, confrelid::regclass::text as to,
      array(select attname::text from pg_attribute where attrelid = conrelid and attnum = any (conkey)) as columns
    from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace`);
  const between = keys.rows.filter(({ from, to }) => tenants.includes(from) && tenants.includes(to));

  expect(between.length).toBeGreaterThan(15);
  expect(between.filter(({ columns }) => !columns.includes('organization_id'))).toEqual([]);
});

it('exactly the expected columns have a unique index', async () => {
  const unique = await list(`
    select indrelid::regclass || ' (' || array_to_string(array(
        select pg_get_indexdef(indexrelid, position, true) from generate_series(1, indnkeyatts) position
      ), ', ') || ')' || coalesce(' where ' || pg_get_expr(indpred, indrelid), '') as name
    from pg_index where indisunique and indisvalid and indrelid in (select oid from pg_class where relnamespace = current_schema()::regnamespace)`);
  const expected = [
    'accounts (organization_id, as_read(code))',
    'accounts (organization_id, system_role)',
    'api_keys (hash)',
    'balance_snapshots (organization_id, account_id, period, first_day)',
    'balance_watermarks (organization_id)',
    'branches (organization_id) where is_primary',
    'branches (organization_id, as_read(code))',
    'credit_note_cancellations (organization_id, journal_entry_id)',
    'credit_note_counters (organization_id)',
    'credit_notes (organization_id, as_read(number))',
    'credit_notes (organization_id, journal_entry_id)',
    'credit_notes (organization_id, void_entry_id)',
    'customer_balance_snapshots (organization_id, customer_id)',
    'idempotency_keys (organization_id, key)',
    'journal_entries (organization_id, reversal_of_id)',
    'memberships (organization_id, user_id)',
    'organizations (lower(public_id))',
    'organizations (public_id)',
    'rate_limits (key)',
    'refund_reversals (organization_id, journal_entry_id)',
    'refund_reversals (organization_id, refund_id)',
    'refunds (organization_id, journal_entry_id)',
    'rest_usage (organization_id, day, route, caller)',
    'users (subject)',
  ];
  // Primary keys and the indexes that foreign keys refer to are not listed above.
  expect(unique.filter((name) => !/ \((organization_id, )?id\)$/.test(name))).toEqual(expected);
});

it('the primary key, each unique constraint and each index of a table of organizations begins with the organization', async () => {
  const others = await list(`
    select indexrelid::regclass::text as name
    from pg_index join pg_attribute owner on owner.attrelid = indrelid and owner.attname = 'organization_id'
      join pg_class class on class.oid = indrelid
    where class.relnamespace = current_schema()::regnamespace and indkey[0] <> owner.attnum`);
  // A key is found by its hash before the organization is known. The words of a search begin with the organization.
  expect(others.filter((name) => !name.endsWith('_words'))).toEqual(['api_keys_hash_key']);
});

it('no trigger asks for the name of its table, because a partition or a shard may have another', async () => {
  expect(await list(`select proname as name from pg_proc where prosrc ~* 'tg_(table|rel)'`)).toEqual([]);
});
