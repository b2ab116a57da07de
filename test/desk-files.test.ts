import { readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { Gateway, sharedGateway } from './helpers/gateway.js';

const STUDIO = 'https://studio.apollographql.com';

const gateway = sharedGateway({ desk: true, corsOrigins: [STUDIO] });

const ask = (url: string, headers: Record<string, string> = {}, method: InjectOptions['method'] = 'GET') =>
  gateway.app.inject({ method, url, headers });

/** A script of the built desk. */
function script(): string {
  const name = readdirSync(new URL('../web/assets/', import.meta.url)).find((file) => file.endsWith('.js'));
  return `/desk/assets/${name}`;
}

describe('the page of the desk', () => {
  it.each(['/desk', '/desk/', '/desk?status=OPEN', '/DESK', '/desk/credit-notes/2', '/desk/credit-notes/2?tab=1.5', '/desk/a/b/c'])(
    'is served at %s, for the desk itself to show the view',
    async (url) => {
      const { statusCode, headers, body } = await ask(url);

      expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toContain('/desk/assets/');
    },
  );

  it('is asked for again each time, and sent again only when it has changed', async () => {
    const { headers } = await ask('/desk');
    expect(headers['cache-control']).toBe('no-cache');

    const again = await ask('/desk', { 'if-none-match': String(headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    // A cache replaces the headers that it has kept by those of a 304.
    expect(again.headers['content-security-policy']).toBe(headers['content-security-policy']);
  });

  it('loads only files of the gateway, calls only the gateway, and cannot be framed', async () => {
    const { headers, body } = await ask('/desk/credit-notes/2');

    expect(String(headers['content-security-policy']).split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    // The policy would refuse them.
    expect(body).not.toMatch(/<style|style=|<script(?![^>]* src="\/desk\/)|https?:\/\//);
  });
});

describe('a file of the desk', () => {
  it('is kept forever if its name has a hash of its content', async () => {
    const { statusCode, headers } = await ask(script());

    expect([statusCode, headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it('is sent compressed to a client that accepts it', async () => {
    const plain = await ask(script());
    const { headers, rawPayload } = await ask(script(), { 'accept-encoding': 'gzip, deflate, br, zstd' });

    expect(headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect([String(headers.vary).toLowerCase(), String(plain.headers.vary).toLowerCase()]).toEqual([
      'accept-encoding',
      'accept-encoding',
    ]);
    expect(gunzipSync(rawPayload).toString()).toBe(plain.body);
    expect(plain.headers['content-encoding']).toBeUndefined();
    // Replies of a known length count against the limits of replies that nobody reads.
    expect(plain.headers['content-length']).toBe(String(plain.rawPayload.length));
    for (const accepted of ['', 'identity', 'br', 'gzip;q=0', 'gzip;q=0, *']) {
      expect([accepted, (await ask(script(), { 'accept-encoding': accepted })).headers['content-encoding']]).toEqual([
        accepted,
        undefined,
      ]);
    }
  });

  it.each([
    '/desk/assets/other.js',
    '/desk/assets/index',
    '/desk/assets/',
    '/desk/assets/%00.js',
    '/desk/assets/a%ff.js',
    `/desk/assets/${'a'.repeat(900)}.js`,
    '/desk/favicon.png',
    '/desk/.env',
    '/desk/assets/.htaccess',
    '/desk/index.html.gz/x.js',
  ])('is not found: %s', async (url) => {
    const { statusCode, headers } = await ask(url);

    expect([statusCode, headers['content-type']]).toEqual([404, 'application/json; charset=utf-8']);
    expect(headers['cache-control']).toBeUndefined();
  });

  it.each([
    '/desk/../package.json',
    '/desk/%2e%2e/package.json',
    '/desk/..%2f..%2fpackage.json',
    '/desk/assets/..%2f..%2f..%2fpackage.json',
  ])('is in the folder of the desk: %s', async (url) => {
    const { statusCode, body } = await ask(url);

    expect([403, 404]).toContain(statusCode);
    expect(body).not.toContain('dependencies');
  });
});

describe('each path of the desk', () => {
  const paths = () => ['/desk', '/desk/credit-notes/2', script()];

  it('has the same headers for HEAD, without a body', async () => {
    for (const path of paths()) {
      const [get, head] = [await ask(path), await ask(path, {}, 'HEAD')];
      const { date: _, 'x-request-id': __, ...headers } = get.headers;
      expect([path, head.statusCode, head.body, head.headers]).toMatchObject([path, 200, '', headers]);
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('refuses %s and names its methods', async (method) => {
    for (const path of paths()) {
      const { statusCode, headers } = await ask(path, {}, method);
      expect([path, statusCode, headers.allow]).toEqual([path, 405, 'GET, HEAD, OPTIONS']);
    }
  });

  it('is readable by no other origin', async () => {
    for (const path of paths()) {
      const { headers } = await ask(path, { origin: STUDIO });
      expect([path, Object.keys(headers).filter((name) => name.startsWith('access-control'))]).toEqual([path, []]);
    }
  });

  it('is refused for an unknown host name (DNS rebinding)', async () => {
    for (const path of paths()) expect([path, (await ask(path, { host: 'evil.example' })).statusCode]).toEqual([path, 421]);
  });
});

it('the desk counts as requests without a credential', async () => {
  const limited = await Gateway.start({ desk: true, rateLimit: { perCredential: 5, perAddress: 3, store: 'memory' } });
  const statuses: number[] = [];
  for (const url of ['/desk', '/desk/credit-notes/1', script(), '/desk', script()]) {
    statuses.push((await limited.app.inject({ url })).statusCode);
  }
  await limited.stop();

  expect(statuses).toEqual([200, 200, 200, 429, 429]);
});

it('nothing of the desk is served while it is off', async () => {
  const closed = await Gateway.start({ desk: false });
  const statuses: number[] = [];
  for (const url of ['/desk', '/desk/credit-notes/1', script()]) statuses.push((await closed.app.inject({ url })).statusCode);
  statuses.push((await closed.app.inject({ method: 'POST', url: '/desk/session' })).statusCode);
  await closed.stop();

  expect(statuses).toEqual([404, 404, 404, 404]);
});
