import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { Gateway, sharedGateway } from './helpers/gateway.js';

const SECRET = 'bc_the-key-of-the-demo';
const demo = { apiKey: SECRET, keyCommand: 'cat key', document: '{ me { name } }', variables: { input: { amount: '25.00' } } };
const OWN_PAGE = { host: 'localhost:4000', origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' };

const gateway = sharedGateway({ desk: false, demo });

const ask = (url: string, headers: Record<string, string> = {}) => gateway.app.inject({ url, headers });

/** The paths of the files that the page loads. */
async function files(): Promise<string[]> {
  const { body } = await ask('/graphiql');
  return [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
}

describe('GraphiQL', () => {
  it('loads all of its files from the gateway, each kept forever', async () => {
    const loaded = await files();
    const [folder] = (loaded[0] ?? '').split(/[^/]+$/);

    expect(loaded.map((path) => path.split('/').at(-1))).toEqual(['graphiql.css', 'graphiql.js', 'start.js']);
    for (const path of [...loaded, ...['editorWorkerService.js', 'json.js', 'graphql.js'].map((name) => `${folder}${name}`)]) {
      const { statusCode, headers, rawPayload } = await ask(path, { 'accept-encoding': 'gzip' });
      expect([path, statusCode, headers['cache-control'], headers['content-encoding']]).toEqual([
        path,
        200,
        'public, max-age=31536000, immutable',
        'gzip',
      ]);
      expect(gunzipSync(rawPayload).length).toBeGreaterThan(100);
    }
  });

  it('runs no script in its page, and calls only the gateway', async () => {
    const { headers, body } = await ask('/graphiql');

    expect(String(headers['content-security-policy']).split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      "connect-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(body).not.toMatch(/<script(?![^>]* src="\/graphiql\/assets\/)|<style|https?:\/\//);
    expect(body).not.toContain(SECRET);
  });

  it('gets the key and the operation of the demo, by the rules of the sign-in of the desk', async () => {
    const sign = (headers: Record<string, string>) => gateway.app.inject({ method: 'POST', url: '/graphiql/session', headers });

    expect((await sign(OWN_PAGE)).json()).toEqual({
      apiKey: SECRET,
      operation: { document: demo.document, variables: demo.variables },
    });
    for (const headers of [
      { ...OWN_PAGE, 'sec-fetch-site': 'cross-site' },
      { ...OWN_PAGE, origin: 'https://evil.example' },
      { host: 'localhost:4000' },
      { ...OWN_PAGE, host: 'evil.example' },
    ]) {
      const { statusCode, body } = await sign(headers);
      expect([404, 421]).toContain(statusCode);
      expect(body).not.toContain(SECRET);
    }
  });

  it('has no views below its path', async () => {
    expect((await ask('/graphiql/x')).statusCode).toBe(404);
  });

  it('is not served while the schema is private', async () => {
    const closed = await Gateway.start({ desk: true, introspection: false });
    const statuses = await Promise.all(
      ['/graphiql', ...(await files())].map(async (url) => (await closed.app.inject({ url })).statusCode),
    );
    await closed.stop();

    expect(statuses).toEqual([404, 404, 404, 404]);
  });
});
