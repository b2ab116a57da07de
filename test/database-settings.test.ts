import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { cleanUp, cli } from './helpers/process.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let noteId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('1000.00')).id;
});
afterEach(() => set([]));

/** Gives the database these settings, and no others, as its administrator may. They hold for new connections. */
async function set(settings: readonly string[]): Promise<void> {
  const { superuser } = gateway.database;
  const { rows } = await superuser.query('select current_database() as name');
  await superuser.query(`alter database ${rows[0].name} reset all`);
  for (const setting of settings) await superuser.query(`alter database ${rows[0].name} set ${setting}`);
  await superuser.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'credit-note-refunds'`,
  );
  while ((await gateway.app.inject({ url: '/readyz' })).statusCode !== 200);
}

const refund = () => books.client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody({ amount: 1 }));

describe('the gateway works whatever its database sets', () => {
  it.each<[string[]]>([
    [["datestyle = 'SQL, DMY'", "timezone = 'Asia/Tokyo'"]],
    [["default_transaction_isolation = 'serializable'"]],
    [["statement_timeout = '1ms'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'"]],
  ])('%j', async (settings) => {
    await set(settings);

    const { status, json } = await refund();

    expect([status, json]).toEqual([201, expect.objectContaining({ credit_note_id: Number(noteId), amount: 1 })]);
    await (await gateway.books()).creditNote('10.00');
  });
});

it('a refund that exceeds the time limit of the database for a transaction is reported as unavailable', async () => {
  await set(["transaction_timeout = '300ms'"]);
  const { sql } = gateway.database;
  await sql.query('begin');
  await sql.query('set local transaction_timeout = 0');
  await sql.query('select from credit_notes where id = $1 for update', [noteId]);

  const { status, json } = await refund();
  await sql.query('rollback');

  expect([status, json.errors[0].type]).toEqual([503, 'SERVICE_UNAVAILABLE']);
});

describe("an operator's command", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-settings-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  afterAll(cleanUp);

  it('has no time limit of the database, and writes dates that every database reads alike', async () => {
    await set(["statement_timeout = '1ms'", "datestyle = 'SQL, DMY'"]);
    const DATABASE_URL = connectionUrl(gateway.database.connection('operator'));
    const file = join(folder, 'books.backup');

    expect(await cli({ DATABASE_URL }, 'audit')).toMatchObject({ code: 0, stderr: '' });
    expect(await cli({ DATABASE_URL }, 'backup', file)).toMatchObject({ code: 0, stderr: '' });
    expect(gunzipSync(await readFile(file)).toString()).not.toMatch(/\t\d\d\/\d\d\/\d{4}/);
  });
});
