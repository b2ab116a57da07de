import { Socket } from 'node:net';
import { afterAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { isConnectionLost } from '../src/orm/errors.js';
import { readCluster } from './helpers/cluster.js';

/** The behaviour of pg 8.23 on which src/orm relies beyond its documentation; a failure after an upgrade names the cause. */

const settings = { ...readCluster().application, database: 'template1', pipeline: true };

it('sends a statement without waiting for the result of the previous one', async () => {
  const socket = new Socket();
  const client = await connected({ stream: () => socket });
  const answers = [client.query('select pg_sleep(0.1)')];
  const written = socket.bytesWritten;
  answers.push(client.query('select 1'));
  expect(socket.bytesWritten).toBeGreaterThan(written);
  await Promise.all(answers);
});

it('executes the next statement after a failed one, each in a transaction of its own', async () => {
  const client = await connected();
  const results = await Promise.allSettled(['select 1', 'select 1 / 0', 'select 1'].map((text) => client.query(text)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('prepares a named statement once', async () => {
  const client = await connected();
  for (let time = 0; time < 3; time += 1) await client.query({ name: 'contract', text: 'select $1::int', values: [time] });
  const { rows } = await client.query(
    "select generic_plans + custom_plans as plans from pg_prepared_statements where name = 'contract'",
  );
  expect(rows).toEqual([{ plans: '3' }]);
});

it('has a timeout per query, whose error isConnectionLost recognizes', async () => {
  const client = await connected();
  const query: pg.QueryConfig & { query_timeout: number } = { text: 'select pg_sleep(2)', query_timeout: 100 };
  const error = await client.query(query).catch((error) => error);
  expect(isConnectionLost(error)).toBe(true);
});

it('rejects waiting and later queries when the connection is cut, with errors that isConnectionLost recognizes', async () => {
  const client = await connected();
  const waiting = client.query('select pg_sleep(2)').catch((error) => error);
  client.connection.stream.destroy();
  expect(isConnectionLost(await waiting)).toBe(true);
  expect(isConnectionLost(await client.query('select 1').catch((error) => error))).toBe(true);
});

it('a released connection is closed and replaced if the release says so', async () => {
  const pool = new pg.Pool({ ...settings, max: 1 });
  const first = await pool.connect();
  first.release(true);
  const second = await pool.connect();
  second.release();
  await pool.end();
  expect(second).not.toBe(first);
});

it('emits "connect" for each connection before it lends it', async () => {
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
