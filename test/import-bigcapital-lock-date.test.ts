import { expect, it, jest } from '@jest/globals';
import { FakeBigcapital } from './helpers/fake-bigcapital.js';
import { sharedGateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

const gateway = sharedGateway();
const fake = FakeBigcapital.fresh();

async function take(isDry = false) {
  const { report } = await fake.importInto(gateway, { isDry });
  return report;
}

async function lockDate(): Promise<string | null | undefined> {
  const { rows } = await gateway.database.superuser.query('select lock_date::text from organizations where public_id = $1', [
    fake.publicId,
  ]);
  return rows[0]?.lock_date;
}

/** Locks sales in Bigcapital, or all its transactions. */
function lockThere(day: string | null, type = 'partial'): void {
  const lock = { is_enabled: day !== null, lock_to_date: day };
  const modules = fake.locking.modules as { module: string }[];
  const lockOf = (module: string) => (type === 'partial' && module === 'sales' ? lock : {});
  const all = type === 'all' ? { ...(fake.locking.all as object), ...lock } : fake.locking.all;
  Object.assign(fake.locking, { locking_type: type, all, modules: modules.map((each) => ({ ...each, ...lockOf(each.module) })) });
}

it.each(['partial', 'all'])('the books are locked as those of Bigcapital, after the import (%s)', async (type) => {
  fake.refund(fake.creditNote(100), 40);
  lockThere('2026-02-28T00:00:00.000Z', type);
  const dry = await take(true);
  expect([dry.lock, await lockDate()]).toEqual(['Locked up to 2026-02-28, as Bigcapital is', undefined]);
  const report = await take();
  expect([report.lock, report.isComplete, await lockDate()]).toEqual([dry.lock, true, '2026-02-28']);
  const { rows } = await gateway.database.superuser.query(
    `select details from audit_events where action = 'lockTransactions'
       and organization_id = (select id from organizations where public_id = $1)`,
    [fake.publicId],
  );
  expect(rows).toEqual([{ details: { before: 'none', after: '2026-02-28', reason: 'Bigcapital is locked' } }]);
  // All documents are on locked days now, and here.
  const again = await take();
  expect([again.isUnchanged, again.isComplete, again.lock]).toEqual([true, true, null]);
});

it('nothing is locked while something is left behind, or if nothing is locked there', async () => {
  fake.refund(fake.creditNote(100), 40, { from_account_id: 1020 });
  await take();
  expect(await lockDate()).toBe(null);
  lockThere('2026-02-28');
  const report = await take();
  expect(report.lock).toBe('Bigcapital is locked up to 2026-02-28. Nothing is locked here, since not everything is taken over');
  expect(await lockDate()).toBe(null);
});

it('a lock date that cannot be read is named', async () => {
  lockThere('the other day');
  const report = await take();
  expect(report.refused).toEqual([{ what: 'lock date', why: expect.stringContaining('date must be a date') }]);
  expect(await lockDate()).toBe(null);
});

it('a Bigcapital that does not show its lock date is refused before anything is written', async () => {
  fake.trouble = (path) => (path === '/api/transactions-locking' ? { status: 403, body: '{}' } : null);
  await expect(take()).rejects.toThrow('it does not accept the API key (status 403)');
  expect(await lockDate()).toBeUndefined();
});
