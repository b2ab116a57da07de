import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

it('the rows, the items and the count of a page in the order of dates are of one moment', async () => {
  const note = await books.creditNote('100.00');
  await books.refund(note.id, { amount: '1.00' });
  const { superuser } = gateway.database;
  await superuser.query('begin; lock table journal_lines');
  const reading = books.client.graphql<{ refunds: { nodes: unknown[]; totalCount: number } }, undefined>(
    '{ refunds(orderBy: DATE_DESC) { nodes { journalEntry { lines { id } } } totalCount } }',
  );
  // The rows have been read, the items wait for the lock, and the count comes last.
  await gateway.database.untilWaiting(1);
  await superuser.query('set local session_replication_role = replica');
  await superuser.query(books.refundBySql(note.id, { id: '1000000', journal_entry_id: '1000000' }));
  await superuser.query('commit');
  const { data } = await reading;
  expect([data?.refunds.nodes.length, data?.refunds.totalCount]).toEqual([1, 1]);
});
