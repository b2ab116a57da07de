import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEventsDocument, LockTransactionsDocument, UnlockTransactionsDocument } from './generated/documents.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);
beforeEach(async () => {
  await lock('2026-03-31');
});

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
  const {
    auditEvents: { nodes: auditEvents },
  } = await books.client.query(AuditEventsDocument);
  return auditEvents.map(({ action, createdBy, details }) => [action, createdBy, details]);
}

describe('locking transactions', () => {
  it('is refused for an earlier day than the present lock date, and names that', async () => {
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

  it('is accepted for the same day, and for a later one', async () => {
    expect((await lock('2026-03-31')).data?.lockTransactions?.lockDate).toBe('2026-03-31');
    expect((await lock('2026-04-30')).data?.lockTransactions?.lockDate).toBe('2026-04-30');
  });
});

describe('unlocking transactions', () => {
  it('allows postings after the new lock date, and records the actor, the reason and both dates', async () => {
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

  it.each([undefined, null])('removes the lock date when no day is given (%s)', async (none) => {
    expect((await unlock(none)).data?.unlockTransactions?.lockDate).toBeNull();
  });

  it('is refused for the lock date itself: no day would be unlocked', async () => {
    const before = await trail();
    expect((await unlock('2026-03-31')).errors?.[0]?.extensions.code).toBe('LOCK_DATE_NOT_EARLIER');
    expect([await lockDate(), await trail()]).toEqual(['2026-03-31', before]);
  });

  it('is refused for a later day, and when there is no lock date', async () => {
    expect((await unlock('2026-04-01')).errors?.[0]?.extensions).toMatchObject({
      code: 'LOCK_DATE_NOT_EARLIER',
      field: 'lockDate',
      details: { lockDate: '2026-04-01', currentLockDate: '2026-03-31' },
    });
    await unlock();
    const before = await trail();
    for (const day of ['2026-01-01', null, undefined]) {
      expect((await unlock(day)).errors?.[0]?.extensions).toMatchObject({
        code: 'LOCK_DATE_NOT_EARLIER',
        field: 'lockDate',
        details: { lockDate: day ?? null, currentLockDate: null },
      });
    }
    expect([await lockDate(), await trail()]).toEqual([null, before]);
  });
});

it.each(["'2026-02-28'", "'2026-04-30'", 'null'])(
  'SQL that sets the lock date to %s without an audit event is refused',
  async (date) => {
    const update = `update organizations set lock_date = ${date} where id = ${books.organization.id}`;
    await expect(gateway.database.sql.query(update)).rejects.toThrow('without an audit event of who and why');
    expect(await lockDate()).toBe('2026-03-31');
  },
);

describe('SQL that sets the lock date', () => {
  const move = async (action: string, before: string, after: string, { reason = 'Filed', by = 'psql' } = {}) => {
    const { sql } = gateway.database;
    const details = JSON.stringify({ before, after, reason });
    try {
      await sql.query('begin');
      await sql.query(
        `insert into audit_events (organization_id, action, details, created_by, request_id) values ($1, $2, $3, $4, 'psql')`,
        [books.organization.id, action, details, by],
      );
      await sql.query('update organizations set lock_date = $2 where id = $1', [
        books.organization.id,
        after === 'none' ? null : after,
      ]);
      await sql.query('commit');
      return 'accepted';
    } catch (error) {
      await sql.query('rollback');
      return String(error);
    }
  };

  it('needs an event of locking for a later day, and of unlocking for an earlier one', async () => {
    expect(await move('unlockTransactions', '2026-03-31', '2026-04-30')).toContain('without an audit event');
    expect(await move('lockTransactions', '2026-03-31', '2026-04-30')).toBe('accepted');
    expect(await move('lockTransactions', '2026-04-30', '2026-02-28')).toContain('without an audit event');
    expect(await move('unlockTransactions', '2026-04-30', 'none')).toBe('accepted');
    expect(await move('lockTransactions', 'none', '2026-02-28')).toBe('accepted');
  });

  it.each([
    ['a blank reason', '2026-03-31', { reason: '\u00a0' }],
    ['no author', '2026-03-31', { by: '\u00ad' }],
    ['a wrong previous day', 'none', {}],
  ])('is refused with an event that names %s', async (_what, before, changes) => {
    expect(await move('lockTransactions', before, '2026-04-30', changes)).toContain('without an audit event');
  });
});
