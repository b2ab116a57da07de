import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { RefundCreditNoteDocument } from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

let gateway: Gateway;
afterEach(async () => {
  await gateway.database.sql.query('rollback');
  await gateway.stop();
});

/** Books whose notes the test locks, with more requests than the pool has connections. */
async function stuckOrganizations(count: number, requests: number): Promise<{ waiting: Promise<unknown>[]; waitingFor: number }> {
  const stuck: { books: Books; noteId: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    const books = await gateway.books();
    stuck.push({ books, noteId: (await books.creditNote('100.00')).id });
  }
  const { sql } = gateway.database;
  await sql.query('begin');
  await sql.query('select from credit_notes where id = any ($1) for update', [stuck.map(({ noteId }) => noteId)]);
  const waiting = stuck.flatMap(({ books, noteId }) =>
    Array.from({ length: requests }, (_, index) => {
      const void_ = 'mutation ($id: ID!) { voidCreditNote(id: $id, date: "2026-02-01") { id } }';
      if (index % 3 === 0) return books.client.graphql(void_, { id: noteId });
      const input = books.refundInput(noteId, { referenceNo: `R-${index}` });
      return books.client.graphql(RefundCreditNoteDocument, { input });
    }),
  );
  return { waiting, waitingFor: Math.min(count, 3) };
}

describe.each([6, 24])('with a pool of %i connections', (poolSize) => {
  it.each([3, 10])('%i organizations that wait for locks leave connections for another organization', async (count) => {
    gateway = await Gateway.start({ poolSize, requestWaitMs: 30_000 });
    const other = await gateway.books();
    const note = await other.creditNote('100.00');
    const { waiting, waitingFor } = await stuckOrganizations(count, 12);
    await gateway.database.untilWaiting(waitingFor);

    const served = (async () => [
      await other.refund(note.id),
      await other.client.graphql('{ me { role } creditNotes(first: 10) { nodes { id refunds { nodes { id } } } } }'),
      await other.creditNote('10.00'),
      await other.client.graphql('mutation { createBranch(input: { code: "B", name: "B" }) { code } }'),
    ])();
    const first = await Promise.race([served, ...waiting]);

    expect(first).toMatchObject([{ amount: '40.00' }, { data: { me: { role: 'ADMIN' } } }, { total: '10.00' }, { data: {} }]);
    await gateway.database.sql.query('rollback');
    await Promise.all(waiting);
  });

  it('one organization uses at most a third of the connections', async () => {
    gateway = await Gateway.start({ poolSize, requestWaitMs: 30_000 });
    const { waiting } = await stuckOrganizations(1, 30);
    const pool = await gateway.database.orm.em.getConnection().getNativeClient();
    const used: number[] = [];
    pool.on('acquire', () => used.push(pool.totalCount - pool.idleCount));
    await gateway.database.untilWaiting(1);
    await gateway.database.sql.query('rollback');
    await Promise.all(waiting);

    // The only other connections are those that authenticate.
    expect(Math.max(...used)).toBeLessThanOrEqual(poolSize / 3 + 2);
  });
});
