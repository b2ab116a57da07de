import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type TestDatabase } from './helpers/database.js';
import { readTenantTables } from './helpers/recorded-statements.js';
import { tablesWithoutOrganization, tablesWithoutOrganizationIn } from './helpers/tenant-statements.js';

const TABLES = new Set(['refunds', 'accounts', 'credit_notes']);

it.each([
  'select id from refunds where organization_id = $1 and id = $2',
  'select id from refunds refund where refund.organization_id = any ($1)',
  'select r.id from refunds r where (r.id, r.organization_id) in ((?, ?))',
  'select 1 from refunds r join accounts a on a.organization_id = r.organization_id and a.id = r.from_account_id where r.organization_id = ?',
  'select (select count(*) from refunds where organization_id = note.organization_id) from credit_notes note where note.organization_id = $1',
  'select root.id from (select * from refunds where organization_id = $1 limit 10) root left join accounts a on a.organization_id = root.organization_id',
  'update refunds set date = ? where organization_id = ? and id = ?',
  'update refunds refund set date = x.date from unnest($1) x (id, date) where refund.organization_id = $2 and refund.id = x.id',
  'delete from refunds where organization_id = $1',
  'insert into accounts (organization_id, code) values (?, ?) on conflict (organization_id, code) do nothing',
  "select id from refunds where organization_id = current_setting('audit.organization')::bigint",
  'with mine as (select * from refunds where organization_id = $1) select * from mine',
  "select '?' as refunds",
  'select 1 from organizations o join refunds r on r.organization_id = o.id where o.id = $1',
  'select 1 from unnest($1::bigint[]) organization (id), lateral (select from refunds where organization_id = organization.id) r',
])('accepts %s', (statement) => {
  expect(tablesWithoutOrganization(statement, TABLES)).toEqual([]);
});

it.each([
  ['select id from refunds where id = $1', ['refunds']],
  ['select id from refunds where id = $1 or organization_id = $2', ['refunds']],
  ['select id from refunds where organization_id <= $1', ['refunds']],
  ['select id from refunds where organization_id <> $1', ['refunds']],
  ['select id from refunds where organization_id = organization_id', ['refunds']],
  ['select 1 from refunds r join accounts a on a.id = r.from_account_id where r.organization_id = ?', ['accounts']],
  ['select 1 from refunds r join accounts a on a.organization_id = r.organization_id', ['refunds', 'accounts']],
  ['select 1 from refunds r where r.organization_id = $1 and exists (select from accounts a where a.id = r.id)', ['accounts']],
  ['select 1 from refunds where organization_id = $1 union all select 1 from accounts', ['accounts']],
  ['update "refunds" set "date" = ? where "id" = ?', ['refunds']],
  ['delete from refunds where id in (select id from accounts where organization_id = $1)', ['refunds']],
  ['insert into accounts (code) values (?)', ['accounts']],
  ['insert into accounts (organization_id, code) values (?, ?) on conflict (code) do nothing', ['accounts']],
  ['with mine as (select * from refunds) select * from mine', ['refunds']],
  ['select (select max(id) from refunds)', ['refunds']],
  ['select 1 from organizations o join refunds r on r.organization_id = o.id', ['refunds']],
  ['select 1 from organizations o, lateral (select from refunds where organization_id = o.id) r', ['refunds']],
  [
    'select 1 from accounts where organization_id = $1 and exists (select from refunds r, refunds s where organization_id = $1)',
    ['refunds', 'refunds'],
  ],
])('finds the table without an organization in %s', (statement, tables) => {
  expect(tablesWithoutOrganization(statement, TABLES)).toEqual(tables);
});

it.each([
  ['select id from accounts where id = new.account_id', ['accounts']],
  ['select id from accounts where organization_id = new.organization_id and id = new.account_id', []],
  ['select id from accounts where organization_id = owner and id = new.account_id', []],
  ['select account.id from inserted join accounts account on account.id = inserted.account_id', ['accounts']],
])('checks a function with %s', (query, tables) => {
  const definition = `create function f() returns trigger language plpgsql as $$
    declare owner bigint; account bigint;
    begin
      owner := new.organization_id;
      if exists (select from refunds where organization_id = new.organization_id) then return null; end if;
      account := (${query});
      return new;
    end $$`;
  expect(tablesWithoutOrganizationIn(definition, TABLES)).toEqual(tables);
});

describe('the functions of the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  it('name the organization in each statement', async () => {
    const { rows } = await database.superuser.query<{ name: string; definition: string }>(`
      select proname as name, pg_get_functiondef(oid) as definition from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f'`);
    const tables = await readTenantTables(database.superuser);
    expect(rows.length).toBeGreaterThan(20);
    expect(
      rows.flatMap(({ name, definition }) => tablesWithoutOrganizationIn(definition, tables).map((table) => `${name}: ${table}`)),
    ).toEqual([]);
  });
});
