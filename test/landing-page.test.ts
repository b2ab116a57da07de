import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Gateway } from './helpers/gateway.js';

const SECRET = 'bc_the-key-of-the-demo';
const demo = {
  apiKey: SECRET,
  keyCommand: 'node -p \'require("/d/demo.json").apiKey\'',
  document: 'mutation { x }',
  variables: { input: { creditNoteId: '2', fromAccountId: '1', amount: '25.00', description: "It's < 30" } },
};

const started: Gateway[] = [];
async function start(options: Parameters<typeof Gateway.start>[0]) {
  const gateway = await Gateway.start(options);
  started.push(gateway);
  return gateway;
}
afterAll(async () => {
  for (const gateway of started) await gateway.stop();
});

const linksIn = (page: string) => [...page.matchAll(/href="(\/[^"]*)"/g)].map(([, path = '']) => path);
const textIn = (page: string) =>
  (/<pre[^>]*><code>(.*?)<\/code>/s.exec(page)?.[1] ?? '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

describe('the page at the root', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await start({ desk: true, demo });
  });

  it('says what this is, and leads to the desk, the explorers, the documents and the health', async () => {
    const { statusCode, headers, body } = await gateway.app.inject({ url: '/' });

    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toMatch(/<h1>Credit-note refunds<\/h1>\s*<p>When a customer holds an open credit note/);
    const links = linksIn(body);
    for (const path of [
      '/desk',
      '/graphiql',
      '/graphql',
      '/docs/graphql.md',
      '/schema.graphql',
      '/errors',
      '/llms.txt',
      '/readyz',
    ]) {
      expect(links).toContain(path);
    }
  });

  it('leads only to what is served', async () => {
    const { body } = await gateway.app.inject({ url: '/' });
    const replies = await Promise.all(
      linksIn(body).map(async (url) => [url, (await gateway.app.inject({ url, headers: { accept: 'text/html' } })).statusCode]),
    );

    expect(replies.length).toBeGreaterThan(5);
    expect(replies.filter(([, status]) => status !== 200)).toEqual([]);
  });

  it('has no script, loads nothing, and cannot be framed', async () => {
    const { headers, body } = await gateway.app.inject({ url: '/' });
    const style = /<style>(.*?)<\/style>/s.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');

    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(body).not.toMatch(/<script|style=|\son\w+=/);
    expect(headers).toMatchObject({
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  it("shows a refund of the demo's note by curl, which reads the key from demo.json", async () => {
    const { body } = await gateway.app.inject({ url: '/', headers: { host: '127.0.0.1:4711' } });

    expect(body).not.toContain(SECRET);
    const [key, curl, ...rest] = textIn(body).split('\n');
    expect([key, curl]).toEqual([`KEY=$(${demo.keyCommand})`, 'curl -s "http://127.0.0.1:4711/graphql" \\']);
    const [, sent = ''] = /-H "Authorization: Bearer \$KEY".* -d '(.*)'$/s.exec(rest.join('\n')) ?? [];
    expect(JSON.parse(sent.replaceAll("'\\''", "'"))).toEqual({
      query: expect.stringMatching(/^mutation Refund\(/),
      variables: { input: { ...demo.variables.input, referenceNo: 'REF-2', description: 'By curl' } },
    });
  });

  it('has the same headers for HEAD, and refuses other methods by name', async () => {
    const { statusCode, headers, body } = await gateway.app.inject({ method: 'HEAD', url: '/' });
    expect([statusCode, headers['content-type'], body]).toEqual([200, 'text/html; charset=utf-8', '']);

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const reply = await gateway.app.inject({ method, url: '/' });
      expect([reply.statusCode, reply.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
  });
});

it('leads to the desk alone where the schema is private', async () => {
  const gateway = await start({ desk: true, introspection: false });
  const { body } = await gateway.app.inject({ url: '/' });

  expect(linksIn(body)).toEqual(['/desk', '/errors', '/readyz']);
  expect(textIn(body)).toContain('curl -s "$GATEWAY/graphql"');
});

it('leads to the explorers where the desk is off', async () => {
  const gateway = await start({ desk: false, introspection: true });
  const { body } = await gateway.app.inject({ url: '/' });

  expect(linksIn(body)).not.toContain('/desk');
  expect(linksIn(body)).toContain('/graphiql');
});

it('is not found where neither the desk nor the schema is served', async () => {
  const gateway = await start({ desk: false, introspection: false });

  expect((await gateway.app.inject({ url: '/' })).statusCode).toBe(404);
});

it('counts as a request without a credential', async () => {
  const gateway = await start({ desk: true, rateLimit: { perCredential: 5, perAddress: 2, store: 'memory' } });
  const replies = [
    await gateway.app.inject({ url: '/' }),
    await gateway.app.inject({ url: '/' }),
    await gateway.app.inject({ url: '/' }),
  ];

  expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
});
