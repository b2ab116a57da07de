import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sharedGateway } from './helpers/gateway.js';
import { cleanUp, dataFolder, GatewayProcess, readDemo } from './helpers/process.js';

describe('the readiness probe', () => {
  const gateway = sharedGateway();

  async function ready() {
    const reply = await gateway.app.inject({ url: '/readyz' });
    return [reply.statusCode, reply.json().reason];
  }

  /** Cuts all pooled connections, so that a changed setting holds for every connection. */
  async function cutConnections(): Promise<void> {
    await gateway.database.superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'credit-note-refunds'`,
    );
  }

  it('returns 200 while refunds can be written', async () => {
    expect(await ready()).toEqual([200, undefined]);
  });

  it('returns 503 while the database is read-only, and 200 after it accepts writes again', async () => {
    const { superuser } = gateway.database;
    const { rows } = await superuser.query('select current_database() as name');
    await superuser.query(`alter database ${rows[0].name} set default_transaction_read_only = on`);
    await cutConnections();
    // A first probe may still fail because its connection was cut.
    await until(async () => expect(await ready()).toEqual([503, 'the database is read only']));
    const pool = await gateway.database.orm.em.getConnection().getNativeClient();
    const hold = await Promise.all(Array.from({ length: 3 }, () => pool.connect()));
    for (const client of hold) client.release();
    await superuser.query(`alter database ${rows[0].name} reset default_transaction_read_only`);
    const first = await ready();

    // Connections to the read-only server are closed and never used again.
    expect([first, await ready()]).toEqual([
      [503, 'the database is read only'],
      [200, undefined],
    ]);
  });

  it('returns 503 while a migration is missing', async () => {
    const { superuser } = gateway.database;
    const { rows } = await superuser.query(
      'delete from schema_migrations where id = (select max(id) from schema_migrations) returning *',
    );
    const reply = await ready();
    await superuser.query('insert into schema_migrations select * from json_populate_record(null::schema_migrations, $1)', [
      rows[0],
    ]);

    expect(reply).toEqual([503, 'the database lacks migrations']);
    expect(await ready()).toEqual([200, undefined]);
  });

  it('returns 503 in time while the tables are locked, also for many probes at once, and 200 afterwards', async () => {
    const { superuser } = gateway.database;
    await superuser.query('begin');
    await superuser.query('lock table credit_notes in access exclusive mode');
    const replies = await Promise.all(Array.from({ length: 50 }, ready));
    const { rows } = await superuser.query(
      `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    await superuser.query('rollback');

    expect(new Set(replies.map(String))).toEqual(new Set(['503,the database does not answer in time']));
    expect(rows[0].waiting).toBeLessThanOrEqual(1);
    expect((await gateway.app.inject({ url: '/healthz' })).statusCode).toBe(200);
  });
});

describe('a frozen database', () => {
  afterEach(cleanUp);

  it('neither delays a probe nor stops the gateway, and is used again afterwards', async () => {
    const dataDir = await dataFolder();
    const gateway = await GatewayProcess.start({ DATA_DIR: dataDir });
    const { apiKey } = await readDemo(dataDir);
    const pids = await serverProcesses(dataDir);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    let frozen: Response[];
    try {
      frozen = await Promise.all(Array.from({ length: 10 }, () => gateway.get('/readyz')));
      expect((await gateway.get('/healthz')).status).toBe(200);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    expect(await Promise.all(frozen.map((reply) => reply.json()))).toEqual(
      Array(10).fill({ status: 'not ready', reason: 'the database does not answer in time' }),
    );

    while ((await gateway.get('/readyz')).status !== 200);
    await gateway.graphql('{ me { role } }', {}, { authorization: `Bearer ${apiKey}` });
  });
});

/** Repeats the attempt until it succeeds; Jest's time limit ends it. */
async function until(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      // Try again.
    }
  }
}

/** The process ids of the PostgreSQL server and its children. */
async function serverProcesses(dataDir: string): Promise<number[]> {
  const [pid = ''] = (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n');
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [Number(pid), ...children.trim().split(' ').map(Number)];
}
