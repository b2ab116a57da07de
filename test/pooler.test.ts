import { afterEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { readCluster } from './helpers/cluster.js';
import { cleanUp, databaseByUrl, GatewayProcess, refusedStart } from './helpers/process.js';
import { startTcpProxy, type TcpProxy } from './helpers/tcp-proxy.js';

let pooler: TcpProxy;
afterEach(async () => {
  await cleanUp();
  await pooler.stop();
});

const SETTINGS = {
  idle_in_transaction_session_timeout: '60000',
  lock_timeout: '5000',
  plan_cache_mode: 'force_generic_plan',
  statement_timeout: '30000',
};

/** A database behind a pooler that refuses settings in the start-up message of a connection. */
async function databaseBehindPooler() {
  pooler = await startTcpProxy({ refuseSettings: true });
  const { admin, database, role } = await databaseByUrl();
  const { user, password } = readCluster().application;
  return { admin, database, role, url: `postgres://${user}:${password}@127.0.0.1:${pooler.port}/${database}` };
}

it('the gateway does not start behind a pooler that drops its settings, and prints the SQL that sets them for the role', async () => {
  const { url, role } = await databaseBehindPooler();

  const { code, stderr } = await refusedStart({ DATABASE_URL: url });

  expect(code).toBe(1);
  for (const [name, value] of Object.entries(SETTINGS)) expect(stderr).toContain(`alter role ${role} set ${name} = '${value}';`);
  expect(stderr).toContain(
    'does not pass on: idle_in_transaction_session_timeout, lock_timeout, plan_cache_mode, statement_timeout.',
  );
});

it('the gateway serves behind a pooler when its role has the settings', async () => {
  const { admin, database, role, url } = await databaseBehindPooler();
  for (const [name, value] of Object.entries(SETTINGS)) {
    await admin.query(`alter role ${role} in database ${database} set ${name} = '${value}'`);
  }

  const gateway = await GatewayProcess.start({ DATABASE_URL: url, RATE_LIMIT: 'off' });
  expect((await gateway.get('/readyz')).status).toBe(200);

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select name, setting from pg_settings where name = any ($1) order by name', [
    Object.keys(SETTINGS),
  ]);
  await client.end();
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual(SETTINGS);
});

it("the gateway does not start when the role's statement timeout is switched off", async () => {
  const { admin, database, role, url } = await databaseBehindPooler();
  for (const [name, value] of Object.entries({ ...SETTINGS, statement_timeout: '0' })) {
    await admin.query(`alter role ${role} in database ${database} set ${name} = '${value}'`);
  }

  const { stderr } = await refusedStart({ DATABASE_URL: url });

  expect(stderr).toContain('does not pass on: statement_timeout.');
});
