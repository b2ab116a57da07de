import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

const MUTATION = 'mutation { createBranch(input: { code: "B-GET", name: "By GET" }) { id } }';

/** The Accept header of urql 6. A GET request of urql has no Content-Type and none of Apollo's headers. */
const URQL = 'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

function get(parameters: Record<string, string>, headers: Record<string, string>) {
  return gateway.app.inject({ url: `/graphql?${new URLSearchParams(parameters)}`, headers: { accept: URQL, ...headers } });
}

it('answers the GET requests of urql and of caches, which have a credential and no other header', async () => {
  const query = 'query Me { me { role } }';
  const replies = await Promise.all([
    get({ query, operationName: 'Me', variables: '{}' }, books.client.headers),
    get({ query }, { ...books.client.headers, accept: '*/*' }),
  ]);

  for (const reply of replies) expect([reply.statusCode, reply.json().data]).toEqual([200, { me: { role: 'ADMIN' } }]);
  expect(replies[0]?.headers['content-type']).toContain('application/graphql-response+json');
});

it('never executes a mutation by GET, and says which method does', async () => {
  const before = await books.everything();
  for (const header of ['user-agent', 'content-type', 'apollo-require-preflight']) {
    const reply = await get({ query: MUTATION }, { ...books.client.headers, [header]: 'application/json' });
    expect([reply.statusCode, reply.headers.allow]).toEqual([405, 'POST']);
  }
  const several = await get(
    { query: `query Me { me { role } } ${MUTATION.replace('{', 'Branch {')}`, operationName: 'Branch' },
    books.client.headers,
  );

  expect([several.statusCode, several.headers.allow]).toEqual([405, 'POST']);
  expect(await books.everything()).toEqual(before);
});

it('executes nothing for a page of another site, which cannot send a credential without a preflight', async () => {
  const evil = { origin: 'https://evil.example' };
  const preflight = await gateway.app.inject({
    method: 'OPTIONS',
    url: '/graphql',
    headers: { ...evil, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
  });

  expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  expect((await get({ query: '{ me { role } }' }, evil)).statusCode).toBe(401);
  expect((await get({ query: '{ me { role } }' }, { ...evil, authorization: 'Basic dXNlcjpwYXNz' })).statusCode).toBe(401);
  expect((await get({ query: '{ __typename }' }, evil)).statusCode).toBe(400);
});
