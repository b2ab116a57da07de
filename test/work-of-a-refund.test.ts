import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type pg from 'pg';
import { snapshotBalances } from '../src/services/ledger/balances.js';
import { columnsOf } from './helpers/database.js';
import { type Books, Gateway } from './helpers/gateway.js';

/**
 * A refund reads as many rows of a large ledger as of a small one. PostgreSQL's module auto_explain reports the plan of each statement as it was
 * executed: also of those inside triggers, and of those that check foreign keys.
 */

let gateway: Gateway;
let books: Books;
let noteId: string;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

interface Executed {
  readonly 'Query Text': string;
  readonly Plan: Plan;
}

const EXPLAIN = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

const COPIES = 20_000;

const executed: Executed[] = [];

beforeAll(async () => {
  gateway = await Gateway.start({ settings: EXPLAIN });
  books = await gateway.books();
  noteId = (await books.creditNote('100.00')).id;
  await books.refund(noteId, { amount: '1.00' });
  await addLedger(gateway.database.superuser);
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  const pool: pg.Pool = await gateway.database.orm.em.getConnection().getNativeClient();
  pool.on('acquire', (client) => {
    client.removeAllListeners('notice');
    client.on('notice', ({ message = '' }) => void executed.push(JSON.parse(message.slice(message.indexOf('{')))));
  });
});
afterAll(() => gateway.stop());

/** Copies the entry and the lines of a refund, with other ids. */
async function addLedger(client: pg.Client): Promise<void> {
  await client.query('set session_replication_role = replica; set auto_explain.log_min_duration = -1');
  for (const table of ['journal_entries', 'journal_lines']) {
    const columns = await columnsOf(client, table);
    await client.query(`
      insert into ${table} (${columns})
      select ${columns} from (
        select copy.* from (select * from ${table} order by id desc limit 1) original, generate_series(1, ${COPIES}) more,
          jsonb_populate_record(null::${table}, to_jsonb(original) || jsonb_build_object('id', original.id + more,
            'journal_entry_id', (to_jsonb(original) ->> 'journal_entry_id')::bigint + more)) copy
      ) copies`);
  }
  await client.query('reset session_replication_role');
  // Of a table that has been vacuumed, PostgreSQL likes to read a whole index.
  await client.query('vacuum analyze');
}

function rowsRead(plan: Plan): number {
  const rows = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
  const own = plan['Node Type'].endsWith('Scan') && plan['Node Type'] !== 'Subquery Scan' ? rows : 0;
  return own + (plan.Plans ?? []).map(rowsRead).reduce((sum, each) => sum + each, 0);
}

it('no statement of a refund, and none of its triggers, reads more than a few rows of a large ledger', async () => {
  // PostgreSQL keeps a plan for all values after five executions.
  for (let count = 0; count < 7; count += 1) {
    executed.length = 0;
    await books.refund(noteId, { amount: '2.00' });
    expect(executed.some((statement) => statement['Query Text'].includes('journal_lines'))).toBe(true);
    expect(executed.filter(({ Plan }) => rowsRead(Plan) > 100).map((statement) => statement['Query Text'])).toEqual([]);
  }
});
