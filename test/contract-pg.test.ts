import { Socket } from 'node:net';
import { afterAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { isConnectionLost } from '../src/orm/errors.js';
import { readCluster } from './helpers/cluster.js';

/** What we rely on in pg 8.23 beyond its documentation. A test that fails here after an upgrade names what to look at. */

const settings = { ...readCluster().application, database: 'template1', pipeline: true };

it('sends a statement without waiting for the answer to the one before', async () => {
  const socket = new Socket();
  const client = await connected({ stream: () => socket });
  const answers = [client.query('select pg_sleep(0.1)')];
  const written = socket.bytesWritten;
  answers.push(client.query('select 1'));
  expect(socket.bytesWritten).toBeGreaterThan(written);
  await Promise.all(answers);
});

it('goes on after a statement that fails, each being a transaction of its own', async () => {
  const client = await connected();
  const results = await Promise.allSettled(['select 1', 'select 1 / 0', 'select 1'].map((text) => client.query(text)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('prepares a statement that has a name once', async () => {
  const client = await connected();
  for (let time = 0; time < 3; time += 1) await client.query({ name: 'contract', text: 'select $1::int', values: [time] });
  const { rows } = await client.query(
    "select generic_plans + custom_plans as plans from pg_prepared_statements where name = 'contract'",
  );
  expect(rows).toEqual([{ plans: '3' }]);
});

it('takes a timeout for one query, and rejects it with a message that we know for a lost connection', async () => {
  const client = await connected();
  const query: pg.QueryConfig & { query_timeout: number } = { text: 'select pg_sleep(2)', query_timeout: 100 };
  const error = await client.query(query).catch((error) => error);
  expect(isConnectionLost(error)).toBe(true);
});

it('rejects whatever waits for an answer when the connection is cut, and all that comes later, with messages that we know', async () => {
  const client = await connected();
  const waiting = client.query('select pg_sleep(2)').catch((error) => error);
  client.connection.stream.destroy();
  expect(isConnectionLost(await waiting)).toBe(true);
  expect(isConnectionLost(await client.query('select 1').catch((error) => error))).toBe(true);
});

it('replaces a connection that is released as worn', async () => {
  const pool = new pg.Pool({ ...settings, max: 1 });
  const first = await pool.connect();
  first.release(true);
  const second = await pool.connect();
  second.release();
  await pool.end();
  expect(second).not.toBe(first);
});

it('announces each connection before it lends it', async () => {
  const pool = new pg.Pool(settings);
  const announced: unknown[] = [];
  pool.on('connect', (client) => announced.push(client));
  const client = await pool.connect();
  const before = [...announced];
  client.release();
  await pool.end();
  expect(before).toEqual([client]);
});

const clients: pg.Client[] = [];

async function connected(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ ...settings, ...options });
  clients.push(client);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

afterAll(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
});
