import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { readConfig } from '../src/config.js';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

const SECRET = 'bc_the-key-in-the-page';
const STUDIO = 'https://studio.apollographql.com';
const PAGE = { url: '/graphql', headers: { accept: 'text/html,application/xhtml+xml' } };
const content = { document: '{ me { name } }', variables: {}, apiKey: SECRET, keyCommand: '' };

const { corsOrigins } = readConfig({});
const demo = sharedGateway({ corsOrigins, demo: content });
const exposed = sharedGateway({ corsOrigins, demo: content, host: '0.0.0.0' });
const books = sharedBooks(demo);

function ask({ app }: Gateway, options: InjectOptions, headers: Record<string, string> = {}) {
  return app.inject({ ...options, headers: { ...options.headers, ...headers } });
}

/** A request with the credential to GraphQL by POST, GraphQL by GET, and REST. */
function calls(headers: Record<string, string> = {}): InjectOptions[] {
  const sent = { ...books.client.headers, 'content-type': 'application/json', ...headers };
  return [
    { method: 'POST', url: '/graphql', headers: sent, payload: '{"query":"{ me { name } }"}' },
    { method: 'GET', url: '/graphql?query=%7Bme%7Bname%7D%7D', headers: { ...sent, 'apollo-require-preflight': 'true' } },
    { method: 'POST', url: '/api/credit-notes/1/refunds', headers: sent, payload: '{}' },
  ];
}

describe('the page with the demo key', () => {
  it.each([
    ['an unknown origin', 'https://evil.example'],
    ['an origin that may call', STUDIO],
    ['no origin at all', 'null'],
  ])('is not readable by scripts of %s', async (_, origin) => {
    for (const options of [PAGE, { ...PAGE, headers: { accept: 'text/*' } }]) {
      const { headers } = await ask(demo, options, { origin });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('contains the key only for a local host name', async () => {
    for (const host of ['localhost:4000', 'LOCALHOST', '127.0.0.1:4000', '127.0.0.1', '[::1]:4000', '[::1]']) {
      const { statusCode, body } = await ask(demo, PAGE, { host });
      expect([host, statusCode, body.includes(SECRET)]).toEqual([host, 200, true]);
    }
  });

  it.each(['evil.example:4000', 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost:4000:4000', '['])(
    'is refused for the host "%s", wherever the gateway listens',
    async (host) => {
      for (const gateway of [demo, exposed]) {
        for (const accept of ['text/html', 'text/*', '*/*, application/json;q=0', 'text/html, application/problem+json']) {
          const { statusCode, body } = await ask(gateway, { ...PAGE, headers: { accept } }, { host });
          expect(statusCode).toBeGreaterThanOrEqual(400);
          expect(statusCode).toBeLessThan(500);
          expect(body).not.toContain(SECRET);
        }
      }
    },
  );

  it('loads the Sandbox and its own scripts only, connects only to the gateway, and cannot be framed', async () => {
    const { headers, body } = await ask(demo, PAGE);
    const policy = new Map(
      String(headers['content-security-policy'])
        .split(';')
        .map((directive) => directive.trim().split(/ (.*)/s) as [string, string]),
    );
    const nonces = [...body.matchAll(/<(?:script|style) nonce="?([^\s">]+)/g)].map(([, nonce]) => nonce);

    expect(policy.get('default-src')).toBe("'none'");
    expect(policy.get('connect-src')).toBe("'self'");
    expect(policy.get('frame-ancestors')).toBe("'none'");
    expect(policy.get('base-uri')).toBe("'none'");
    expect(policy.get('script-src')).toContain('https://embeddable-sandbox.cdn.apollographql.com');
    expect(policy.get('frame-src')).toContain('https://sandbox.embed.apollographql.com');
    expect(policy.get('style-src')).toContain('https://fonts.googleapis.com');
    expect(String(headers['content-security-policy'])).not.toContain('unsafe-inline');
    // Each inline script and style has a nonce that both directives contain.
    expect(nonces.length).toBeGreaterThan(3);
    for (const directive of ['script-src', 'style-src']) {
      for (const nonce of nonces) expect(policy.get(directive)).toContain(`'nonce-${nonce}'`);
    }
    expect(body.match(/<(script|style)(?! nonce=)/)).toBeNull();
    expect(headers).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(String(headers.vary).toLowerCase()).toContain('origin');
  });
});

it('the page is refused to a client that sends no Host header', async () => {
  await exposed.app.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((exposed.app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.end('GET /graphql HTTP/1.0\r\nAccept: text/html\r\n\r\n');
  const reply = (await socket.setEncoding('utf8').toArray()).join('');

  expect(reply).toMatch(/^HTTP\/1\.1 421 /);
  expect(reply).not.toContain(SECRET);
});

describe('a call with a credential', () => {
  it('can be read by pages of the hosted Sandbox, and by no other site', async () => {
    const allowed = async (origin: string) =>
      Promise.all(calls({ origin }).map(async (call) => (await ask(demo, call)).headers['access-control-allow-origin']));

    expect(await allowed(STUDIO)).toEqual([STUDIO, STUDIO, STUDIO]);
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost:5173',
      'https://studio.apollographql.com.evil.example',
    ]) {
      expect(await allowed(origin)).toEqual([undefined, undefined, undefined]);
    }
  });

  it('is refused, in the format of GraphQL or REST, for an unknown host name (DNS rebinding)', async () => {
    const [post, get, rest] = await Promise.all(calls({ host: 'evil.example:4000' }).map((call) => ask(demo, call)));
    const problem = await ask(demo, { ...calls()[2] }, { host: 'evil.example', accept: 'application/problem+json' });
    const page = await ask(demo, { url: '/nowhere' }, { host: 'evil.example' });

    for (const reply of [post, get]) {
      expect([reply?.statusCode, reply?.json().errors[0].extensions]).toMatchObject([
        421,
        { code: 'HOST_NOT_ALLOWED', details: { host: 'evil.example:4000' } },
      ]);
    }
    expect([rest?.statusCode, rest?.json().errors[0].type]).toEqual([421, 'HOST_NOT_ALLOWED']);
    expect([problem.statusCode, problem.json().code]).toEqual([421, 'HOST_NOT_ALLOWED']);
    expect(page.statusCode).toBe(421);
  });

  it('is accepted for any host name if the gateway listens to the network', async () => {
    const [call] = calls({ host: 'refunds.example' });
    const { books: _, ...headers } = { books, ...(await exposed.books()).client.headers };
    expect((await ask(exposed, { ...call }, headers)).statusCode).toBe(200);
  });

  it('is accepted only for the configured host names if there are any', async () => {
    const named = await Gateway.start({ host: '0.0.0.0', allowedHosts: ['refunds.example', '[2001:db8::1]'] });
    const probe = (host: string, url = '/nowhere') => ask(named, { url, headers: { host } });
    const statuses = await Promise.all([
      probe('refunds.example'),
      probe('Refunds.Example:443'),
      probe('[2001:db8::1]:4000'),
      probe('localhost:4000'),
      probe('evil.example'),
      probe('10.0.0.7:4000', '/healthz'),
    ]);
    await named.stop();

    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404, 421, 200]);
  });

  it('has headers that forbid browsers to render, frame, sniff or share the reply', async () => {
    for (const call of [...calls(), { url: '/nowhere' }, { url: '/healthz' }]) {
      expect((await ask(demo, call)).headers).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    }
  });

  it('writes nothing when a form of another site sends it', async () => {
    const note = await books.creditNote('100.00');
    const before = await books.snapshot();
    const mutation = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
    const { creditNoteId, ...body } = books.refundInput(note.id);
    const payload = JSON.stringify({ query: mutation, variables: { input: { ...body, creditNoteId } } });
    const url = `/graphql?query=${encodeURIComponent(mutation)}&variables=${encodeURIComponent(JSON.stringify({ input: { ...body, creditNoteId } }))}`;
    const origin = 'https://evil.example';

    const replies = await Promise.all(
      [
        ...[
          'text/plain',
          'text/plain; a=application/json',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
        ].flatMap((type): InjectOptions[] => [
          { method: 'POST', url: '/graphql', payload, headers: { 'content-type': type } },
          {
            method: 'POST',
            url: `/api/credit-notes/${note.id}/refunds`,
            payload: JSON.stringify(body),
            headers: { 'content-type': type },
          },
        ]),
        { method: 'GET', url, headers: {} } as const,
        { method: 'GET', url, headers: { 'apollo-require-preflight': '1' } } as const,
      ].map((options) => ask(demo, options, { ...books.client.headers, origin })),
    );

    expect(replies.map(({ statusCode }) => statusCode)).toEqual([...Array(8).fill(415), 405, 405]);
    expect(await books.snapshot()).toEqual(before);
  });
});
