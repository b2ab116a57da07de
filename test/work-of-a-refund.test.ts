import { beforeAll, expect, it } from '@jest/globals';
import { snapshotBalances } from '../src/services/ledger/balances.js';
import { columnsOf } from './helpers/database.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { EXPLAIN, type Executed, plantRows, watchPlans } from './helpers/plans.js';

/**
 * A refund reads as many rows of a large ledger as of a small one.
 */

const gateway = sharedGateway({ settings: EXPLAIN });
const books = sharedBooks(gateway);
let noteId: string;

const COPIES = 20_000;

let executed: Executed[];

beforeAll(async () => {
  noteId = (await books.creditNote('100.00')).id;
  await books.refund(noteId, { amount: '1.00' });
  await addLedger();
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  executed = await watchPlans(gateway);
});

/** Copies the entry and the lines of a refund, with other ids. */
async function addLedger(): Promise<void> {
  const copies = ['journal_entries', 'journal_lines'].map(async (table) => {
    const columns = await columnsOf(gateway.database.superuser, table);
    return `
      insert into ${table} (${columns})
      select ${columns} from (
        select copy.* from (select * from ${table} order by id desc limit 1) original, generate_series(1, ${COPIES}) more,
          jsonb_populate_record(null::${table}, to_jsonb(original) || jsonb_build_object('id', original.id + more,
            'journal_entry_id', (to_jsonb(original) ->> 'journal_entry_id')::bigint + more)) copy
      ) copies`;
  });
  await plantRows(gateway, ...(await Promise.all(copies)));
}

it('no statement of a refund, and none of its triggers, reads more than a few rows of a large ledger', async () => {
  // PostgreSQL keeps a plan for all values after five executions.
  for (let count = 0; count < 7; count += 1) {
    executed.length = 0;
    await books.refund(noteId, { amount: '2.00' });
    expect(executed.some(({ text }) => text.includes('journal_lines'))).toBe(true);
    expect(executed.filter(({ rows }) => rows > 100)).toEqual([]);
  }
});
