import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { cli, databaseByUrl, dataFolder, GatewayProcess, readDemo } from './helpers/process.js';
import { untilWaiting } from './helpers/until-waiting.js';

jest.setTimeout(120_000);

const TABLES = [
  ...[
    'organizations',
    'users',
    'memberships',
    'api_keys',
    'accounts',
    'branches',
    'customers',
    'credit_notes',
    'credit_note_lines',
  ],
  ...['refunds', 'refund_reversals', 'journal_entries', 'journal_lines', 'idempotency_keys', 'audit_events', 'balance_snapshots'],
];
const REVERSE = 'mutation($input: ReverseRefundInput!) { reverseRefund(input: $input, idempotencyKey: "taken-back") { id } }';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-backup-'));
  await chmod(folder, 0o755);
  file = join(folder, 'books.backup');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** All rows, without the ids of the transactions that wrote them, and all triggers with their state. */
async function contents(url: string): Promise<unknown> {
  const client = new pg.Client(url);
  await client.connect();
  const texts = TABLES.map((table) => `select '${table}' as name, to_jsonb(t) - 'xid' as row from ${table} t`);
  const guards = `select tgrelid::regclass::text, jsonb_build_array(tgname, tgenabled) from pg_trigger where not tgisinternal`;
  const { rows } = await client.query(`${[...texts, guards].join(' union all ')} order by 1, 2`);
  await client.end();
  return rows;
}

async function organizationsIn(url: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(`select to_regclass('organizations') is not null as exist`);
  const counted = rows[0].exist ? await client.query('select from organizations') : { rowCount: 0 };
  await client.end();
  return counted.rowCount ?? 0;
}

describe('a backup of an external PostgreSQL server', () => {
  const gateway = sharedGateway();
  const books = sharedBooks(gateway);
  let source: string;
  beforeAll(async () => {
    const { id } = await books.creditNote('100.00', { note: 'a\tb\\.\n\\.\nc\r\u2028“ü”\u{1f600}' });
    const refund = await books.refund(id, { description: '\\N' });
    await books.client.graphql(REVERSE, { input: { refundId: refund.id, date: '2026-02-02', reason: 'Bounced' } });
    await books.refund(id, { amount: '25.00' });
    source = connectionUrl(gateway.database.connection('superuser'));
    expect(await cli({ DATABASE_URL: source }, 'backup', file)).toMatchObject({ code: 0, stderr: '' });
  });

  it('is restored completely into an empty database, and the check of the books passes', async () => {
    const target = await databaseByUrl('template0');
    const words = ['--application-role', target.role];

    const { code, stdout, stderr } = await cli({ DATABASE_URL: target.superuserUrl }, 'restore', file, ...words);

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('The books are right');
    expect(await contents(target.superuserUrl)).toEqual(await contents(source));
  });

  it('is usable after it was restored: old keys work, rules hold, new ids do not collide', async () => {
    const target = await databaseByUrl('template0');
    await cli({ DATABASE_URL: target.superuserUrl }, 'restore', file, '--application-role', target.role);
    const restored = await GatewayProcess.start({ DATABASE_URL: target.url });
    const { authorization = '' } = books.client.headers;
    const [note] = (
      await restored.graphql<{ creditNotes: { nodes: { id: string }[] } }>(
        '{ creditNotes { nodes { id } } }',
        {},
        { authorization },
      )
    ).creditNotes.nodes;
    const mutation = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
    const input = books.refundInput(note?.id ?? '', { amount: '75.00' });

    const { refundCreditNote } = await restored.graphql<{ refundCreditNote: { id: string } }>(
      mutation,
      { input },
      { authorization },
    );
    const again = restored.graphql(mutation, { input: { ...input, amount: '0.01', referenceNo: '2' } }, { authorization });

    expect(Number(refundCreditNote.id)).toBeGreaterThan(2);
    await expect(again).rejects.toThrow('CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
    const client = new pg.Client(target.superuserUrl);
    await client.connect();
    await expect(client.query('delete from refunds')).rejects.toThrow('never changed or deleted');
    // Lines may only be added in the transaction that posted the entry, and no entry here belongs to the current one.
    await expect(
      client.query(`insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, branch_id, amount)
        select organization_id, journal_entry_id, posting_date, side, account_id, branch_id, 1 from journal_lines`),
    ).rejects.toThrow();
    await client.end();
    expect(await restored.stop('SIGTERM')).toBe(0);
  });

  it('is readable by its owner only, and never overwrites a file', async () => {
    expect((await stat(file)).mode & 0o077).toBe(0);
    const { code, stderr } = await cli({ DATABASE_URL: source }, 'backup', file);
    expect([code, stderr]).toEqual([1, `${file} exists already; a backup overwrites nothing\n`]);
  });

  it('fails in one line if its connection is lost, and leaves no file', async () => {
    const holder = new pg.Client(source);
    await holder.connect();
    await holder.query('begin; lock table refunds in access exclusive mode');
    const lost = join(folder, 'lost.backup');
    const ended = cli({ DATABASE_URL: source }, 'backup', lost);
    await untilWaiting(holder, 1);
    await holder.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );

    expect(await ended).toMatchObject({ code: 1, stderr: 'terminating connection due to administrator command\n' });
    expect((await readdir(folder)).filter((name) => name.startsWith('lost'))).toEqual([]);
    await holder.end();
  });

  it('is not restored into a database that holds an organization', async () => {
    const before = await contents(source);
    const { code, stderr } = await cli({ DATABASE_URL: source }, 'restore', file);
    expect([code, stderr]).toEqual([1, 'The database holds an organization already. Restore into an empty one.\n']);
    expect(await contents(source)).toEqual(before);
  });

  describe('that is damaged', () => {
    const damaged = () => join(folder, 'damaged.backup');
    afterEach(() => rm(damaged(), { force: true }));

    it.each<[string, (bytes: Buffer) => Buffer]>([
      ['cut off', (bytes) => bytes.subarray(0, bytes.length / 2)],
      [
        'without its end',
        (bytes) =>
          gzipSync(
            gunzipSync(bytes)
              .toString('latin1')
              .replace(/\{"rows":\d+\}\n$/, ''),
          ),
      ],
      [
        'without one of its rows',
        (bytes) =>
          gzipSync(
            gunzipSync(bytes)
              .toString('latin1')
              .replace(/(\{"table":"users".*\n)?.*\n(\{"rows)/, '$1$2'),
          ),
      ],
      ['changed in one character', (bytes) => gzipSync(gunzipSync(bytes).toString('latin1').replace('Petty Cash', 'Petty Cush'))],
      [
        'changed into a row that no table takes',
        (bytes) => gzipSync(gunzipSync(bytes).toString('latin1').replace('Petty Cash\t', '')),
      ],
      ['empty', () => Buffer.alloc(0)],
      ['no backup', () => Buffer.from('PGDMP')],
    ])('is not restored at all: %s', async (_damage, change) => {
      await writeFile(damaged(), change(await readFile(file)));
      const target = await databaseByUrl('template0');
      const { code, stderr } = await cli({ DATABASE_URL: target.superuserUrl }, 'restore', damaged());
      expect([code, stderr]).toEqual([1, `${damaged()} is damaged or incomplete\n`]);
      expect(await organizationsIn(target.superuserUrl)).toBe(0);
    });
  });

  it('needs exactly one file name', async () => {
    expect((await cli({ DATABASE_URL: source }, 'backup')).stderr).toMatch(/^backup takes the name of one file\n/);
    expect((await cli({ DATABASE_URL: source }, 'restore', 'a', 'b')).stderr).toMatch(/^restore takes the name of one file\n/);
    expect((await cli({ DATABASE_URL: source }, 'restore', join(folder, 'nothing'))).stderr).toContain('There is no file');
  });

  it('names a file that can be neither written nor read', async () => {
    const missing = join(folder, 'no-such-folder', 'file');
    expect((await cli({ DATABASE_URL: source }, 'backup', missing)).stderr).toMatch(`${missing} cannot be written: ENOENT`);
    expect((await cli({ DATABASE_URL: source }, 'restore', folder)).stderr).toMatch(`${folder} cannot be read: EISDIR`);
  });
});

it('backs up the embedded database of a running gateway, and restores it into an empty data folder', async () => {
  const [from, to] = [await dataFolder(), await dataFolder()];
  const gateway = await GatewayProcess.start({ DATA_DIR: from });
  const { apiKey, creditNotes } = await readDemo(from);
  const embedded = join(folder, 'embedded.backup');

  expect(await cli({ DATA_DIR: from }, 'backup', embedded)).toMatchObject({ code: 0, stderr: '' });
  expect(await gateway.stop('SIGTERM')).toBe(0);
  const { code, stdout } = await cli({ DATA_DIR: to }, 'restore', embedded);

  expect([code, stdout]).toEqual([0, expect.stringContaining('The books are right')]);
  const restored = await GatewayProcess.start({ DATA_DIR: to });
  const query = 'query($id: ID!) { creditNote(id: $id) { remaining } }';
  const data = await restored.graphql(query, { id: creditNotes.open }, { authorization: `Bearer ${apiKey}` });
  expect(data).toEqual({ creditNote: { remaining: '10000.00' } });
  expect(await restored.stop('SIGTERM')).toBe(0);
});
