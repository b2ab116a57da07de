import { readFile } from 'node:fs/promises';
import { afterEach, expect, it } from '@jest/globals';
import { Gateway } from './helpers/gateway.js';

const gateways: Gateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(options: Parameters<typeof Gateway.start>[0]) {
  const gateway = await Gateway.start(options);
  gateways.push(gateway);
  return (headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    gateway.app.inject({ method, url: '/schema.graphql', headers });
}

it('is served as text, to everybody, and once for each version', async () => {
  const ask = await start({ introspection: true });
  const reply = await ask();
  const { etag } = reply.headers;

  expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(reply.body).toBe(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  expect(reply.headers['cache-control']).toBe('public, max-age=300');
  for (const tags of [String(etag), `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await ask({ 'if-none-match': tags });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
  }
  expect((await ask({ 'if-none-match': '"other"' })).statusCode).toBe(200);
  expect((await ask({}, 'HEAD')).statusCode).toBe(200);
  expect((await ask({}, 'POST')).statusCode).toBe(404);
});

it('is not served while the schema is private', async () => {
  const ask = await start({ introspection: false });

  expect((await ask()).statusCode).toBe(404);
});

it('counts as a request without a credential', async () => {
  const ask = await start({ rateLimit: { perCredential: 5, perAddress: 2, store: 'memory' } });
  const statuses = [await ask(), await ask(), await ask()].map(({ statusCode }) => statusCode);

  expect(statuses).toEqual([200, 200, 429]);
});
