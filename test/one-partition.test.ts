import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { connect } from '../mikro-orm.config.js';
import { connectionOf } from '../src/database/connect.js';
import { migrate } from '../src/database/migrate.js';
import { layout } from '../src/migrations/layout.js';
import { snapshotBalances } from '../src/services/ledger/balances.js';
import {
  BalancesDocument,
  CreditNoteDocument,
  LedgerHealthDocument,
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  RefundCreditNotesDocument,
  RefundsPageDocument,
  ReverseRefundDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { readCluster } from './helpers/cluster.js';
import { columnsOf } from './helpers/database.js';
import { type Books, Gateway } from './helpers/gateway.js';

/**
 * Each statement of a request reads and writes one partition, since it names the organization. PostgreSQL's module auto_explain reports the plan of
 * each statement as it was executed: also of those inside triggers, and of those that check foreign keys.
 */
const { superuser, application, operator } = readCluster();
const template = `template_${randomBytes(6).toString('hex')}`;
const admin = new pg.Client(superuser);
let gateway: Gateway;
let books: Books;
let noteId: string;

/** The report of auto_explain on one statement. */
interface Executed {
  readonly 'Query Text': string;
  readonly Plan: Plan;
}

interface Plan {
  readonly 'Actual Loops': number;
  /** The schema and the name of the table that a node reads or writes. A partition has a schema of its own. */
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

const EXPLAIN = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_verbose': 'on',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

/** Numbers of rows. PostgreSQL would rather read a small table whole, with all its partitions. */
const COPIES = {
  accounts: 5000,
  branches: 500,
  customers: 500,
  journal_entries: 500,
  journal_lines: 500,
  credit_notes: 500,
  refunds: 500,
};

/** Copies each organization's first rows, with other ids and texts. */
async function addRows(client: pg.Client): Promise<void> {
  await client.query('set session_replication_role = replica');
  for (const [table, copies] of Object.entries(COPIES)) {
    const columns = await columnsOf(client, table);
    await client.query(`
      insert into ${table} (${columns})
      select ${columns} from (
        select copy.* from (select distinct on (organization_id) * from ${table} order by organization_id, id) original,
          generate_series(100, 100 + ${copies}) more,
          jsonb_populate_record(null::${table}, to_jsonb(original) || jsonb_build_object('id', original.id + more, 'code', 'more' || more,
            'number', 'more' || more, 'journal_entry_id', (to_jsonb(original) ->> 'journal_entry_id')::bigint + more, 'is_primary', false,
            'system_role', null)) copy
      ) copies`);
  }
  await client.query('reset session_replication_role');
  await client.query('analyze');
}

const executed: Executed[] = [];

beforeAll(async () => {
  await admin.connect();
  await admin.query(`create database ${template}`);
  layout.partitions = 8;
  const owner = await connect(connectionOf({ ...superuser, database: template }));
  await migrate(owner, { application: application.user, operator: operator.user });
  await owner.close();

  gateway = await Gateway.start({ template, duplicateWindowSeconds: 10, settings: EXPLAIN });
  for (let count = 0; count < 6; count += 1) {
    const other = await gateway.books();
    await other.refund((await other.creditNote('100.00')).id);
  }
  await addRows(gateway.database.superuser);
  books = await gateway.books();
  noteId = (await books.creditNote('100.00')).id;
  const pool: pg.Pool = await gateway.database.orm.em.getConnection().getNativeClient();
  pool.on('acquire', (client) => {
    client.removeAllListeners('notice');
    client.on('notice', ({ message = '' }) => void executed.push(JSON.parse(message.slice(message.indexOf('{')))));
  });
});
afterAll(async () => {
  await gateway.stop();
  await admin.query(`drop database ${template} with (force)`);
  await admin.end();
});

/** Returns the executed statements that read or wrote another number of partitions than one, and no table without partitions, with their partitions. */
async function strayStatements(request: () => Promise<unknown>): Promise<string[]> {
  executed.length = 0;
  await request();
  const partitions = executed.map((statement) => ({
    text: statement['Query Text'],
    used: [...new Set(usedBy(statement.Plan))].sort(),
  }));
  // Otherwise the reports are not read.
  expect(partitions.filter(({ used }) => used.length === 1).length).toBeGreaterThan(1);
  return partitions.filter(({ used }) => used.length > 1).map(({ text, used }) => `${used.join(', ')}: ${text}`);
}

function usedBy(plan: Plan): string[] {
  if (plan['Actual Loops'] === 0) return [];
  const own = plan.Schema?.startsWith('partition_') ? [plan.Schema] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(usedBy)];
}

const notesWithRelations = (order: string) => `{
  creditNotes(first: 5, orderBy: ${order}) {
    totalCount
    nodes {
      customer { displayName } branch { code } lines { account { name } }
      refunds(first: 5) { nodes { fromAccount { name } journalEntry { lines { account { name } } reversedBy { id } } } }
    }
  }
}`;

describe('each statement uses one partition of eight:', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'a refund with a key',
      () => books.client.query(RefundCreditNoteDocument, { input: books.refundInput(noteId), idempotencyKey: 'k' }),
    ],
    ['its replay', () => books.client.query(RefundCreditNoteDocument, { input: books.refundInput(noteId), idempotencyKey: 'k' })],
    ['a refund without a key', () => books.refund(noteId, { amount: '1.00' })],
    [
      'refunds at once',
      () =>
        books.client.query(RefundCreditNotesDocument, {
          inputs: ['2.00', '3.00'].map((amount) => books.refundInput(noteId, { amount })),
          mode: 'ATOMIC',
        }),
    ],
    ['a foreign credit note', () => books.creditNote('10.00', { currencyCode: 'EUR', exchangeRate: '1.1' })],
    [
      'a credit note that is voided',
      async () => books.client.query(VoidCreditNoteDocument, { id: (await books.creditNote('1.00')).id }),
    ],
    [
      'a reversal',
      async () => {
        const { id } = await books.refund(noteId, { amount: '4.00' });
        await books.client.query(ReverseRefundDocument, { input: { refundId: id, date: '2026-02-02', reason: 'x' } });
      },
    ],
    ['a preview', () => books.client.query(PreviewRefundDocument, { input: books.refundInput(noteId, { amount: '5.00' }) })],
    ['a page of refunds', () => books.client.query(RefundsPageDocument, { first: 10 })],
    ['the refunds of a credit note', () => books.client.query(CreditNoteDocument, { id: noteId })],
    ['the balances', () => books.client.query(BalancesDocument, { account: books.ids.bank })],
    ['the checks of the books', () => books.client.query(LedgerHealthDocument, {})],
    ['balance snapshots', () => snapshotBalances(gateway.database.orm.em.fork(), books.organization.id)],
    ...['ID_ASC', 'ID_DESC', 'DATE_ASC', 'DATE_DESC'].map((order): [string, () => Promise<unknown>] => [
      `credit notes with their relations, ordered by ${order}`,
      async () => expect((await books.client.graphql(notesWithRelations(order))).errors).toBeUndefined(),
    ]),
  ])('%s', async (_name, request) => {
    expect(await strayStatements(request)).toEqual([]);
  });
});
