import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createApp } from '../src/server/app.js';
import { type Books, CONFIG, Gateway, JWT } from './helpers/gateway.js';

/** Creates the database and the books. Two other gateways on this database count the requests. */
let gateway: Gateway;
let books: Books;
let apps: FastifyInstance[];
let logged: Record<string, unknown>[];
beforeEach(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
  apps = [];
  logged = [];
});
afterEach(async () => {
  for (const app of apps) await app.close();
  await gateway.stop();
});

async function startTwo(perCredential: number): Promise<[FastifyInstance, FastifyInstance]> {
  const start = async () => {
    const app = await createApp({
      orm: gateway.database.orm,
      config: { ...CONFIG, introspection: false, rateLimit: { perCredential, perAddress: 3, store: 'postgres' } },
      jwt: JWT,
      logger: pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    });
    apps.push(app);
    return app;
  };
  return [await start(), await start()];
}

async function ask(app: FastifyInstance, headers: Record<string, string> = books.client.headers) {
  const { statusCode, headers: replied } = await app.inject({
    method: 'POST',
    url: '/graphql',
    payload: '{"query":"{ me { name } }"}',
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: statusCode, remaining: Number(/;r=(\d+);/.exec(String(replied.ratelimit))?.[1]) };
}

it('counts the requests to all gateways on one database together', async () => {
  const [one, other] = await startTwo(4);

  const replies = [await ask(one), await ask(other), await ask(one), await ask(other), await ask(one), await ask(other)];

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
  expect(replies.map(({ remaining }) => remaining)).toEqual([3, 2, 1, 0, 0, 0]);
  const strangers = [await ask(one, {}), await ask(other, {}), await ask(one, {}), await ask(other, {})];
  expect(strangers.map(({ status }) => status)).toEqual([401, 401, 401, 429]);
});

it('admits exactly the budget out of many parallel requests', async () => {
  const [one, other] = await startTwo(20);

  const replies = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(index % 2 === 0 ? one : other)));

  expect(replies.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(replies.filter(({ status }) => status === 429)).toHaveLength(40);
});

it('sends no more statements for a caller whose budget is spent', async () => {
  const [one] = await startTwo(1);
  await ask(one);
  await ask(one);
  const before = gateway.database.statements.length;

  expect((await ask(one)).status).toBe(429);
  expect(gateway.database.statements.length).toBe(before);
});

it('uses the clock of the database, also after that was set back, and deletes expired counts', async () => {
  const { superuser } = gateway.database;
  const [one] = await startTwo(100);
  await superuser.query(`insert into rate_limits values ('key:0/0', 7, now() - interval '1 hour')`);
  expect((await ask(one)).remaining).toBe(99);

  await superuser.query(`update rate_limits set count = 50, ends_at = now() - interval '1 second' where key like 'key:%'`);
  expect((await ask(one)).remaining).toBe(99);
  await superuser.query(`update rate_limits set count = 50, ends_at = now() + interval '30 days' where key like 'key:%'`);
  expect((await ask(one)).remaining).toBe(99);
  await superuser.query(`update rate_limits set count = 50 where key like 'key:%'`);
  expect((await ask(one)).remaining).toBe(49);

  const { rows } = await superuser.query(`select count(*)::integer as count from rate_limits where key = 'key:0/0'`);
  expect(rows).toEqual([{ count: 0 }]);
});

it('refuses no request because of a failure of the database: each gateway counts in its own memory meanwhile', async () => {
  const { superuser } = gateway.database;
  const [one] = await startTwo(3);
  await superuser.query('begin');
  await superuser.query('lock table rate_limits in access exclusive mode');

  const replies = [await ask(one), await ask(one), await ask(one), await ask(one)];
  await superuser.query('rollback');

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(logged.filter(({ msg }) => String(msg).startsWith('rate limits are counted in memory'))).toHaveLength(1);
});

it('counts in the database again after the failure', async () => {
  const { superuser } = gateway.database;
  const [one] = await startTwo(1_000_000);
  await superuser.query('alter table rate_limits rename to rate_limits_away');
  expect((await ask(one)).status).toBe(200);
  await superuser.query('alter table rate_limits_away rename to rate_limits');

  for (;;) {
    expect((await ask(one)).status).toBe(200);
    const { rows } = await superuser.query(`select from rate_limits`);
    if (rows.length > 0) break;
  }
});
