import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEventsDocument, LockTransactionsDocument, UnlockTransactionsDocument } from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

let gateway: Gateway;
let books: Books;
beforeAll(async () => {
  gateway = await Gateway.start();
});
beforeEach(async () => {
  books = await gateway.books();
  await lock('2026-03-31');
});
afterAll(() => gateway.stop());

const lock = (lockDate: string) => books.client.graphql(LockTransactionsDocument, { input: { lockDate, reason: 'Filed' } });
const unlock = (lockDate?: string | null) =>
  books.client.graphql(UnlockTransactionsDocument, {
    input: { reason: 'A late invoice', ...(lockDate !== undefined && { lockDate }) },
  });

async function lockDate(): Promise<unknown> {
  const { data } = await books.client.graphql<{ me: { organization: { lockDate: string } } }, undefined>(
    '{ me { organization { lockDate } } }',
  );
  return data?.me.organization.lockDate;
}

async function trail(): Promise<unknown[]> {
  const { auditEvents } = await books.client.query(AuditEventsDocument);
  return auditEvents.map(({ action, createdBy, details }) => [action, createdBy, JSON.parse(details)]);
}

describe('locking', () => {
  it('is refused to an earlier day, which would open the days since, and names the present lock date', async () => {
    const before = await trail();

    const { data, errors } = await lock('2026-02-28T00:00:00.000Z');

    expect(data?.lockTransactions ?? null).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'LOCK_DATE_EARLIER',
      field: 'lockDate',
      details: { lockDate: '2026-02-28', currentLockDate: '2026-03-31' },
    });
    expect([await lockDate(), await trail()]).toEqual(['2026-03-31', before]);
  });

  it('is done to the same day once more, and to a later one', async () => {
    expect((await lock('2026-03-31')).data?.lockTransactions?.lockDate).toBe('2026-03-31');
    expect((await lock('2026-04-30')).data?.lockTransactions?.lockDate).toBe('2026-04-30');
  });
});

describe('unlocking', () => {
  it('opens the days after a day, and says who did it, why, and both dates', async () => {
    const { data } = await unlock('2026-02-28');

    expect(data?.unlockTransactions?.lockDate).toBe('2026-02-28');
    expect((await trail()).at(-1)).toEqual([
      'unlockTransactions',
      'key of ADMIN',
      { before: '2026-03-31', after: '2026-02-28', reason: 'A late invoice' },
    ]);
    const note = await books.creditNote('100.00', { date: '2026-03-01' });
    expect((await books.refund(note.id, { date: '2026-03-02' })).date).toBe('2026-03-02');
  });

  it.each([undefined, null])('opens everything without a day (%s)', async (none) => {
    expect((await unlock(none)).data?.unlockTransactions?.lockDate).toBeNull();
  });

  it('is refused to a later day, and for books that are not locked: that would lock', async () => {
    expect((await unlock('2026-04-01')).errors?.[0]?.extensions).toMatchObject({
      code: 'LOCK_DATE_NOT_EARLIER',
      field: 'lockDate',
      details: { lockDate: '2026-04-01', currentLockDate: '2026-03-31' },
    });
    await unlock();
    expect((await unlock('2026-01-01')).errors?.[0]?.extensions.code).toBe('LOCK_DATE_NOT_EARLIER');
    expect(await lockDate()).toBeNull();
  });
});

it.each(["'2026-02-28'", 'null'])('does not go back to %s by SQL without its trail', async (date) => {
  const update = `update organizations set lock_date = ${date} where id = ${books.organization.id}`;
  await expect(gateway.database.sql.query(update)).rejects.toThrow('goes back without an audit event');
  expect(await lockDate()).toBe('2026-03-31');
});
