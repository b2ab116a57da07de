import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Client, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const others = sharedBooks(gateway);

const persisted = (text: string) => ({
  persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') },
});

/** What Apollo Client sends: first the hash, and after PERSISTED_QUERY_NOT_FOUND the text with it. */
async function send(client: Client, body: Record<string, unknown>): Promise<unknown> {
  const reply = JSON.parse((await client.post('/graphql', JSON.stringify(body), {})).body);
  return reply.errors?.[0].extensions.code ?? reply.data;
}
const byHash = (client: Client, text: string) => send(client, { extensions: persisted(text) });
const register = (client: Client, text: string) => send(client, { query: text, extensions: persisted(text) });

it('executes the hash of a document after its text has been sent once', async () => {
  const text = 'query First { me { role } }';

  expect(await byHash(books.client, text)).toBe('PERSISTED_QUERY_NOT_FOUND');
  expect(await register(books.client, text)).toEqual({ me: { role: 'ADMIN' } });
  expect(await byHash(books.client, text)).toEqual({ me: { role: 'ADMIN' } });
  const url = `/graphql?extensions=${encodeURIComponent(JSON.stringify(persisted(text)))}`;
  expect((await gateway.app.inject({ url, headers: books.client.headers })).json().data).toEqual({ me: { role: 'ADMIN' } });
});

it('registers only documents that may be executed, under their own hash', async () => {
  const invalid = '{ nothing }';
  const deep = `{ me { organization { ${'...F '.repeat(201)} } } } fragment F on Organization { id }`;
  for (const text of [invalid, deep]) {
    await register(books.client, text);
    expect(await byHash(books.client, text)).toBe('PERSISTED_QUERY_NOT_FOUND');
  }
  const [text, hash] = ['{ me { name } }', persisted('{ me { role } }')];

  expect(await send(books.client, { query: text, extensions: hash })).toBe('BAD_USER_INPUT');
  expect(await send(books.client, { extensions: hash })).toBe('PERSISTED_QUERY_NOT_FOUND');
});

it('registers nothing without a credential', async () => {
  const anonymous = new Client(gateway.app, {});
  const text = '{ __typename }';

  expect(await register(anonymous, text)).toEqual({ __typename: 'Query' });
  expect(await byHash(anonymous, text)).toBe('UNAUTHENTICATED');
  expect(await byHash(books.client, text)).toBe('PERSISTED_QUERY_NOT_FOUND');
});

it('keeps the documents of each organization apart, and only the last of one that registers many', async () => {
  const text = 'query Kept { me { role } }';
  const long = (number: number) => `query Many${number} { me { role } } # ${'x'.repeat(2_000)}`;
  await register(books.client, text);
  for (let number = 0; number < 110; number += 1) await register(others.client, long(number));

  expect(await byHash(others.client, text)).toBe('PERSISTED_QUERY_NOT_FOUND');
  expect(await byHash(others.client, long(0))).toBe('PERSISTED_QUERY_NOT_FOUND');
  expect(await byHash(others.client, long(109))).toEqual({ me: { role: 'ADMIN' } });
  expect(await byHash(books.client, text)).toEqual({ me: { role: 'ADMIN' } });
});
