import { beforeEach, describe, expect, it } from '@jest/globals';
import { maintain } from '../src/services/ledger/maintenance.js';
import { BalancesDocument, LedgerHealthDocument } from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

/** Balance snapshots, which the gateway updates in the background. */
const gateway = sharedGateway();
let books: Books;
let noteId: string;
beforeEach(async () => {
  books = await gateway.books();
  noteId = (await books.creditNote('1000000.00')).id;
});

const inBackground = () => maintain(gateway.database.orm.em.fork(), () => undefined);

async function number(sql: string): Promise<number> {
  const { rows } = await gateway.database.superuser.query(sql, [books.organization.id]);
  return Number(rows[0]?.number ?? 0);
}
const watermark = () => number('select line_id as number from balance_watermarks where organization_id = $1');
const newestLine = () => number('select max(id) as number from journal_lines where organization_id = $1');

it('balance snapshots advance although idempotency keys cannot be swept', async () => {
  const { superuser } = gateway.database;
  await superuser.query('alter table idempotency_keys rename to idempotency_keys_away');
  try {
    await expect(inBackground()).rejects.toThrow(/^1 of \d+ maintenance jobs failed$/);
  } finally {
    await superuser.query('alter table idempotency_keys_away rename to idempotency_keys');
  }
  expect(await watermark()).toBe(await newestLine());
});

it('balance snapshots advance while clients post without a pause', async () => {
  let ended = false;
  const client = async (name: number) => {
    for (let count = 0; !ended; count += 1) await books.refund(noteId, { amount: '1.00', referenceNo: `${name}-${count}` });
  };
  const clients = [1, 2, 3, 4].map(client);
  const advances: boolean[] = [];
  for (let round = 0; round < 10; round += 1) {
    const posted = await newestLine();
    await inBackground();
    advances.push((await watermark()) >= posted);
  }
  ended = true;
  await Promise.all(clients);

  expect(advances).toEqual(advances.map(() => true));
  expect((await books.client.query(LedgerHealthDocument)).ledgerHealth.healthy).toBe(true);
});

describe('while a transaction is open', () => {
  it('balance snapshots advance, if it has posted nothing', async () => {
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query(`select pg_advisory_xact_lock_shared(hashtextextended('period', $1))`, [books.organization.id]);
    await inBackground();
    await sql.query('commit');
    expect(await watermark()).toBe(await newestLine());
  });

  it("balance snapshots of others advance, if it holds one organization's order lock; that failure is reported", async () => {
    const elsewhere = await gateway.books();
    await elsewhere.refund((await elsewhere.creditNote('100.00')).id);
    const { superuser } = gateway.database;
    await superuser.query('begin');
    await superuser.query(`select pg_advisory_xact_lock(hashtextextended('order', $1))`, [books.organization.id]);
    await expect(inBackground()).rejects.toThrow(/^1 of \d+ maintenance jobs failed$/);
    await superuser.query('commit');

    expect(await watermark()).toBe(0);
    books = elsewhere;
    expect(await watermark()).toBe(await newestLine());
  });
});

it('balance snapshots are written once when several processes update them at the same time', async () => {
  await books.refund(noteId);
  const before = await books.client.query(BalancesDocument, { account: books.ids.bank });
  await Promise.all([inBackground(), inBackground(), inBackground()]);
  expect(await watermark()).toBe(await newestLine());
  expect(await books.client.query(BalancesDocument, { account: books.ids.bank })).toEqual(before);
  expect((await books.client.query(LedgerHealthDocument)).ledgerHealth.healthy).toBe(true);
});

it('balance snapshots take no lock for an organization without new entries', async () => {
  const locks = async () => {
    const before = gateway.database.statements.length;
    await inBackground();
    return gateway.database.statements.slice(before).filter((statement) => statement.includes('pg_advisory')).length;
  };
  expect(await locks()).toBeGreaterThan(0);
  expect(await locks()).toBe(0);
});
