import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { signJwt } from '../src/auth/jwt.js';
import { BackupRefused, writeNewFile } from '../src/database/backup-file.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { backupDatabase, exportOrganization, importOrganization, restoreDatabase } from '../src/database/operator.js';
import { Role } from '../src/entities/access.js';
import { revokeKey } from '../src/services/organizations/api-keys.js';
import { addMember } from '../src/services/organizations/members.js';
import { freezeOrganization } from '../src/services/organizations/move.js';
import {
  AuditEventsDocument,
  CreditNoteDocument,
  LedgerHealthDocument,
  MeDocument,
  RefundCreditNoteDocument,
  RefundDocument,
} from './generated/documents.js';
import { type Books, Client, freshBooks, type Gateway, JWT, sharedGateway } from './helpers/gateway.js';
import { cli, type Ended } from './helpers/process.js';

jest.setTimeout(120_000);

const SAME_IDS = { firstId: 7 };
const OTTO = { by: 'Otto Operator' };

/** Two databases with a gateway each. The target has an organization with the same number and the same row ids. */
const source = sharedGateway();
const target = sharedGateway();
let folder: string;
beforeAll(async () => {
  // Its own rows have the ids of each organization that moves here, and Ann has another number here.
  const others = await target.books(SAME_IDS);
  await target.database.asOperator((em) =>
    addMember(em, others.organization, { subject: 'bob', name: 'Bob', role: Role.VIEWER }, OTTO),
  );
  await history(others);
  folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-move-'));
  await chmod(folder, 0o755);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const books = freshBooks(source, { timeZone: 'Europe/Berlin', ...SAME_IDS });
let made: { noteId: string; refundId: string };
let file: string;
beforeEach(async () => {
  made = await history(books);
  file = join(folder, `${books.organization.publicId}.export`);
});

/** Makes rows of every kind: also in another currency, reversed, by a member, and with a balance snapshot. */
async function history(of: Books): Promise<{ noteId: string; refundId: string }> {
  const { organization, gateway } = of;
  await gateway.database.asOperator((em) =>
    addMember(em, organization, { subject: 'ann', name: 'Ann', role: Role.ACCOUNTANT }, OTTO),
  );
  const { id: noteId } = await of.creditNote('100.00');
  const input = of.refundInput(noteId, { description: 'a tab\t, a line\n, a \\ and a 💶' });
  const { refundCreditNote } = await (await ann(of)).query(RefundCreditNoteDocument, { input, idempotencyKey: 'before-the-move' });
  const foreign = await of.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
  await of.refund(foreign.id, { exchangeRate: '1.2', amount: '10.00' });
  await of.client.graphql('mutation($input: ReverseRefundInput!) { reverseRefund(input: $input) { id } }', {
    input: { refundId: (await of.refund(noteId, { amount: '1.00' })).id, date: '2026-02-02', reason: 'It came back' },
  });
  await of.creditNote('5.00', { open: false });
  await of.lock('2026-01-01');
  return { noteId, refundId: refundCreditNote.id };
}

/** The settings of a command on the database of a gateway. */
async function settingsOf({ database }: Gateway, role: 'superuser' | 'operator') {
  return { databaseUrl: connectionUrl(database.connection(role)), dataDir: '' };
}

/** Runs the command as operators do. */
async function command(gateway: Gateway, role: 'superuser' | 'operator', ...words: string[]): Promise<Ended> {
  return cli({ DATABASE_URL: (await settingsOf(gateway, role)).databaseUrl }, ...words);
}

const freeze = () => source.database.asOperator((em) => freezeOrganization(em, books.organization, {}, OTTO));
const exported = async () => exportOrganization(await settingsOf(source, 'operator'), books.organization.publicId, file, OTTO);
const imported = async (from = file) => importOrganization(await settingsOf(target, 'superuser'), from, OTTO);

/** The same client at the target. */
const moved = ({ headers }: Client) => new Client(target.app, headers);
async function ann({ organization, gateway }: Books): Promise<Client> {
  const authorization = `Bearer ${await signJwt('ann', JWT.key, '1h')}`;
  return new Client(gateway.app, { authorization, 'organization-id': organization.publicId });
}

/** All rows that the organization has in a database, without the numbers that are internal to it. */
async function rowsIn({ database }: Gateway, publicId: string): Promise<unknown[]> {
  const { rows: tables } = await database.superuser.query<{ name: string }>(
    `select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'organization_id'
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
  );
  const texts = tables.map(
    ({ name }) =>
      `select '${name}' as name, (to_jsonb(t) - '{organization_id,user_id,xid}'::text[])
         || jsonb_build_object('subject', (select subject from users where id = (to_jsonb(t) ->> 'user_id')::bigint)) as row
       from ${name} t join organizations o on o.id = t.organization_id where o.public_id = $1
         and not ('${name}' = 'audit_events' and to_jsonb(t) ->> 'action' in ('organization export', 'organization import'))`,
  );
  const own = `select 'organizations', to_jsonb(o) - '{id,frozen_at}'::text[] from organizations o where public_id = $1`;
  return (await database.superuser.query(`${[...texts, own].join(' union all ')} order by 1, 2`, [publicId])).rows;
}

/** Everything in the target, to see that nothing was written. */
async function everythingInTarget(): Promise<unknown> {
  const { superuser } = target.database;
  const { rows: tables } = await superuser.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname not in ('rate_limits', 'api_keys')`,
  );
  const texts = tables.map(({ name }) => `select '${name}' as name, to_jsonb(t) as row from ${name} t`);
  return (await superuser.query(`${texts.join(' union all ')} order by 1, 2`)).rows;
}

describe('an organization that moves', () => {
  it('has the same rows in the other database, beside another organization with the same numbers', async () => {
    const { publicId } = books.organization;
    const words = ['--id', publicId, '--by', 'Otto Operator'];
    const ice = await command(source, 'operator', 'organization', 'freeze', ...words);
    const out = await command(source, 'operator', 'organization', 'export', file, ...words);
    const into = await command(target, 'superuser', 'organization', 'import', file);

    expect(ice).toEqual({ code: 0, stdout: `${publicId} is frozen.\n`, stderr: '' });
    expect([out.code, out.stderr, into.code, into.stderr]).toEqual([0, '', 0, '']);
    expect(await rowsIn(target, publicId)).toEqual(await rowsIn(source, publicId));
    const report = (text: string) => text.slice(text.indexOf('\n'), text.indexOf(', as of', text.indexOf('The books')));
    expect(report(into.stdout)).toBe(report(out.stdout));
    expect(out.stdout).toContain('It was frozen.');
    expect(into.stdout).toMatch(/refunds\t3\n(?:.|\n)*debits\t(\d+\.\d+)\ncredits\t\1\n(?:.|\n)*The books are right/);
    const { ledgerHealth } = await moved(books.client).query(LedgerHealthDocument);
    expect(ledgerHealth.healthy).toBe(true);
  });

  it('is read field by field as before, with the keys and the tokens of before', async () => {
    await freeze();
    await exported();
    const clients = [books.client, await ann(books)];
    const read = (client: Client) =>
      Promise.all([
        client.query(CreditNoteDocument, { id: made.noteId }),
        client.query(RefundDocument, { id: made.refundId }),
        client.query(MeDocument),
      ]);
    const before = await Promise.all(clients.map(read));
    await imported();
    expect(await Promise.all(clients.map((client) => read(moved(client))))).toEqual(before);
  });

  it('pays nothing again for a key that was used before, and goes on with the next id', async () => {
    await freeze();
    await exported();
    await imported();
    const [here, there] = [moved(await ann(books)), moved(books.client)];
    const input = books.refundInput(made.noteId, { description: 'a tab\t, a line\n, a \\ and a 💶' });

    const replayed = await here.graphql(RefundCreditNoteDocument, { input, idempotencyKey: 'before-the-move' });
    const other = await here.graphql(RefundCreditNoteDocument, {
      input: { ...input, amount: '2.00' },
      idempotencyKey: 'before-the-move',
    });
    const next = await there.query(RefundCreditNoteDocument, { input: { ...input, amount: '3.00' } });

    expect(replayed.data?.refundCreditNote?.id).toBe(made.refundId);
    expect(other.errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(next.refundCreditNote.id).toBe(String(Number(made.refundId) + 3));
    const { creditNote } = await there.query(CreditNoteDocument, { id: made.noteId });
    expect(creditNote?.refunded).toBe('43.00');
    expect((await there.query(LedgerHealthDocument)).ledgerHealth.healthy).toBe(true);
  });

  it('is the result of its own commands that are repeated, and not the organization that has its former number', async () => {
    const lock = `mutation ($input: LockTransactionsInput!) {
      lockTransactions(input: $input, idempotencyKey: "lock") { id lockDate timeZone }
    }`;
    const variables = { input: { lockDate: '2026-01-20', reason: 'Filed' } };
    const first = await books.client.graphql(lock, variables);
    await freeze();
    await exported();
    await imported();
    const again = await moved(books.client).graphql(lock, variables);
    expect(first.data).toMatchObject({ lockTransactions: { id: books.organization.publicId } });
    expect([again.data, again.extensions?.idempotency]).toEqual([first.data, { replayed: true }]);
  });

  it('stays frozen in its old place, and leaves an audit event at each step', async () => {
    await freeze();
    await exported();
    await imported();
    const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(made.noteId) });
    expect(errors?.[0]?.extensions.code).toBe('ORGANIZATION_MOVING');
    const trail = async (client: Client) =>
      (await client.query(AuditEventsDocument)).auditEvents.nodes
        .filter(({ action }) => action.startsWith('organization'))
        .map(({ action, details }) => [action, details.by]);
    const frozen = ['organization freeze', 'Otto Operator'];
    expect(await trail(books.client)).toEqual([frozen, ['organization export', 'Otto Operator']]);
    expect(await trail(moved(books.client))).toEqual([frozen, ['organization import', 'Otto Operator']]);
  });

  it('keeps the users of the target as they are', async () => {
    const { superuser } = target.database;
    const ann = `select id, name, created_at from users where subject = 'ann'`;
    const { rows } = await superuser.query(ann);
    await source.database.superuser.query(`update users set name = 'Ann of the source' where subject = 'ann'`);
    await exported();
    await imported();
    expect((await superuser.query(ann)).rows).toEqual(rows);
  });
});

describe('an export', () => {
  it('needs no freeze, and says so', async () => {
    expect(await exported()).toMatchObject({ frozen: false, health: { healthy: true } });
    await expect(books.refund(made.noteId, { amount: '4.00' })).resolves.toMatchObject({ amount: '4.00' });
  });

  it('is readable by its owner only, overwrites nothing, and holds no secret', async () => {
    await exported();
    await expect(exported()).rejects.toThrow(new BackupRefused(`${file} exists already; a backup overwrites nothing`));
    expect((await stat(file)).mode & 0o077).toBe(0);
    const [, secret = ''] = books.client.headers.authorization?.split(' ') ?? [];
    const text = gunzipSync(await readFile(file)).toString();
    expect([text.includes(secret.slice(0, 9)), text.includes(secret.slice(9))]).toEqual([true, false]);
    expect(text).not.toContain('password');
  });

  it('is refused if another export has written the file meanwhile, and leaves that one as it is', async () => {
    const other = Promise.withResolvers<void>();
    async function* slow() {
      await other.promise;
      yield 'slow\n';
    }
    async function* quick() {
      yield 'quick\n';
    }
    const first = writeNewFile(file, slow(), () => ({ rows: 0 }));
    await writeNewFile(file, quick(), () => ({ rows: 0 }));
    other.resolve();

    await expect(first).rejects.toThrow(new BackupRefused(`${file} exists already; a backup overwrites nothing`));
    expect(gunzipSync(await readFile(file)).toString()).toMatch(/^quick\n/);
    expect((await readdir(folder)).filter((name) => name.startsWith(books.organization.publicId))).toHaveLength(1);
  });

  it('leaves no file if its audit event cannot be written', async () => {
    const { superuser } = source.database;
    await superuser.query('alter table audit_events add constraint nothing_more check (false) not valid');
    await expect(exported()).rejects.toThrow('nothing_more');
    await superuser.query('alter table audit_events drop constraint nothing_more');
    expect((await readdir(folder)).filter((name) => name.startsWith(books.organization.publicId))).toEqual([]);
  });

  it('of an unknown organization is refused', async () => {
    const { code, stderr } = await command(source, 'operator', 'organization', 'export', file, '--id', 'nobody');
    expect([code, stderr]).toEqual([1, 'There is no organization nobody; see: npm run organization -- list\n']);
  });

  it('takes one file name', async () => {
    expect((await cli({}, 'organization', 'export', '--id', 'x')).stderr).toMatch(
      /^organization export takes the name of one file\n/,
    );
  });
});

describe('an import', () => {
  beforeEach(async () => {
    await exported();
  });

  /** Expects that nothing is written. */
  async function refused(from = file): Promise<string> {
    const before = await everythingInTarget();
    const refusal = await imported(from).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(BackupRefused);
    expect(await everythingInTarget()).toEqual(before);
    return (refusal as BackupRefused).message;
  }

  /** Writes a file with other content, with a checksum that is right or wrong. */
  async function changed(change: (text: string) => string): Promise<string> {
    const text = change(gunzipSync(await readFile(file)).toString('latin1'));
    await writeFile(`${file}.changed`, gzipSync(Buffer.from(text, 'latin1')));
    return `${file}.changed`;
  }

  it('is refused the second time', async () => {
    await imported();
    expect(await refused()).toBe(`There is an organization ${books.organization.publicId} already`);
  });

  it('is refused if the public id is taken, in other letters too', async () => {
    const upper = books.organization.publicId.toUpperCase();
    const words = ['--id', upper, '--name', 'Taken', '--currency', 'USD', '--time-zone', 'UTC'];
    expect(await command(target, 'operator', 'organization', 'create', ...words)).toMatchObject({ code: 0 });
    expect(await refused()).toBe(`There is an organization ${upper} already`);
  });

  it('is refused if one of its API keys is in the database already', async () => {
    const { superuser } = target.database;
    const { rows } = await source.database.superuser.query('select hash from api_keys where organization_id = $1', [
      books.organization.id,
    ]);
    await superuser.query(
      `insert into api_keys (organization_id, name, role, prefix, hash) select id, 'k', 'VIEWER', 'bc_', $1 from organizations limit 1`,
      [rows[0].hash],
    );
    expect(await refused()).toBe(`An API key of ${file} exists in this database already`);
  });

  it.each<[string, (text: string) => string]>([
    ['one character', (text) => text.replace('Petty Cash', 'Petty Cush')],
    ['a row less', (text) => text.replace(/(\{"table":"refunds".*\n).*\n/, '$1')],
    ['without its end', (text) => text.replace(/.*\n$/, '')],
    ['another counter', (text) => text.replace(/"debits":"/, '"debits":"1')],
  ])('is refused if the file was changed: %s', async (_, change) => {
    const from = await changed(change);
    expect(await refused(from)).toBe(`${from} is damaged or incomplete`);
  });

  it('is refused if the file is cut off, is a backup of the whole database, or is missing', async () => {
    const cut = `${file}.cut`;
    const bytes = await readFile(file);
    await writeFile(cut, bytes.subarray(0, bytes.length - 20));
    expect(await refused(cut)).toBe(`${cut} is damaged or incomplete`);
    const backup = `${file}.backup`;
    await backupDatabase(await settingsOf(source, 'superuser'), backup);
    expect(await refused(backup)).toContain(`${backup} is not an exported organization of this program`);
    const restored = restoreDatabase(await settingsOf(target, 'superuser'), {}, file);
    await expect(restored).rejects.toThrow(`${file} is not a backup of this program`);
    expect(await refused(`${file}.missing`)).toBe(`There is no file ${file}.missing`);
  });

  it('is refused by a role that may not disable triggers', async () => {
    const refusal = importOrganization(await settingsOf(target, 'operator'), file, OTTO);
    await expect(refusal).rejects.toThrow('must own the tables and may set session_replication_role');
  });

  it('delays no operator of another organization, and is refused if the same file was imported meanwhile', async () => {
    const { superuser } = target.database;
    const other = await target.books();
    await superuser.query('begin; lock table journal_lines in exclusive mode');
    const imports = Promise.allSettled([imported(), imported()]);
    await target.database.untilWaiting(2);
    await target.database.asOperator((em) => revokeKey(em, other.organization, { id: String(other.organization.firstId) }, OTTO));
    await superuser.query('commit');

    const ends = await imports;
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusal = `There is an organization with the public id of ${file} already`;
    expect(ends.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))).toEqual([new BackupRefused(refusal)]);
    expect((await other.client.graphql(MeDocument)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('leaves nothing if it is killed in its middle', async () => {
    const before = await everythingInTarget();
    const { superuser } = target.database;
    // The export's last tables wait for this lock.
    await superuser.query('begin; lock table journal_lines in exclusive mode');
    const program = fileURLToPath(new URL('../src/cli.js', import.meta.url));
    const child = spawn(process.execPath, [program, 'organization', 'import', file], {
      env: { PATH: process.env.PATH ?? '', DATABASE_URL: (await settingsOf(target, 'superuser')).databaseUrl },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await target.database.untilWaiting(1);
    child.kill('SIGKILL');
    await ended;
    await superuser.query('commit');

    expect(await everythingInTarget()).toEqual(before);
    expect((await imported()).health.healthy).toBe(true);
  });
});

it('an organization whose books are wrong is imported nowhere', async () => {
  const { superuser } = source.database;
  await source.database.withoutRules(() =>
    superuser.query('update refunds set amount = amount + 1 where organization_id = $1 and id = $2', [
      books.organization.id,
      made.refundId,
    ]),
  );
  const out = await command(source, 'operator', 'organization', 'export', file, '--id', books.organization.publicId);
  const before = await everythingInTarget();

  const { code, stdout } = await command(target, 'superuser', 'organization', 'import', file);

  expect([out.code, out.stdout]).toEqual([2, expect.stringContaining('THE BOOKS ARE WRONG')]);
  expect([code, stdout]).toEqual([2, expect.stringMatching(/^Imported nothing: (?:.|\n)*BROKEN(?:.|\n)*THE BOOKS ARE WRONG/)]);
  expect(await everythingInTarget()).toEqual(before);
});
