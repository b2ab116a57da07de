import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { readConfig } from '../src/config.js';
import { Gateway, sharedGateway } from './helpers/gateway.js';

const SECRET = 'bc_the-key-of-the-demo';
const STUDIO = 'https://studio.apollographql.com';
const demo = { apiKey: SECRET, keyCommand: 'cat key', document: '{ me { name } }', variables: { input: { amount: '25.00' } } };

const { corsOrigins } = readConfig({});
const gateway = sharedGateway({ desk: true, demo, corsOrigins });
const exposed = sharedGateway({ desk: true, demo, corsOrigins: [STUDIO, 'http://localhost:5173'], host: '0.0.0.0' });

/** What a browser sends for a page that the gateway has served. */
const OWN_PAGE = { host: 'localhost:4000', origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' };

const ask = (headers: Record<string, string | undefined>, options: InjectOptions = {}, { app } = gateway) => {
  const sent = Object.fromEntries(Object.entries({ ...OWN_PAGE, ...headers }).filter(([, value]) => value !== undefined));
  return app.inject({ method: 'POST', url: '/desk/session', headers: sent as Record<string, string>, ...options });
};

const corsHeaders = (headers: Record<string, unknown>) =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-allow'));

describe('a page of the gateway', () => {
  it.each(['localhost:4000', '127.0.0.1:4000', '[::1]:4000', 'LOCALHOST:4000', 'localhost'])(
    'gets the key of the demo, as %s',
    async (host) => {
      for (const at of [gateway, exposed]) {
        const { statusCode, headers, body } = await ask({ host, origin: `http://${host.toLowerCase()}` }, {}, at);

        expect([statusCode, JSON.parse(body)]).toEqual([
          200,
          { apiKey: SECRET, operation: { document: demo.document, variables: demo.variables } },
        ]);
        expect(headers).toMatchObject({ 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' });
        expect(corsHeaders(headers)).toEqual([]);
      }
    },
  );

  it('gets it without an Origin header, too', async () => {
    expect((await ask({ origin: undefined })).json().apiKey).toBe(SECRET);
  });

  it('gets nothing where there is no demo', async () => {
    const own = await Gateway.start({ desk: true });
    const { statusCode, body } = await ask({}, {}, own);
    await own.stop();

    expect([statusCode, body]).toEqual([204, '']);
  });
});

describe('the key of the demo is refused', () => {
  const refused = async (headers: Record<string, string | undefined>, options: InjectOptions = {}) => {
    const statuses = new Set<number>();
    for (const at of [gateway, exposed]) {
      const reply = await ask(headers, options, at);
      expect(reply.body).not.toContain(SECRET);
      expect(corsHeaders(reply.headers)).toEqual([]);
      statuses.add(reply.statusCode);
    }
    return [...statuses];
  };

  it.each([
    ['that does not say where it comes from', undefined],
    ['of another site', 'cross-site'],
    ['of another origin of the site', 'same-site'],
    ['that a person makes by the address bar', 'none'],
    ['with an empty word', ''],
    ['with several words', 'same-origin, cross-site'],
    ['with an unknown word', 'Same-Origin'],
  ])('to a request %s', async (_, site) => {
    expect(await refused({ 'sec-fetch-site': site })).toEqual([404]);
  });

  it.each(['https://evil.example', STUDIO, 'http://localhost:5173', 'http://localhost:4001', 'null', 'localhost:4000', ''])(
    'to the origin "%s"',
    async (origin) => {
      expect(await refused({ origin })).toEqual([404]);
      expect(await refused({ origin, 'sec-fetch-site': 'cross-site' })).toEqual([404]);
    },
  );

  it.each(['evil.example:4000', 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '192.168.1.5:4000'])(
    'to the host "%s", wherever the gateway listens',
    async (host) => {
      expect(await refused({ host, origin: undefined })).toEqual([421]);
      expect(await refused({ host, origin: `http://${host}` })).toEqual([421]);
    },
  );

  it('to a host that is none', async () => {
    expect(await refused({ host: '[', origin: undefined })).toEqual([400]);
  });

  it.each(['PUT', 'PATCH', 'DELETE'] as const)('to %s', async (method) => {
    expect(await refused({}, { method })).toEqual([405]);
    expect((await ask({}, { method })).headers.allow).toContain('POST');
  });

  it.each(['GET', 'HEAD'] as const)('to %s, which asks for a view of the desk', async (method) => {
    expect((await ask({}, { method })).body).not.toContain(SECRET);
  });

  it('to a preflight, even of an origin that may call', async () => {
    const origin = { origin: STUDIO, 'sec-fetch-site': 'cross-site', 'access-control-request-method': 'POST' };

    expect(await refused(origin, { method: 'OPTIONS' })).toEqual([204]);
  });

  it('to a form of another site, whatever its body', async () => {
    const form = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' };

    expect(await refused(form, { payload: '{}' })).toEqual([404]);
  });
});

it('the key of the demo is refused to a client that sends no Host header', async () => {
  const socket = connect(await exposed.listen(), '127.0.0.1');
  socket.end('POST /desk/session HTTP/1.0\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\n\r\n');
  const reply = (await socket.setEncoding('utf8').toArray()).join('');

  expect(reply).toMatch(/^HTTP\/1\.1 421 /);
  expect(reply).not.toContain(SECRET);
});

it('the sign-in counts as a request without a credential', async () => {
  const limited = await Gateway.start({ desk: true, demo, rateLimit: { perCredential: 5, perAddress: 2, store: 'memory' } });
  const replies = [await ask({}, {}, limited), await ask({ origin: 'null' }, {}, limited), await ask({}, {}, limited)];
  await limited.stop();

  expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 404, 429]);
});
