import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const ORIGIN = 'https://books.example';
const READ = 'GET, HEAD, OPTIONS';

const gateway = sharedGateway({ corsOrigins: [ORIGIN], rateLimit: { perCredential: 1_000, perAddress: 1_000, store: 'memory' } });
const books = sharedBooks(gateway);
let port: number;
beforeAll(async () => {
  port = await gateway.listen();
});

/** Sends the target as it is, which `fetch` would put right. */
async function ask(method: string, target: string, headers: Record<string, string> = books.client.headers) {
  const sent = request({ port, method, path: target, headers: { host: 'localhost', ...headers }, agent: false }).end();
  const [reply] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: reply.statusCode, headers: reply.headers, body: await text(reply) };
}

const NO_IDS = ['%', '%zz', '%E0%A4%A', '%C0%80', '%ff', '1%', 'a'.repeat(1_500), '%61'.repeat(2_000)];

it.each(NO_IDS)('an id in a path that cannot be one is a 404 like each other (%#)', async (id) => {
  for (const [path, code] of [
    [`/api/accounts/${id}`, 'ACCOUNT_NOT_FOUND'],
    [`/api/customers/${id}`, 'CUSTOMER_NOT_FOUND'],
    [`/api/credit-notes/${id}`, 'CREDIT_NOTE_NOT_FOUND'],
    [`/api/credit-notes/${id}/applied-invoices`, 'CREDIT_NOTE_NOT_FOUND'],
    [`/api/credit-notes/refunds/${id}`, 'REFUND_CREDIT_NOTE_NOT_FOUND'],
  ] as const) {
    const reply = await ask('GET', path);
    expect([path, reply.status, JSON.parse(reply.body).errors?.[0].type]).toEqual([path, 404, code]);
    expect(reply.body.length).toBeLessThan(2_000);
    expect((await ask('PUT', path)).status).toBe(405);
  }
  const { status, body } = await ask('GET', `/api/credit-notes/${id}/refunds`);
  expect([status, body]).toEqual([200, '[]']);
});

it('a request whose path is malformed passes through all checks: credential, quota, CORS and log', async () => {
  const stranger = await ask('GET', '/api/accounts/%', { origin: ORIGIN, 'x-request-id': 'malformed-path' });
  expect(stranger.status).toBe(401);
  expect(stranger.headers).toMatchObject({
    'x-request-id': 'malformed-path',
    'access-control-allow-origin': ORIGIN,
    ratelimit: expect.stringContaining('"address"'),
  });
  expect(gateway.logged).toContainEqual(expect.objectContaining({ requestId: 'malformed-path', status: 401 }));
});

it.each([
  '/api/%61ccounts',
  '/%41PI/accounts/',
  'http://localhost/api/accounts',
  'HTTP://LOCALHOST:1/api/accounts?page=1',
  '/api/accounts#fragment',
])('%s is the path of the accounts for each method', async (target) => {
  expect((await ask('GET', target)).status).toBe(200);
  const [other, options] = [await ask('PATCH', target), await ask('OPTIONS', target)];
  expect([other.status, other.headers.allow]).toEqual([405, READ]);
  expect([options.status, options.headers.allow]).toEqual([204, READ]);
});

it.each(['/api/accounts%2F', '/api//accounts', '/api/./accounts', 'foo://localhost/api/accounts', 'http:///api/accounts', '*'])(
  '%s is no path of the accounts',
  async (target) => {
    expect((await ask('GET', target)).status).toBe(404);
    expect((await ask('PUT', target)).status).toBe(404);
  },
);

it('OPTIONS * lists the methods of all paths', async () => {
  const reply = await ask('OPTIONS', '*');
  expect([reply.status, reply.headers.allow]).toEqual([204, 'DELETE, GET, HEAD, POST, OPTIONS']);
});

it('the link to the next page is a path, however the client writes the target', async () => {
  for (const target of ['http://localhost/api/accounts?page_size=1', '/api/accounts?page_size=1#fragment'])
    expect((await ask('GET', target)).headers.link).toBe('</api/accounts?page=2&page_size=1>; rel="next"');
  const { link } = (await ask('GET', '/api/accounts?page_size=1&tab=a?b')).headers;
  expect(link).toBe('</api/accounts?tab=a%3Fb&page=2&page_size=1>; rel="next"');
});

it('the message about an unknown path is no longer than other messages', async () => {
  const { message } = JSON.parse((await ask('GET', `/api/${'a'.repeat(10_000)}`)).body);
  expect(message.length).toBeLessThanOrEqual(501);
});

it.each([
  ['/api/accounts/{id}', 'id'],
  ['/api/customers/{id}', 'id'],
  ['/api/credit-notes/{creditNoteId}', 'creditNoteId'],
  ['/api/credit-notes/{creditNoteId}/applied-invoices', 'creditNoteId'],
  ['/api/credit-notes/refunds/{refundId}', 'refundId'],
])('the refusal of an unknown id in %s has the name of the parameter', async (path, field) => {
  for (const id of ['999999', 'x']) {
    const reply = await ask('GET', path.replace(/\{.*?\}/, id));
    expect([reply.status, JSON.parse(reply.body).errors[0].payload.field]).toEqual([404, field]);
  }
});

it('a host that the target names stands for the Host header', async () => {
  const { headers } = books.client;
  const foreign = await ask('GET', 'http://evil.example/api/accounts', headers);
  expect([foreign.status, JSON.parse(foreign.body).errors[0].type]).toEqual([421, 'HOST_NOT_ALLOWED']);
  expect((await ask('GET', 'http://a:b@localhost/api/accounts')).status).toBe(421);
  expect((await ask('GET', 'http://localhost/api/accounts', { ...headers, host: 'evil.example' })).status).toBe(200);
});
