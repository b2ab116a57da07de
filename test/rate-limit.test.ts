import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { createApiKey } from '../src/auth/api-keys.js';
import { signJwt } from '../src/auth/jwt.js';
import { Role } from '../src/entities/access.js';
import type { RateLimitSettings } from '../src/server/rate-limit.js';
import { type Books, Gateway, JWT } from './helpers/gateway.js';

const gateways: Gateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(settings: Partial<RateLimitSettings>, options: Parameters<typeof Gateway.start>[0] = {}) {
  const rateLimit = { perCredential: 1_000, perAddress: 1_000, store: 'memory' as const, ...settings };
  const gateway = await Gateway.start({ rateLimit, ...options });
  gateways.push(gateway);
  return { gateway, books: await gateway.books() };
}

type Call = (headers?: Record<string, string>) => InjectOptions;

/** A request without effects through each door. */
const CALLS = {
  graphql: (headers) => ({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    payload: '{"query":"{ me { name } }"}',
  }),
  'graphql by GET': (headers) => ({
    url: '/graphql?query=%7Bme%7Bname%7D%7D',
    headers: { 'apollo-require-preflight': '1', ...headers },
  }),
  rest: (headers) => ({
    method: 'POST',
    url: '/api/credit-notes/999999/refunds',
    headers: { 'content-type': 'application/json', ...headers },
    payload: '{}',
  }),
} satisfies Record<string, Call>;

function ask({ app }: Gateway, call: Call, headers: Record<string, string> = {}, remoteAddress = '192.0.2.1') {
  return app.inject({ ...call(headers), remoteAddress });
}

function randomKey() {
  return { authorization: `Bearer bc_${randomBytes(32).toString('base64url')}` };
}

async function anotherKey({ database }: Gateway, { organization }: Books) {
  const { key, apiKey } = await database.asOperator((em) => createApiKey(em, organization, { name: 'another', role: Role.ADMIN }));
  return { id: apiKey.id, headers: { authorization: `Bearer ${key}` } };
}

/** The parsed RateLimit-Policy and RateLimit header fields. */
function fieldsOf({ headers }: { headers: Record<string, unknown> }) {
  const [, policy, quota, window] = /^"(\w+)";q=(\d+);w=(\d+)$/.exec(String(headers['ratelimit-policy'])) ?? [];
  const [, same, remaining, seconds] = /^"(\w+)";r=(\d+);t=(\d+)$/.exec(String(headers.ratelimit)) ?? [];
  expect(same).toBe(policy);
  expect(Number(seconds)).toBeGreaterThanOrEqual(0);
  expect(Number(seconds)).toBeLessThanOrEqual(60);
  return { policy, quota: Number(quota), window: Number(window), remaining: Number(remaining) };
}

describe.each(Object.entries(CALLS))('a credential, by %s', (_, call) => {
  it('has a budget, learns from each reply what remains, and is refused beyond it', async () => {
    const { gateway, books } = await start({ perCredential: 3 });
    const { headers } = books.client;

    const replies = [];
    for (let index = 0; index < 5; index += 1) replies.push(await ask(gateway, call, headers));

    expect(replies.map(({ statusCode }) => statusCode === 429)).toEqual([false, false, false, true, true]);
    expect(replies.map((reply) => fieldsOf(reply))).toEqual(
      [2, 1, 0, 0, 0].map((remaining) => ({ policy: 'credential', quota: 3, window: 60, remaining })),
    );
    expect(replies.map((reply) => reply.headers['retry-after'] !== undefined)).toEqual([false, false, false, true, true]);
    expect(Number(replies[4]?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(replies[4]?.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('is refused beyond its budget without a statement to the database', async () => {
    const { gateway, books } = await start({ perCredential: 1 });
    await ask(gateway, call, books.client.headers);
    const before = gateway.database.statements.length;

    const { statusCode } = await ask(gateway, call, books.client.headers);

    expect([statusCode, gateway.database.statements.length]).toEqual([429, before]);
  });
});

describe.each(Object.entries(CALLS))('an address without a valid credential, by %s', (_, call) => {
  it.each([
    ['random keys', randomKey],
    ['no credential at all', () => ({})],
    ['credentials of an unknown scheme', () => ({ authorization: `Basic ${randomBytes(8).toString('hex')}` })],
    ['unknown tokens', () => ({ authorization: `Bearer ${randomBytes(8).toString('hex')}`, 'organization-id': 'acme' })],
  ])('has a budget and is refused beyond it without a statement to the database: %s', async (_, headers) => {
    const { gateway } = await start({ perAddress: 3 }, { introspection: false });

    const replies = [];
    for (let index = 0; index < 3; index += 1) replies.push(await ask(gateway, call, headers()));
    const before = gateway.database.statements.length;
    for (let index = 0; index < 3; index += 1) replies.push(await ask(gateway, call, headers()));

    expect(replies.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 429, 429, 429]);
    expect(replies.map((reply) => fieldsOf(reply))).toEqual(
      [2, 1, 0, 0, 0, 0].map((remaining) => ({ policy: 'address', quota: 3, window: 60, remaining })),
    );
    expect(replies[3]?.headers['retry-after']).toBeDefined();
    expect(gateway.database.statements.length).toBe(before);
  });
});

describe('a refusal by the rate limit', () => {
  it('has the format of GraphQL or REST, and writes nothing', async () => {
    const { gateway, books } = await start({ perCredential: 6 });
    const note = await books.creditNote('100.00');
    const path = `/api/credit-notes/${note.id}/refunds`;
    const body = books.restBody();
    while ((await ask(gateway, CALLS.graphql, books.client.headers)).statusCode !== 429);
    const before = await books.snapshot();
    const details = { policy: 'credential', limit: 6, windowSeconds: 60, retryAfterSeconds: expect.any(Number) };

    const graphql = await books.client.graphql('{ me { name } }');
    const rest = await books.client.rest(path, body);
    const problem = await books.client.rest(path, body, { accept: 'application/problem+json' });

    expect([graphql.status, graphql.data]).toEqual([429, undefined]);
    const retryAfter = Number(graphql.headers['retry-after']);
    const extensions = { code: 'RATE_LIMITED', details, retryable: true, retryAfter, requestId: graphql.headers['x-request-id'] };
    expect(graphql.errors?.map((error) => error.extensions)).toEqual([extensions]);
    expect([rest.status, rest.json]).toEqual([
      429,
      {
        statusCode: 429,
        message: expect.stringContaining('6 requests in 60 seconds'),
        error: 'Too Many Requests',
        errors: [{ statusCode: 429, type: 'RATE_LIMITED', message: expect.any(String), payload: details }],
      },
    ]);
    expect(problem.headers['content-type']).toContain('application/problem+json');
    expect(problem.json).toMatchObject({ status: 429, title: 'Rate limited', code: 'RATE_LIMITED', details, retryable: true });
    expect(problem.headers['retry-after']).toBe(String(problem.json.retryAfter));
    expect(await books.snapshot()).toEqual(before);
  });

  it('comes before the body has arrived, and closes the connection', async () => {
    const { gateway } = await start({ perAddress: 1 });
    await ask(gateway, CALLS.rest, {}, '127.0.0.1');
    await gateway.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = gateway.app.server.address() as AddressInfo;

    for (const length of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`);
      const reply = (await socket.setEncoding('utf8').toArray()).join('');

      expect(reply).toMatch(/^HTTP\/1\.1 429 /);
      expect(reply).toMatch(/^connection: close\r$/im);
    }
  });

  it('can be read by scripts of the allowed origins', async () => {
    const origin = 'https://app.example';
    const { gateway } = await start({ perAddress: 1 }, { corsOrigins: [origin] });
    await ask(gateway, CALLS.graphql);

    const { statusCode, headers } = await ask(gateway, CALLS.graphql, { origin });

    expect([statusCode, headers['access-control-allow-origin']]).toEqual([429, origin]);
    expect(String(headers['access-control-expose-headers']).split(', ')).toEqual(
      expect.arrayContaining(['ratelimit', 'ratelimit-policy', 'retry-after']),
    );
  });
});

describe('a budget', () => {
  it('belongs to an API key across GraphQL and REST; each key has its own', async () => {
    const { gateway, books } = await start({ perCredential: 3 });
    const other = await anotherKey(gateway, books);
    for (const call of Object.values(CALLS)) expect((await ask(gateway, call, books.client.headers)).statusCode).not.toBe(429);

    expect((await ask(gateway, CALLS.rest, books.client.headers)).statusCode).toBe(429);
    expect((await ask(gateway, CALLS.graphql, other.headers)).statusCode).toBe(200);
  });

  it('belongs to a user, whichever token the request carries', async () => {
    const { gateway, books } = await start({ perCredential: 2 });
    const em = gateway.database.superuser;
    await em.query(`insert into users (subject, name) values ('ann', 'Ann')`);
    await em.query(
      `insert into memberships (organization_id, user_id, role) select $1, id, 'VIEWER' from users where subject = 'ann'`,
      [books.organization.id],
    );
    const token = async (expires: string) => ({
      authorization: `Bearer ${await signJwt('ann', JWT.key, expires)}`,
      'organization-id': books.organization.publicId,
    });

    const statuses = [];
    for (const expires of ['1h', '2h', '3h']) statuses.push((await ask(gateway, CALLS.graphql, await token(expires))).statusCode);

    expect(statuses).toEqual([200, 200, 429]);
  });

  it('belongs to an IPv4 address in either notation, or to an IPv6 network of 64 bits', async () => {
    const { gateway } = await start({ perAddress: 1 });
    const status = async (address: string) => (await ask(gateway, CALLS.rest, {}, address)).statusCode;

    expect([await status('192.0.2.1'), await status('::ffff:192.0.2.1'), await status('192.0.2.2')]).toEqual([401, 429, 401]);
    expect([await status('2001:db8:0:1::1'), await status('2001:db8:0:1:ffff::2'), await status('2001:db8:0:2::1')]).toEqual([
      401, 429, 401,
    ]);
  });

  it('belongs to the address that the trusted proxy has seen, not to one that the client claims', async () => {
    const { gateway } = await start({ perAddress: 1 }, { clientIp: 'forwarded', trustedProxies: 1 });
    const status = async (forwarded: string) => (await ask(gateway, CALLS.rest, { 'x-forwarded-for': forwarded })).statusCode;

    expect([await status('1.1.1.1, 203.0.113.7'), await status('2.2.2.2, 203.0.113.7'), await status('203.0.113.8')]).toEqual([
      401, 429, 401,
    ]);
  });
});

describe('an address without remaining budget', () => {
  it('is still open to credentials that were valid recently, but not to unknown ones', async () => {
    const { gateway, books } = await start({ perAddress: 2 });
    const unseen = await anotherKey(gateway, books);
    await ask(gateway, CALLS.graphql, books.client.headers);
    while ((await ask(gateway, CALLS.rest, randomKey())).statusCode !== 429);

    for (const call of Object.values(CALLS)) {
      const reply = await ask(gateway, call, books.client.headers);
      expect([reply.statusCode === 429, fieldsOf(reply).policy]).toEqual([false, 'credential']);
    }
    expect((await ask(gateway, CALLS.graphql, unseen.headers)).statusCode).toBe(429);
    expect((await ask(gateway, CALLS.graphql, unseen.headers, '192.0.2.9')).statusCode).toBe(200);
  });

  it('is closed to a key that was revoked or names another organization', async () => {
    const { gateway, books } = await start({ perAddress: 3 });
    const other = await gateway.books();
    const key = await anotherKey(gateway, books);
    await ask(gateway, CALLS.graphql, key.headers);
    const elsewhere = { ...key.headers, 'organization-id': other.organization.publicId };

    const statuses = [(await ask(gateway, CALLS.graphql, elsewhere)).statusCode];
    await gateway.database.superuser.query('update api_keys set revoked_at = now() where id = $1', [key.id]);
    for (let index = 0; index < 4; index += 1) statuses.push((await ask(gateway, CALLS.graphql, key.headers)).statusCode);

    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  it('cannot exceed its budget by parallel requests: no more keys are looked up than requests remain', async () => {
    const { gateway } = await start({ perAddress: 5 });

    const replies = await Promise.all(Array.from({ length: 50 }, () => ask(gateway, CALLS.rest, randomKey())));

    const statuses = replies.map(({ statusCode }) => statusCode);
    expect([statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length]).toEqual([
      5, 45,
    ]);
  });

  it('does not refuse parallel requests with a valid key that was never seen before', async () => {
    const { gateway, books } = await start({ perAddress: 2 });

    const replies = await Promise.all(Array.from({ length: 50 }, () => ask(gateway, CALLS.graphql, books.client.headers)));

    expect(new Set(replies.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  });
});

describe('the budget of an address', () => {
  it('is spent by unknown paths, the page and the schema, but not by preflights and probes', async () => {
    const { gateway } = await start({ perAddress: 2 }, { corsOrigins: ['https://app.example'] });
    const get = (url: string, accept = '*/*') => gateway.app.inject({ url, headers: { accept } });
    const preflight = () =>
      gateway.app.inject({
        method: 'OPTIONS',
        url: '/graphql',
        headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
      });

    for (let index = 0; index < 5; index += 1) {
      expect((await preflight()).statusCode).toBe(204);
      expect([(await get('/healthz')).statusCode, (await get('/readyz')).statusCode]).toEqual([200, 200]);
    }
    expect((await get('/nowhere')).statusCode).toBe(404);
    expect((await get('/')).statusCode).toBe(200);
    for (const url of ['/', '/nowhere', '/api/nowhere', '/graphql']) expect((await get(url, 'text/html')).statusCode).toBe(429);
    const { headers } = await get('/healthz');
    expect(headers.ratelimit).toBeUndefined();
  });
});

it('sends no RateLimit headers when the limit is off', async () => {
  const { gateway, books } = await start({}, { rateLimit: null });
  for (const headers of [books.client.headers, randomKey()]) {
    const reply = await ask(gateway, CALLS.graphql, headers);
    expect([reply.headers.ratelimit, reply.headers['ratelimit-policy']]).toEqual([undefined, undefined]);
  }
});
