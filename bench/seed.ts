import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { sumsByAccount, sumsByCustomer } from '../src/services/ledger/balances.js';
import type { Books } from './books.js';
import type { Ledger } from './gateway.js';

/**
 * Inserts refunds with their entries and lines into the embedded ledger, distributed evenly over the notes and accounts of the
 * loads. Triggers are off, because they would take an hour for a million refunds; the audit afterwards checks the rows.
 */
export async function seedRefunds(ledger: Ledger, books: Books, refunds: number): Promise<void> {
  const client = new pg.Client(await superuserUrl(ledger, books));
  await client.connect();
  try {
    await client.query('begin');
    // These locks stop other transactions from drawing ids, and the gateway's maintenance from adding up the same lines.
    for (const lock of ['order', 'balances']) {
      await client.query('select pg_advisory_xact_lock(hashtextextended($1, $2))', [lock, books.organizationId]);
    }
    await client.query('set local session_replication_role = replica');
    for (const statement of statements(books, refunds)) await client.query(statement);
    await client.query('commit');
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

async function superuserUrl({ variables: { DATA_DIR } }: Ledger, books: Books): Promise<string> {
  if (DATA_DIR === undefined) throw new Error('only an embedded ledger can be seeded, because that needs a superuser');
  const [password = ''] = (await readFile(join(DATA_DIR, 'postgres', 'passwords'), 'utf8')).split('\n');
  const url = new URL(books.databaseUrl);
  url.username = 'postgres';
  url.password = encodeURIComponent(password);
  return url.href;
}

function statements({ notes, accounts, constants, branchId }: Books, refunds: number): string[] {
  const { organization, receivable, api_key } = constants;
  const [firstNote, lastNote] = notes;
  const [firstAccount, lastAccount] = accounts;
  const lines = { from: 'journal_lines line', where: `line.organization_id = ${organization}` };
  return [
    `create temporary table seeded on commit drop as
     select number,
       (select coalesce(max(id), 0) from journal_entries where organization_id = ${organization}) + number as entry_id,
       (select coalesce(max(id), 0) from journal_lines where organization_id = ${organization}) + 2 * number as line_id,
       (select coalesce(max(id), 0) from refunds where organization_id = ${organization}) + number as refund_id,
       ${firstNote} + number % ${lastNote - firstNote + 1} as note_id,
       ${firstAccount} + number % ${lastAccount - firstAccount + 1} as account_id,
       number % 9 + 1.25 as amount,
       date '2026-01-15' + (number % 300)::integer as posting_date,
       -- The times are in the past and in the order of the ids, as for real refunds.
       now() - interval '60 days' + number * interval '1 second' as created_at
     from generate_series(1::bigint, ${refunds}) number`,
    `insert into journal_entries (id, organization_id, posting_date, source, memo, created_at)
     select entry_id, ${organization}, posting_date, 'REFUND', 'Refund of credit note ' || note.number, seeded.created_at
     from seeded join credit_notes note on note.organization_id = ${organization} and note.id = note_id order by 1`,
    `insert into journal_lines (id, organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, created_at)
     select line_id - 1, ${organization}, entry_id, posting_date, 'DEBIT', ${receivable}, note.customer_id, ${branchId}, amount, seeded.created_at
     from seeded join credit_notes note on note.organization_id = ${organization} and note.id = note_id
     union all
     select line_id, ${organization}, entry_id, posting_date, 'CREDIT', account_id, null, ${branchId}, amount, created_at
     from seeded order by 1`,
    `insert into refunds (id, organization_id, credit_note_id, from_account_id, branch_id, amount, currency_code, exchange_rate,
       settled_amount, paid_amount, date, reference_no, description, journal_entry_id, created_by, api_key_id, request_id, protocol,
       operation_name, ip, created_at)
     select refund_id, ${organization}, note_id, account_id, ${branchId}, amount, 'USD', 1, amount, amount, posting_date,
       refund_id::text, case when number <= ${refunds} / 2 then 'Paid back early' else 'Paid back late' end, entry_id, 'Benchmark', ${api_key}, gen_random_uuid()::text, 'GRAPHQL', 'Refund', '127.0.0.1', created_at
     from seeded order by 1`,
    `update credit_notes set refunded = refunded + spent.amount, refunded_base = refunded_base + spent.amount
     from (select note_id, sum(amount) as amount from seeded group by note_id) spent
     where organization_id = ${organization} and id = spent.note_id`,
    // Otherwise the gateway would compute the snapshots within a minute, in the middle of a measured load.
    `delete from balance_snapshots where organization_id = ${organization}`,
    `delete from customer_balance_snapshots where organization_id = ${organization}`,
    `insert into balance_snapshots (organization_id, account_id, period, first_day, debits, credits, foreign_debits, foreign_credits) ${sumsByAccount(lines)}`,
    `insert into customer_balance_snapshots (organization_id, customer_id, debits, credits) ${sumsByCustomer(lines)}`,
    `insert into balance_watermarks (organization_id, line_id) select ${organization}, max(id) from journal_lines where organization_id = ${organization}
     on conflict (organization_id) do update set line_id = excluded.line_id`,
  ];
}
