import { beforeEach, expect, it } from '@jest/globals';
import { freshBooks, sharedGateway } from './helpers/gateway.js';

/**
 * Lines and documents belong to entries of the same transaction. Ids of transactions begin again in another cluster, so after a restore an old
 * entry may have the id of the present transaction. It stays an old entry.
 */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let noteId: string;
beforeEach(async () => {
  noteId = (await books.creditNote('100.00')).id;
  await books.refund(noteId);
});

/** Runs the second statements in a transaction whose id all entries have got by the first; returns "accepted" or the database's error message. */
async function inTransactionOfOldEntries(restored: readonly string[], written: readonly string[]): Promise<string> {
  const { superuser } = gateway.database;
  const own = `organization_id = ${books.organization.id}`;
  await superuser.query('begin');
  try {
    await superuser.query('set local session_replication_role = replica');
    await superuser.query(
      `update journal_entries set xid = pg_current_xact_id(), created_at = now() - interval '1 minute' where ${own}`,
    );
    for (const statement of restored) await superuser.query(`${statement} ${own}`);
    await superuser.query('set local session_replication_role = origin');
    for (const statement of written) await superuser.query(statement);
    await superuser.query('commit');
    return 'accepted';
  } catch (error) {
    await superuser.query('rollback');
    return error instanceof Error ? error.message : String(error);
  }
}

it('refuses the lines of an old entry that has none', async () => {
  const lines = `organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount`;
  const copied = `create temporary table kept on commit drop as select * from journal_lines where`;
  const written = `insert into journal_lines (${lines}) select ${lines} from kept order by id`;
  expect(await inTransactionOfOldEntries([copied, 'delete from journal_lines where'], [written])).toContain('is in the books');
});

it('refuses a refund with the entry of an old one', async () => {
  const columns = `organization_id, credit_note_id, from_account_id, branch_id, amount, currency_code, exchange_rate, settled_amount, paid_amount,
    date, reference_no, description, journal_entry_id, created_by, api_key_id, request_id, protocol`;
  const restored = [
    'create temporary table kept on commit drop as select * from refunds where',
    'delete from refunds where',
    'update credit_notes set refunded = 0, refunded_base = 0 where',
  ];
  const written = `insert into refunds (${columns}) select ${columns} from kept`;
  expect(await inTransactionOfOldEntries(restored, [written])).toContain('is not what its journal entry says');
});

it('refuses a credit note that is opened with an old entry', async () => {
  const restored = [
    'delete from refunds where',
    `create temporary table kept on commit drop as select * from credit_notes where`,
    `update credit_notes set refunded = 0, refunded_base = 0, opened_at = null, journal_entry_id = null where`,
  ];
  const written = `update credit_notes note set opened_at = now(), journal_entry_id = kept.journal_entry_id
    from kept where note.organization_id = kept.organization_id and note.id = kept.id`;
  expect(await inTransactionOfOldEntries(restored, [written])).toContain('is not what its journal entry says');
});
