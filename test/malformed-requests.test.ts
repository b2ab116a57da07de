import { beforeAll, describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let noteId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('100000.00')).id;
});

const post = async (body: unknown, headers: Record<string, string> = {}) => {
  const reply = await books.client.post('/graphql', JSON.stringify(body), headers);
  return { ...reply, json: JSON.parse(reply.body) };
};

describe('an operation that cannot be identified', () => {
  it.each([
    ['has another name', { query: 'query A { me { name } }', operationName: 'B' }],
    ['has no name among several', { query: 'query A { me { name } } query B { me { name } }' }],
    ['has an empty name among several', { query: 'query A { me { name } } query B { me { name } }', operationName: '' }],
    ['is a subscription', { query: 'subscription { __typename }' }],
    ['is a fragment only', { query: 'fragment f on Viewer { name }' }],
  ])('because it %s is a client error', async (_why, body) => {
    const { status, json } = await post(body);
    expect([status, json.data]).toEqual([400, undefined]);
    expect(json.errors[0].extensions.code).toMatch(/^(OPERATION_RESOLUTION_FAILURE|GRAPHQL_VALIDATION_FAILED)$/);
    expect(json.errors[0].message).not.toMatch(/our side/);
  });
});

describe('a REST field that is neither text nor number', () => {
  const fields = ['fromAccountId', 'amount', 'exchangeRate', 'referenceNo', 'description', 'date', 'branchId'];
  const values = ['{"toString":1}', '{"valueOf":{}}', '{"toJSON":1}', '{"length":1}', '[[[]]]', '{}', 'true'];
  it.each(fields.flatMap((field) => values.map((value) => [field, value])))(
    '%s: %s is refused by its name',
    async (field, value) => {
      const body = books.restBody({ amount: 1, [field as string]: 'HERE' });
      const { status, json } = await books.client.rest(
        `/api/credit-notes/${noteId}/refunds`,
        JSON.stringify(body).replace('"HERE"', value as string),
      );
      expect([status, json.message.map(({ property }: { property: string }) => property)]).toEqual([400, [field]]);
    },
  );
});

it.each(['PROPFIND', 'QUERY', 'TRACE', 'REPORT', 'LINK', 'PURGE', 'PUT', 'DELETE'])(
  'refuses the method %s as a client error, with or without a body',
  async (method) => {
    for (const url of ['/graphql', `/api/credit-notes/${noteId}/refunds`, '/healthz', '/nothing']) {
      for (const payload of [undefined, '<x/>']) {
        const reply = await gateway.app.inject({
          method: method as 'GET',
          url,
          headers: books.client.headers,
          ...(payload && { payload }),
        });
        expect(Math.floor(reply.statusCode / 100)).toBe(4);
        expect(reply.json().errors).toEqual([expect.anything()]);
      }
    }
  },
);

it.each(['application/xml', 'application/json;q=0', 'text/html', 'nonsense', 'multipart/mixed'])(
  'executes nothing if the client accepts only %s, which the reply cannot be',
  async (accept) => {
    const query = `mutation { createBranch(input: { code: ${JSON.stringify(accept)}, name: "x" }) { name } }`;
    const before = await books.everything();
    const { status, json } = await post({ query }, { accept });
    expect([status, json.errors[0].extensions.code]).toEqual([406, 'NOT_ACCEPTABLE']);
    expect(await books.everything()).toEqual(before);
  },
);

it.each(['createdBy', 'requestId', 'traceId', 'clientName', 'clientVersion', 'operationName'])(
  'refuses a filter whose %s is too long or cannot be stored, and names the field',
  async (field) => {
    for (const value of ['a\0b', '\ud83d', 'x'.repeat(100_000)]) {
      const { status, json } = await post({
        query: 'query($filter: ProvenanceFilter) { refunds(filter: { provenance: $filter }) { nodes { id } } }',
        variables: { filter: { [field]: value } },
      });
      expect([status, json.errors[0].extensions]).toMatchObject([400, { code: 'BAD_USER_INPUT', field: `provenance.${field}` }]);
    }
  },
);

it('refuses texts whose normalization would take long, before it normalizes them', async () => {
  for (const text of [`a${' '.repeat(15_000)}b`, `a${'\u0301\u0316'.repeat(7_000)}`, `a${'\u0301\u0316'.repeat(300)}`]) {
    const { json } = await post({
      query: 'mutation($input: UnlockTransactionsInput!) { unlockTransactions(input: $input) { id } }',
      variables: { input: { reason: text } },
    });
    expect(json.errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'reason' });
    expect(json.errors[0].message).toMatch(/, with at most 30 combining marks in a row$/);
  }
});

it.each([
  ['nests too deeply', '['.repeat(101) + ']'.repeat(101), /101 levels|100 levels/],
  ['holds too many values', `{"variables":[${'1,'.repeat(25_000)}1]}`, /20000 values/],
  ['is no JSON', '{"query":', /JSON/],
])('refuses JSON that %s, in a body and in a query string', async (_what, text, message) => {
  const body = await books.client.post('/graphql', text, {});
  expect([body.status, JSON.parse(body.body).errors[0].message]).toEqual([400, expect.stringMatching(message)]);
  if (text.length > 10_000) return;
  const url = `/graphql?query=${encodeURIComponent('{ me { name } }')}&variables=${encodeURIComponent(text)}`;
  const query = await gateway.app.inject({ url, headers: { 'content-type': 'application/json', ...books.client.headers } });
  expect([query.statusCode, query.json().errors[0].message]).toEqual([400, expect.stringMatching(message)]);
});
