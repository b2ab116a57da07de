import { describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

const NAMED = 'query One { me { role } } query Two { me { name } }';
const QUERY = 'query($first: Int) { creditNotes(first: $first) { nodes { id } } }';

interface Reply {
  readonly data?: Record<string, unknown>;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

/** The status of the reply, and its data or the code of its error. */
async function outcome(request: { method: 'GET' | 'POST'; url: string; payload?: string }): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...books.client.headers };
  const reply = await gateway.app.inject({ ...request, headers });
  const { data, errors } = reply.json<Reply>();
  return [reply.statusCode, errors?.[0]?.extensions.code ?? data];
}

/** Each parameter contains JSON, but `query` and `operationName` are plain text. */
const get = (parameters: Record<string, string>) => outcome({ method: 'GET', url: `/graphql?${new URLSearchParams(parameters)}` });
const post = (fields: Record<string, string>) => {
  const isText = (name: string) => name === 'query' || name === 'operationName';
  const members = Object.entries(fields).map(([name, value]) => `"${name}":${isText(name) ? JSON.stringify(value) : value}`);
  return outcome({ method: 'POST', url: '/graphql', payload: `{${members.join(',')}}` });
};

describe('GET and POST return the same', () => {
  const REFUSED = [400, 'BAD_REQUEST'];
  const INVALID = [400, 'BAD_USER_INPUT'];
  const ANSWERED = [200, { creditNotes: { nodes: [] } }];

  it.each([
    ['variables', 'null', ANSWERED],
    ['variables', ' null ', ANSWERED],
    ['variables', '{}', ANSWERED],
    ['variables', '{"first":5}', ANSWERED],
    ['variables', '{"first":5,"more":{}}', ANSWERED],
    ['variables', '[]', REFUSED],
    ['variables', '"{}"', REFUSED],
    ['variables', '5', REFUSED],
    ['variables', 'false', REFUSED],
    ['variables', '0', REFUSED],
    ['variables', '{"first":', REFUSED],
    ['variables', '{"__proto__":5}', REFUSED],
    ['extensions', 'null', ANSWERED],
    ['extensions', '{}', ANSWERED],
    ['extensions', '{"persisted":1}', ANSWERED],
    ['extensions', '[]', REFUSED],
    ['extensions', '"{}"', REFUSED],
    ['extensions', '0', REFUSED],
    ['extensions', '{"a":', REFUSED],
    ['extensions', '{"__proto__":5}', REFUSED],
    ['extensions', `${'['.repeat(101)}${']'.repeat(101)}`, REFUSED],
    ['extensions', '{"persistedQuery":null}', ANSWERED],
    ['extensions', '{"persistedQuery":{"version":1,"sha256Hash":"x"}}', INVALID],
    ['extensions', '{"persistedQuery":{"version":2,"sha256Hash":"x"}}', INVALID],
    ['extensions', '{"persistedQuery":{"version":1,"sha256Hash":5}}', INVALID],
    ['extensions', '{"persistedQuery":true}', INVALID],
    ['operationName', '', ANSWERED],
    ['operationName', 'Other', [400, 'OPERATION_RESOLUTION_FAILURE']],
    ['operationName', 'null', [400, 'OPERATION_RESOLUTION_FAILURE']],
  ])('for %s=%s', async (name, value, expected) => {
    expect(await get({ query: QUERY, [name]: value })).toEqual(expected);
    expect(await post({ query: QUERY, [name]: value })).toEqual(expected);
  });

  it.each([
    ['', [400, 'OPERATION_RESOLUTION_FAILURE']],
    ['One', [200, { me: { role: 'ADMIN' } }]],
  ])('for the operation "%s" of several', async (operationName, expected) => {
    expect(await get({ query: NAMED, operationName })).toEqual(expected);
    expect(await post({ query: NAMED, operationName })).toEqual(expected);
  });

  it.each(['', '{', '{ nothing }'])('for the document "%s"', async (query) => {
    expect(await get({ query })).toEqual(await post({ query }));
  });
});

describe('an empty parameter', () => {
  it.each(['variables', 'extensions', 'operationName'])('counts as absent: %s', async (name) => {
    expect(await get({ query: QUERY, [name]: '' })).toEqual([200, { creditNotes: { nodes: [] } }]);
    expect(await get({ [name]: '', query: QUERY })).toEqual([200, { creditNotes: { nodes: [] } }]);
  });
});

it.each(['query', 'variables', 'extensions', 'operationName'])('refuses a query string that contains %s twice', async (name) => {
  for (const [one, other] of [
    ['', ''],
    ['', '{}'],
    ['null', '{}'],
    ['{}', 'null'],
  ]) {
    const parameters = new URLSearchParams([
      ['query', QUERY],
      [name, one ?? ''],
      [name, other ?? ''],
    ]);
    expect(await outcome({ method: 'GET', url: `/graphql?${parameters}` })).toEqual([400, 'BAD_REQUEST']);
  }
});
