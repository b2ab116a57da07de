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
  return (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    gateway.app.inject({ method, url, headers });
}

const file = (path: string) => readFile(new URL(`../..${path}`, import.meta.url), 'utf8');

it.each(['/schema.graphql', '/llms.txt', '/docs/graphql.md'])(
  '%s is served to everybody, and once for each version',
  async (url) => {
    const ask = await start({ introspection: true });
    const reply = await ask(url);
    const { etag } = reply.headers;

    const type = url.endsWith('.md') ? 'text/markdown' : 'text/plain';
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, `${type}; charset=utf-8`]);
    expect(reply.body).toBe(await file(url));
    expect(reply.headers['cache-control']).toBe('public, max-age=300');
    for (const tags of [String(etag), `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(url, { 'if-none-match': tags });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
    expect((await ask(url, { 'if-none-match': '"other"' })).statusCode).toBe(200);
    expect((await ask(url, {}, 'HEAD')).statusCode).toBe(200);
    expect((await ask(url, {}, 'POST')).statusCode).toBe(405);
  },
);

it('llms.txt has a title, a summary, and links with a sentence each, all of which are served', async () => {
  const ask = await start({ introspection: true });
  const text = (await ask('/llms.txt')).body;
  const links = [...text.matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S.*$/gm)].map(([, link = '']) => `/${link}`);

  expect(text).toMatch(/^# .+\n\n> .+\n/);
  expect(links).toHaveLength(text.match(/\]\(/g)?.length ?? 0);
  expect(links).toContain('/docs/graphql/errors.md');
  for (const link of links) expect([link, (await ask(link)).body]).toEqual([link, await file(link)]);
});

it('a link of a served document to another one leads to a served document', async () => {
  const ask = await start({ introspection: true });
  const visited = new Set(['/llms.txt']);
  for (const url of visited) {
    const { statusCode, body } = await ask(url);
    expect([url, statusCode]).toEqual([url, 200]);
    for (const [, path = ''] of body.matchAll(/\]\((?!https?:)([^)#]+)/g))
      visited.add(new URL(path, `http://localhost${url}`).pathname);
  }

  expect([...visited]).toEqual(expect.arrayContaining(['/docs/legacy-comparison.md', '/docs/adr/021-dates.md']));
});

it('serves no other file', async () => {
  const ask = await start({ introspection: true });

  for (const url of [
    '/docs/operations.md',
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/adr/README.md',
    '/README.md',
    '/docs/no-such-file',
  ])
    expect([url, (await ask(url)).statusCode]).toEqual([url, 404]);
});

it('serves none of them while the schema is private', async () => {
  const ask = await start({ introspection: false });

  for (const url of ['/schema.graphql', '/llms.txt', '/docs/graphql.md']) expect((await ask(url)).statusCode).toBe(404);
});

it('counts as a request without a credential', async () => {
  const ask = await start({ rateLimit: { perCredential: 5, perAddress: 2, store: 'memory' } });
  const replies = [await ask('/schema.graphql'), await ask('/llms.txt'), await ask('/docs/graphql.md')];

  expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
});
