import { expect, it } from '@jest/globals';
import { sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const hidden = sharedGateway({ introspection: false });

it('the reference of REST loads all of its files from the gateway, and runs no script in its page', async () => {
  const { statusCode, headers, body } = await gateway.app.inject('/docs');

  expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'; style-src 'self';/);
  const files = [...body.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path = '']) => path);
  expect(files.map((path) => path.split('/').at(-1))).toEqual(['swagger-ui.css', 'swagger-ui-bundle.js', 'start.js']);
  for (const path of files) expect([path, (await gateway.app.inject(path)).statusCode]).toEqual([path, 200]);
});

it('the documents below its path stay where they are', async () => {
  expect((await gateway.app.inject('/docs/rest.md')).headers['content-type']).toMatch(/markdown/);
});

it('the reference is private where the schema of GraphQL is', async () => {
  expect((await hidden.app.inject('/docs')).statusCode).toBe(404);
});
