import { expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const ORIGIN = 'https://books.example';

const gateway = sharedGateway({ corsOrigins: [ORIGIN] });
const books = sharedBooks(gateway);

const READ = 'GET, HEAD, OPTIONS';

const PATHS: [string, string][] = [
  ['/', READ],
  ['/healthz', READ],
  ['/readyz', READ],
  ['/graphql', 'GET, POST, OPTIONS'],
  ['/schema.graphql', READ],
  ['/llms.txt', READ],
  ['/docs/graphql.md', READ],
  ['/errors', READ],
  ['/errors/NOT_FOUND', READ],
  ['/api/accounts', READ],
  ['/API/Accounts/', READ],
  ['/api/accounts/1', READ],
  ['/api/credit-notes/1/refunds?x=1', 'GET, HEAD, POST, OPTIONS'],
  ['/api/credit-notes/refunds/1', 'DELETE, GET, HEAD, OPTIONS'],
];

function ask(method: string, url: string, headers: Record<string, string> = {}, payload?: string) {
  return gateway.app.inject({
    method: method as InjectOptions['method'] & string,
    url,
    headers,
    ...(payload !== undefined && { payload }),
  } as InjectOptions);
}

it.each(['/nowhere', '/api', '/api/nowhere?x=1', '/docs/nowhere'])('HEAD of %s has the length of what GET returns', async (url) => {
  const [head, get] = [await ask('HEAD', url), await ask('GET', url)];
  expect([head.statusCode, head.headers['content-length'], head.body]).toEqual([404, String(Buffer.byteLength(get.body)), '']);
});

it.each(PATHS)('%s refuses other methods with 405 and Allow, whatever the body is', async (url, allow) => {
  for (const method of ['PUT', 'PATCH', 'PROPFIND'].filter((each) => !allow.includes(each))) {
    const reply = await ask(method, url, { 'content-type': 'text/plain' }, method === 'PROPFIND' ? undefined : 'x');
    expect([method, reply.statusCode, reply.headers.allow, reply.headers['x-request-id']]).toEqual([
      method,
      405,
      allow,
      expect.any(String),
    ]);
    expect(reply.body).toContain('METHOD_NOT_ALLOWED');
  }
});

it.each(PATHS)('OPTIONS %s lists the methods without an origin, and with a foreign one', async (url, allow) => {
  for (const headers of [{}, { origin: 'https://evil.example' }] as Record<string, string>[]) {
    const reply = await ask('OPTIONS', url, headers);
    expect([reply.statusCode, reply.headers.allow, reply.body]).toEqual([204, allow, '']);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
    expect(reply.headers['x-request-id']).toBeDefined();
  }
});

it('a browser on an allowed origin may ask for each method of REST', async () => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const reply = await ask('OPTIONS', '/api/credit-notes/refunds/1', {
      origin: ORIGIN,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,organization-id,accept-language',
    });
    expect([reply.statusCode, reply.headers['access-control-allow-origin']]).toEqual([204, ORIGIN]);
    expect(String(reply.headers['access-control-allow-methods'])).toContain(method);
  }
});

it('an unknown path is a 404 for each method, also with a body that is no JSON', async () => {
  for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
    const reply = await ask(method, '/api/nothing', { 'content-type': 'text/plain' });
    expect([method, reply.statusCode]).toEqual([method, 404]);
  }
});

it('HEAD has the headers of GET', async () => {
  const { headers } = books.client;
  for (const url of ['/api/accounts', '/healthz', '/errors/NOT_FOUND']) {
    const [get, head] = [await ask('GET', url, headers), await ask('HEAD', url, headers)];
    expect([head.statusCode, head.body]).toEqual([200, '']);
    for (const name of ['content-type', 'etag', 'cache-control', 'vary'])
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
  }
});
