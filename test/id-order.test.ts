import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CreateAccountDocument, CreateBranchDocument, LockTransactionsDocument } from './generated/documents.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';

/** A client that pages by `after` sees every row, because no row appears with an id below one that it has already read. */
const gateway = sharedGateway();
const books = freshBooks(gateway);

/** The rows after those that a client has read, or all rows, and where the client goes on. */
type Follow = (after: string | null) => Promise<{ ids: string[]; last: string | null }>;

const byPages =
  (list: string): Follow =>
  async (after) => {
    const { data } = await books.client.graphql<
      Record<string, { nodes: { id: string }[]; pageInfo: { endCursor: string | null } }>,
      unknown
    >(`query($after: String) { ${list}(after: $after) { nodes { id } pageInfo { endCursor } } }`, { after });
    const { nodes = [], pageInfo } = data?.[list] ?? {};
    return { ids: nodes.map(({ id }) => id), last: pageInfo?.endCursor ?? after };
  };

const byTable =
  (table: string): Follow =>
  async (after) => {
    const { rows } = await gateway.database.superuser.query(
      `select id::text from ${table} where organization_id = $1 and id > $2 order by id`,
      [books.organization.id, after ?? 0],
    );
    return { ids: rows.map(({ id }) => id), last: rows.at(-1)?.id ?? after };
  };

/** The SQL of a transaction; `:organization` stands for the organization's id. */
const CUSTOMER = `insert into customers (organization_id, display_name, currency_code) values (:organization, 'By hand', 'USD')`;
const EVENT = `insert into audit_events (organization_id, action, details, created_by, request_id) values (:organization, 'by hand', '{}', 'psql', 'psql')`;
const ACCOUNT = `insert into accounts (organization_id, code, name, type, currency_code) values (:organization, 'hand', 'By hand', 'bank', 'USD')`;
const BRANCH = `insert into branches (organization_id, code, name) values (:organization, 'hand', 'By hand')`;
const NOTE = `
  with note as (
    insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note, created_by)
    values (:organization, 'by hand', (select max(id) from customers where organization_id = :organization),
      (select max(id) from branches where organization_id = :organization), '2026-01-15', 'USD', 1, 1, '', '', 'psql')
    returning id
  )
  insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount)
  select :organization, note.id, account.id, '', 1 from note, accounts account where account.organization_id = :organization and account.type = 'income'`;
const REFUND = `
  with note as (select * from credit_notes where organization_id = :organization order by id limit 1),
  entry as (
    insert into journal_entries (organization_id, posting_date, source, memo) values (:organization, '2026-02-01', 'REFUND', 'by hand') returning id
  ),
  bank as (select id from accounts where organization_id = :organization and code = '10001'),
  receivable as (select id from accounts where organization_id = :organization and system_role = 'accounts-receivable'),
  lines as (
    insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount)
    select :organization, entry.id, '2026-02-01', side, account_id, line.customer_id, note.branch_id, 1
    from note, entry, bank, receivable, lateral (values ('DEBIT', receivable.id, note.customer_id), ('CREDIT', bank.id, null)) line (side, account_id, customer_id)
  )
  insert into refunds (organization_id, credit_note_id, from_account_id, branch_id, amount, currency_code, exchange_rate, settled_amount,
    paid_amount, date, reference_no, description, journal_entry_id, created_by, api_key_id, request_id, protocol)
  select :organization, note.id, bank.id, note.branch_id, 1, 'USD', 1, 1, 1, '2026-02-01', '', '', entry.id, 'psql',
    (select min(id) from api_keys where organization_id = :organization), 'psql', 'INTERNAL'
  from note, entry, bank`;

/** Waits until the command has ended or waits for a lock. */
async function underWay(command: Promise<unknown>): Promise<void> {
  let ended = false;
  void command.finally(() => {
    ended = true;
  });
  for (;;) {
    const { rows } = await gateway.database.superuser.query(
      `select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
    );
    if (ended || rows.length > 0) return;
    await sleep(5);
  }
}

describe.each<[string, Follow, string, () => Promise<unknown>]>([
  ['customers', byPages('customers'), CUSTOMER, () => books.customer()],
  [
    'accounts',
    byPages('accounts'),
    ACCOUNT,
    () => books.client.query(CreateAccountDocument, { input: { code: 'x', name: 'x', type: 'BANK' } }),
  ],
  ['branches', byPages('branches'), BRANCH, () => books.client.query(CreateBranchDocument, { input: { code: 'x', name: 'x' } })],
  ['credit notes', byPages('creditNotes'), NOTE, () => books.creditNote('1.00')],
  ['lines of credit notes', byTable('credit_note_lines'), NOTE, () => books.creditNote('1.00')],
  [
    'audit events',
    byPages('auditEvents'),
    EVENT,
    () => books.client.query(LockTransactionsDocument, { input: { lockDate: '2025-12-31', reason: 'x' } }),
  ],
  ['refunds', byPages('refunds'), REFUND, async () => books.refund((await books.creditNote('100.00')).id)],
  ['journal entries', byTable('journal_entries'), REFUND, () => books.creditNote('1.00')],
  ['journal lines', byTable('journal_lines'), REFUND, () => books.creditNote('1.00')],
])('a client that pages through the %s', (_name, follow, statement, command) => {
  it('misses no row while an earlier transaction with an uncommitted row is open', async () => {
    const note = await books.creditNote('100.00', { customerId: await books.customer() });
    await books.refund(note.id, { amount: '1.00' });
    await books.client.query(LockTransactionsDocument, { input: { lockDate: '2025-12-30', reason: 'x' } });
    const { sql } = gateway.database;
    const { last: known } = await follow(null);

    await sql.query('begin');
    await sql.query(statement.replaceAll(':organization', String(books.organization.id)));
    const later = command();
    await underWay(later);
    const seen = await follow(known);
    await sql.query('commit');
    await later;
    const ids = [...seen.ids, ...(await follow(seen.last)).ids];

    expect(ids).toEqual((await follow(known)).ids);
    expect(ids.length).toBeGreaterThanOrEqual(2);
  });
});

it('ids follow the order of rows within a statement, also for refunds in the same batch', async () => {
  const notes = await Promise.all(Array.from({ length: 12 }, () => books.creditNote('100.00')));
  await Promise.all(notes.map(({ id }) => books.refund(id)));
  const { rows } = await gateway.database.sql.query(
    `select refund.id, refund.journal_entry_id, (select array_agg(side order by line.id) from journal_lines line where line.journal_entry_id = refund.journal_entry_id) as sides
     from refunds refund where organization_id = $1 order by id`,
    [books.organization.id],
  );
  const entries = rows.map(({ journal_entry_id }) => Number(journal_entry_id));
  expect(entries).toEqual(entries.toSorted((a, b) => a - b));
  expect(rows.map(({ sides }) => sides)).toEqual(rows.map(() => ['DEBIT', 'CREDIT']));
});

it('neither the gateway’s role nor the owner can choose an id', async () => {
  const { sql, superuser } = gateway.database;
  const choose = (client: typeof sql, id: string) =>
    client.query(
      `insert into customers (id, organization_id, display_name, currency_code) values (${id}, $1, 'x', 'USD') returning id`,
      [books.organization.id],
    );
  const first = Number(await books.customer());
  for (const id of ['7', '9000000000', 'default']) {
    await expect(choose(sql, id)).rejects.toThrow('permission denied');
    const { rows } = await choose(superuser, id);
    expect(Number(rows[0].id) - first).toBeGreaterThan(0);
  }
  expect(Number(await books.customer()) - first).toBe(4);
});

it('every table with rows of an organization draws its ids by the trigger that keeps this order', async () => {
  const { rows } = await gateway.database.superuser.query(`
    select class.relname as name from pg_class class
      join pg_attribute id on id.attrelid = class.oid and id.attname = 'id'
      join pg_attribute owner on owner.attrelid = class.oid and owner.attname = 'organization_id'
    where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
      and (id.attidentity <> '' or not exists (select from pg_trigger where tgrelid = class.oid and tgname = 'draws_id' and tgenabled = 'A'))`);
  expect(rows).toEqual([]);
});
