import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { layout } from '../src/migrations/layout.js';
import { snapshotBalances } from '../src/services/ledger/balances.js';
import {
  BalancesDocument,
  CreditNoteDocument,
  LedgerHealthDocument,
  RefundCreditNoteDocument,
  ReverseRefundDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

/** The rows of the organization lie in one of the partitions that `npm run test:partitioned` makes; those of many others lie in all of them. */

let gateway: Gateway;
let books: Books;
beforeAll(async () => {
  gateway = await Gateway.start({ duplicateWindowSeconds: 30 });
  books = await gateway.books();
  const { superuser } = gateway.database;
  await books.customer();
  await superuser.query('set session_replication_role = replica');
  for (const table of ['accounts', 'branches', 'customers']) {
    await superuser.query(
      `insert into ${table} select (jsonb_populate_record(original, jsonb_build_object(
         'organization_id', 1000 + other, 'id', number, 'code', number, 'system_role', null, 'is_primary', false
       ))).*
       from ${table} original, generate_series(1, 100) other, generate_series(1, 100) number
       where original.id = (select min(id) from ${table})`,
    );
    await superuser.query(`analyze ${table}`);
  }
  await superuser.query('select pg_stat_reset()');
});
afterAll(() => gateway.stop());

const LISTS = ['ID_ASC', 'ID_DESC', 'DATE_ASC', 'DATE_DESC'].map(
  (order) => `{
    creditNotes(first: 5, orderBy: ${order}) {
      totalCount
      nodes {
        number customer { displayName } branch { code } lines { account { name } }
        refunds(first: 5) { nodes { amount fromAccount { name } journalEntry { lines { amount account { name } } reversedBy { id } } } }
      }
    }
  }`,
);

it('statements of requests, of their triggers and of their foreign keys scan the partition of their organization only', async () => {
  const { client } = books;
  const note = await books.creditNote('100.00');
  const refund = await books.refund(note.id);
  for (const _ of ['first', 'replayed']) {
    await client.query(RefundCreditNoteDocument, { input: books.refundInput(note.id, { amount: '2.00' }), idempotencyKey: 'k' });
  }
  await client.query(ReverseRefundDocument, { input: { refundId: refund.id, date: '2026-02-03', reason: 'Bounced' } });
  await client.query(VoidCreditNoteDocument, { id: (await books.creditNote('5.00')).id });
  await client.query(CreditNoteDocument, { id: note.id });
  for (const list of LISTS) expect((await client.graphql(list)).errors).toBeUndefined();
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  await client.query(BalancesDocument, { account: books.ids.bank });
  await client.query(LedgerHealthDocument, {});
  // PostgreSQL publishes the statistics of a connection when the connection ends.
  await gateway.app.close();
  await gateway.database.orm.close();

  const { rows } = await gateway.database.superuser.query<{ partition: string; tables: string[] }>(`
    select schemaname as partition, array_agg(relname::text order by relname) as tables from pg_stat_user_tables
    where schemaname <> 'public' and seq_scan + coalesce(idx_scan, 0) > 0 group by 1 order by 1`);
  expect(rows).toHaveLength(layout.partitions > 0 ? 1 : 0);
});
