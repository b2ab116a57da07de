import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { installedPackage, placeBinaries } from '../src/database/embedded-postgres/binaries.js';
import { createCluster } from '../src/database/embedded-postgres/cluster.js';
import {
  connectionUrl,
  type EmbeddedConnection,
  type EmbeddedPostgres,
  openEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../src/database/embedded-postgres/index.js';
import { serverUser } from '../src/database/embedded-postgres/system-user.js';
import { asRoot, onLinux } from './helpers/only-where.js';

/** Tests do without durability against power failures, to be faster. */
const settings = { fsync: 'off' };
const ownersLock = `pg_locks where locktype = 'advisory' and granted`;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a running embedded PostgreSQL', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    dataDir = await reachableFolder();
    postgres = await startEmbeddedPostgres({ dataDir });
  });

  afterAll(async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true });
  });

  it('connects the application with a role that has no privileges and owns nothing', async () => {
    const rows = await query(
      postgres.connection,
      `select current_user::text as user, rolsuper, rolcreatedb, rolcreaterole,
              (select datdba::regrole::text from pg_database where datname = current_database()) as owner
       from pg_roles where rolname = current_user`,
    );
    const privileges = { rolsuper: false, rolcreatedb: false, rolcreaterole: false };
    expect(rows).toEqual([{ user: 'credit_notes', ...privileges, owner: 'postgres' }]);
  });

  it('is durable, uses UTF-8, UTC and checksums, and listens on no network', async () => {
    const expected = {
      fsync: 'on',
      synchronous_commit: 'on',
      server_encoding: 'UTF8',
      TimeZone: 'UTC',
      data_checksums: 'on',
      listen_addresses: '',
    };
    const names = Object.keys(expected).map((name) => `'${name}'`);
    const rows = await query(postgres.superuser, `select name, setting from pg_settings where name in (${names})`);
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual(expected);
  });

  it('refuses connections with a wrong password', async () => {
    for (const connection of [postgres.connection, postgres.superuser]) {
      await expect(query({ ...connection, password: 'guess' }, 'select')).rejects.toMatchObject({ code: '28P01' });
    }
  });

  it('stores its passwords in files that only the owner can read, and never in the command line or the log', async () => {
    for (const file of ['database-url', 'postgres/passwords', 'postgres.log']) {
      expect((await stat(join(dataDir, file))).mode & 0o077).toBe(0);
    }
    const options = await readFile(join(dataDir, 'postgres/postmaster.opts'), 'utf8');
    const log = await readFile(join(dataDir, 'postgres.log'), 'utf8');
    for (const { password } of [postgres.connection, postgres.superuser]) {
      expect(password).toHaveLength(48);
      expect(options + log).not.toContain(password);
    }
  });

  it('writes a database URL for developers into a file', async () => {
    const connectionString = (await readFile(join(dataDir, 'database-url'), 'utf8')).trim();
    expect(connectionString).toBe(connectionUrl(postgres.connection));
    expect(await query({ connectionString }, 'select current_database() as name')).toEqual([{ name: 'credit_notes' }]);
  });
});

describe('starting and stopping', () => {
  it('keeps data between two starts', async () => {
    const dataDir = await dataFolder();
    const first = await start(dataDir);
    await query(first.superuser, 'create table kept as select 42 as answer');
    await first.stop();

    const second = await start(dataDir);
    expect(await query(second.superuser, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(second.connection.password).toBe(first.connection.password);
  });

  it('leaves neither a process nor a socket behind, also when stopped several times', async () => {
    const dataDir = await dataFolder();
    const { connection, stop } = await start(dataDir);
    const pid = await postmaster(dataDir);

    await Promise.all([stop(), stop()]);
    await stop();
    expect(await isRunning(pid)).toBe(false);
    await expect(access(connection.host)).rejects.toThrow('ENOENT');
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log']);
  });

  it('uses a shorter socket path when the path of the temporary folder is too long', async () => {
    const dataDir = await dataFolder();
    const temporary = join(dataDir, 'x'.repeat(100));
    await mkdir(temporary);
    await writeUntilKilled(dataDir, { TMPDIR: temporary });

    const { connection } = await start(dataDir);
    expect(dirname(connection.host)).toBe('/tmp');
  });
});

describe('two processes and one data folder', () => {
  it('refuses to start on the data folder of a running gateway, and names its process id', async () => {
    const dataDir = await dataFolder();
    const { connection } = await start(dataDir);

    await expect(start(dataDir)).rejects.toThrow(`Another gateway, process ${process.pid}, uses the data folder`);
    expect(await query(connection, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('lets exactly one of two gateways start at the same time on an empty folder', async () => {
    const dataDir = await dataFolder();

    const outcomes = await Promise.allSettled([start(dataDir), start(dataDir)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(loser?.reason.message).toContain('Another gateway, process');
    const winner = outcomes.find((outcome) => outcome.status === 'fulfilled')?.value;
    expect(winner && (await query(winner.connection, 'select 1 as alive'))).toEqual([{ alive: 1 }]);
  });

  it('connects a tool to the server of the running gateway, and leaves that running', async () => {
    const dataDir = await dataFolder();
    const gateway = await start(dataDir);

    const tool = await openEmbeddedPostgres({ dataDir, settings });
    expect(tool.connection).toEqual(gateway.connection);
    await tool.stop();
    expect(await query(gateway.connection, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('starts a server for a tool when none runs, and stops it with the tool', async () => {
    const dataDir = await dataFolder();

    const tool = await openEmbeddedPostgres({ dataDir, settings });
    cleanups.push(tool.stop);
    expect(await query(tool.connection, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    const pid = await postmaster(dataDir);
    await tool.stop();
    expect(await isRunning(pid)).toBe(false);
  });
});

describe('after a kill -9', () => {
  it('takes over the server of a killed gateway, with all acknowledged data', async () => {
    const dataDir = await dataFolder();
    const acknowledged = await writeUntilKilled(dataDir);
    const pid = await postmaster(dataDir);

    const { superuser, stop } = await start(dataDir);
    expect(await postmaster(dataDir)).toBe(pid);
    expect(await numbersWritten(superuser)).toEqual(expect.arrayContaining(acknowledged));
    await stop();
    expect(await isRunning(pid)).toBe(false);
  });

  it('starts again with all acknowledged data when the gateway and the server were killed', async () => {
    const dataDir = await dataFolder();
    const acknowledged = await writeUntilKilled(dataDir);
    const socketFolder = (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[4];
    process.kill(await postmaster(dataDir), 'SIGKILL');

    const { superuser } = await start(dataDir);
    expect(superuser.host).toBe(socketFolder);
    expect(await numbersWritten(superuser)).toEqual(expect.arrayContaining(acknowledged));
  });

  it('starts although another process now has the process id of the killed server', async () => {
    const dataDir = await dataFolder();
    await (await start(dataDir)).stop();
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const stranger = spawn('sleep', ['600'], { uid, gid });
    cleanups.push(async () => stranger.kill());
    await writeFile(join(dataDir, 'postgres/postmaster.pid'), `${stranger.pid}\n${dataDir}/postgres\n1\n5432\n/tmp\n`);

    const { connection } = await start(dataDir);
    expect(await query(connection, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    expect(stranger.exitCode).toBeNull();
  });

  it('restarts a killed server on the same socket', async () => {
    const dataDir = await dataFolder();
    const { connection, stop } = await start(dataDir);
    const killed = await postmaster(dataDir);
    process.kill(killed, 'SIGKILL');

    await eventually(() => query(connection, 'select'));
    const successor = await postmaster(dataDir);
    expect(successor).not.toBe(killed);
    await stop();
    expect(await isRunning(successor)).toBe(false);
  });

  it('takes the owner’s lock again when its connection is lost', async () => {
    const dataDir = await dataFolder();
    const { superuser } = await start(dataDir);
    const [before] = await query(superuser, `select pid, pg_terminate_backend(pid) from ${ownersLock}`);

    await eventually(async () => {
      const [after] = await query(superuser, `select pid from ${ownersLock}`);
      if (after === undefined || after.pid === before?.pid) throw new Error('no connection has taken the lock yet');
    });
    expect(await readdir(superuser.host)).toContain('.s.PGSQL.5432');
  });

  it('restarts the server each of six times that it dies', async () => {
    const dataDir = await dataFolder();
    const { superuser, obstacle } = await start(dataDir);
    for (let losses = 1; losses <= 6; losses += 1) {
      process.kill(await postmaster(dataDir), 'SIGKILL');
      await eventually(async () => expect(await obstacle()).toBe('the embedded database is being restarted'));
      await eventually(async () => expect(await obstacle()).toBeNull());
    }

    expect(await query(superuser, `select from ${ownersLock}`)).toHaveLength(1);
  });

  onLinux.it('says that the disk is full, and goes on when there is room again', async () => {
    const dataDir = await dataFolder();
    const { connection, obstacle } = await start(dataDir);
    const pid = await postmaster(dataDir);
    // Each start of the server writes its options, and writing to /dev/full always fails with a full disk.
    const options = join(dataDir, 'postgres/postmaster.opts');
    await rm(options);
    await symlink('/dev/full', options);
    process.kill(pid, 'SIGKILL');
    await eventually(async () => expect(await obstacle()).toBe('the disk of the embedded database is full'));

    await rm(options);
    await eventually(async () => expect(await obstacle()).toBeNull());
    expect(await query(connection, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('removes a half-built cluster of a killed process', async () => {
    const dataDir = await dataFolder();
    const builder = spawn('true');
    await once(builder, 'exit');
    await mkdir(join(dataDir, `.new-${builder.pid}-abc123`, 'cluster'), { recursive: true });

    await start(dataDir);
    expect((await readdir(dataDir)).filter((name) => name.startsWith('.new-'))).toEqual([]);
  });
});

describe('a failed start', () => {
  it('repeats the server’s error message', async () => {
    const dataDir = await dataFolder();

    const failing = startEmbeddedPostgres({ dataDir, settings: { ...settings, shared_buffers: 'plenty' } });
    await expect(failing).rejects.toThrow(/postgres\.log:.*invalid value for parameter "shared_buffers".*DATABASE_URL/s);
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres.log']);
  });

  it('repeats initdb’s error message, and leaves no half-built cluster', async () => {
    const dataDir = await dataFolder();
    const user = await serverUser(undefined);
    // The programs are copied if the server's user cannot read the checkout.
    const { postgres } = await placeBinaries(await installedPackage(), user, join(await dataFolder(), 'programs'));

    const logFile = join(dataDir, 'postgres.log');
    const binaries = { initdb: postgres, postgres };
    const failing = createCluster({ dataDir, binaries, user, logFile, durable: false, log: () => undefined });
    await expect(failing).rejects.toThrow(/postgres\.log:.*invalid option.*DATABASE_URL/s);
    expect(await readdir(dataDir)).toEqual(['postgres.log']);
  });

  it('refuses a data folder whose database is missing, instead of creating an empty one', async () => {
    const dataDir = await dataFolder();
    await symlink(join(dataDir, 'gone'), join(dataDir, 'postgres'));

    await expect(start(dataDir)).rejects.toThrow(/points to .*gone, which does not exist/);
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('refuses a folder named "postgres" that the gateway did not create', async () => {
    const dataDir = await dataFolder();
    await mkdir(join(dataDir, 'postgres'));
    const { uid, gid } = (await serverUser(undefined)) ?? (await stat(dataDir));
    await chown(join(dataDir, 'postgres'), uid, gid);

    await expect(start(dataDir)).rejects.toThrow('is not a database that this gateway made');
  });
});

asRoot.describe('as root, with everything under a folder that is closed to others', () => {
  it('stores the cluster in a folder that its user can read, and finds it again', async () => {
    const dataDir = join(await closedFolder(), 'data');
    cleanups.push(async () => rm(await readlink(join(dataDir, 'postgres')), { recursive: true }));
    const first = await start(dataDir);
    await query(first.superuser, 'create table kept as select 42 as answer');
    await first.stop();

    expect(await readlink(join(dataDir, 'postgres'))).toMatch(/^\/var\/lib\/credit-note-refunds\/cluster-/);
    const second = await start(dataDir);
    expect(await query(second.superuser, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });
});

/** A new data folder for one test. */
async function dataFolder(): Promise<string> {
  const folder = await reachableFolder();
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A temporary folder that the server's user may enter; mkdtemp creates folders for their owner only. */
async function reachableFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'embedded-test-')));
  await chmod(folder, 0o755);
  return folder;
}

async function closedFolder(): Promise<string> {
  const folder = await dataFolder();
  await chmod(folder, 0o700);
  return folder;
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, settings });
  cleanups.push(postgres.stop);
  return postgres;
}

type Row = Record<string, unknown>;

async function query(connection: EmbeddedConnection | { connectionString: string }, sql: string): Promise<Row[]> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function numbersWritten(connection: EmbeddedConnection): Promise<unknown[]> {
  return (await query(connection, 'select number from written')).map(({ number }) => number);
}

/** Kills a gateway process in the middle of its writes; returns the numbers that it has acknowledged. */
async function writeUntilKilled(dataDir: string, environment: Record<string, string> = {}): Promise<number[]> {
  const fixture = fileURLToPath(new URL('./helpers/embedded-fixture.js', import.meta.url));
  const gateway = spawn(process.execPath, [fixture, dataDir], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(gateway, 'close');
  const acknowledged: number[] = [];
  for await (const line of createInterface(gateway.stdout)) {
    if (line !== 'ready') acknowledged.push(Number(line));
    if (acknowledged.length === 20) gateway.kill('SIGKILL');
  }
  await ended;
  expect(acknowledged.length).toBeGreaterThanOrEqual(20);
  return acknowledged;
}

async function postmaster(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** Whether the process runs; a zombie, whose parent has not read its exit code, does not. */
async function isRunning(pid: number): Promise<boolean> {
  const status = spawn('ps', ['-o', 'stat=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [state] = await status.stdout.setEncoding('utf8').toArray();
  return state !== undefined && !state.startsWith('Z');
}

/** Repeats the attempt until it succeeds, at most 1,000 times. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === 1_000) throw error;
      await sleep(20);
    }
  }
}
