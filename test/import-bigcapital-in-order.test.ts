import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { Organization } from '../src/entities/organization.js';
import { RefundCreditNoteDocument } from './generated/documents.js';
import { FakeBigcapital } from './helpers/fake-bigcapital.js';
import { Client, sharedGateway } from './helpers/gateway.js';
import { untilWaiting } from './helpers/until-waiting.js';

// An import writes two pages of credit notes at a time, and commits them in their order.

jest.setTimeout(120_000);

const gateway = sharedGateway();

let fake: FakeBigcapital;
beforeEach(async () => {
  fake = await FakeBigcapital.start();
  fake.creditNotes.length = 0;
  fake.notesPerPage = 2;
});
afterEach(() => fake.stop());

async function organizationId(): Promise<number> {
  const { rows } = await gateway.database.superuser.query('select id from organizations where public_id = $1', [fake.publicId]);
  return Number(rows[0].id);
}

/** The ids of the notes and their entries, in the order of the entries, counted from the first one. */
async function booked(): Promise<[note: number, entry: number][]> {
  const { rows } = await gateway.database.superuser.query(
    `select id, journal_entry_id - min(journal_entry_id) over () as entry from credit_notes where organization_id = $1 order by journal_entry_id`,
    [await organizationId()],
  );
  return rows.map(({ id, entry }) => [Number(id), Number(entry)]);
}

/** Waits until a transaction has inserted everything and may not be committed yet. */
async function untilOneIsReady(): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(5)) {
    await gateway.database.superuser.query('select pg_stat_clear_snapshot()');
    const { rowCount } = await gateway.database.superuser.query(
      `select from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction' and query = 'set constraints all immediate'`,
    );
    if (rowCount !== 0) return;
  }
  throw new Error('no transaction waits for the one before it');
}

it('the second of two pages becomes visible after the first one, and a refund that is made meanwhile after both', async () => {
  const [noteId] = [fake.creditNote(100), fake.creditNote(100)];
  await fake.importInto(gateway);
  const { key } = await gateway.database.asOperator(async (em) =>
    createApiKey(em, await em.findOneOrFail(Organization, { id: await organizationId() }), {
      name: 'Front',
      role: Role.ACCOUNTANT,
    }),
  );
  const { rows: banks } = await gateway.database.superuser.query(
    `select id from accounts where organization_id = $1 and type = 'bank' limit 1`,
    [await organizationId()],
  );
  for (let count = 0; count < 4; count += 1)
    fake.creditNote(100, count === 0 ? { customer_id: 2, currency_code: 'EUR', exchange_rate: 1.2 } : {});
  // The first of the two pages waits for the customer.
  const { superuser } = gateway.database;
  await superuser.query('begin');
  await superuser.query(`select from customers where organization_id = $1 and currency_code = 'EUR' for update`, [
    await organizationId(),
  ]);
  const importing = fake.importInto(gateway);
  await untilOneIsReady();
  expect((await booked()).length).toBe(2);
  const refunding = new Client(gateway.app, { authorization: `Bearer ${key}` }).graphql(RefundCreditNoteDocument, {
    input: { creditNoteId: String(noteId), fromAccountId: String(banks[0].id), amount: '40.00', date: '2026-02-01' },
  });
  await untilWaiting(superuser, 2);
  await superuser.query('rollback');

  expect((await importing).health?.healthy).toBe(true);
  expect((await refunding).errors).toBeUndefined();
  expect((await booked()).map(([note]) => note)).toEqual(fake.creditNotes.map(({ id }) => id));
  const { rows } = await superuser.query(
    `select (select max(journal_entry_id) from credit_notes where organization_id = $1) < min(journal_entry_id) as after
     from refunds where organization_id = $1`,
    [await organizationId()],
  );
  expect(rows).toEqual([{ after: true }]);
});

it('a page that the database refuses leaves no gap, and loses nothing of the page after it', async () => {
  const ids = Array.from({ length: 20 }, () => fake.creditNote(100));
  const refundId = fake.refund(Number(ids[8]), 40);
  fake.refund(Number(ids[9]), 40, { id: refundId });
  const { report, health } = await fake.importInto(gateway);
  expect(report.refused.filter(({ what }) => what.startsWith('credit note'))).toEqual([
    { what: `credit note ${ids[9]}`, why: `refund ${refundId}: this id belongs to another refund here` },
  ]);
  expect(health?.healthy).toBe(true);
  const notes = ids.filter((id) => id !== ids[9]);
  // The refund's entry comes after that of its note.
  expect(await booked()).toEqual(notes.map((id, index) => [id, index > 8 ? index + 1 : index]));
});

it('records of two pages that have one id, or one number, are told apart', async () => {
  const ids = Array.from({ length: 12 }, () => fake.creditNote(100));
  const [eighth, ninth, tenth] = ids.slice(7).map(Number);
  const refundId = fake.refund(eighth ?? 0, 40);
  fake.refund(ninth ?? 0, 40, { id: refundId });
  Object.assign(fake.note(tenth ?? 0), { credit_note_number: `cn-${eighth}` });
  const { report, health } = await fake.importInto(gateway);
  expect(health?.healthy).toBe(true);
  expect(report.refused.filter(({ what }) => what.startsWith('credit note'))).toEqual([
    { what: `credit note ${ninth}`, why: `refund ${refundId}: this id belongs to another refund here` },
  ]);
  expect(report.changes).toContainEqual({
    what: `credit note ${tenth}`,
    why: `its number "cn-${eighth}" is "cn-${eighth} (${tenth})" here`,
  });
});
