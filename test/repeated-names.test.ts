import { beforeAll, describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let noteId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('100.00')).id;
});

async function refunds(): Promise<number> {
  const reply = await gateway.app.inject({ url: `/api/credit-notes/${noteId}/refunds`, headers: books.client.headers });
  return reply.json().length;
}

const body = (more: string) =>
  `{"fromAccountId":${books.ids.bank},"amount":1,"exchangeRate":1,"referenceNo":"","description":"","date":"2026-02-01","branchId":${books.ids.branch}${more}}`;

describe('a key that is repeated in a JSON object is a 400, since nobody knows which value is meant', () => {
  it.each([',"amount":5', ',"\\u0061mount":5', ',"amount":1', ',"x":{"a":[{"b":1,"b":2}]}', ',"":1,"":2'])(
    'over REST: %s',
    async (more) => {
      const path = `/api/credit-notes/${noteId}/refunds`;
      const { status, json } = await books.client.rest(path, body(more));
      expect([status, json.errors[0]]).toEqual([
        400,
        { statusCode: 400, type: 'BAD_REQUEST', message: 'A key is repeated in an object' },
      ]);
      expect(await refunds()).toBe(0);
    },
  );

  it.each([
    '{"query":"{ me { name } }","query":"{ __typename }"}',
    '{"query":"query ($id: ID!) { creditNote(id: $id) { id } }","variables":{"id":"1","id":"2"}}',
    '{"query":"{ __typename }","extensions":{"a":{"b":1,"c":2,"b":3}}}',
  ])('in a GraphQL body: %s', async (payload) => {
    const { status, body } = await books.client.post('/graphql', payload, {});
    expect([status, JSON.parse(body).errors[0]]).toMatchObject([
      400,
      { message: 'A key is repeated in an object', extensions: { code: 'BAD_REQUEST' } },
    ]);
  });

  it('in the variables of a GraphQL query string', async () => {
    const query = new URLSearchParams({
      query: 'query ($id: ID!) { creditNote(id: $id) { id } }',
      variables: '{"id":"1","id":"2"}',
    });
    const reply = await gateway.app.inject({ url: `/graphql?${query}`, headers: books.client.headers });
    expect([reply.statusCode, reply.json().errors[0].message]).toEqual([400, '"variables": A key is repeated in an object']);
  });

  it('but the same key in several objects, in texts, and in lists of objects is not repeated', async () => {
    const more = ',"x":[{"a":1},{"a":1},":",{"a":{"a":"\\"a\\":1,\\"a\\":2"}},[],{}],"y":{}';
    const { status } = await books.client.rest(`/api/credit-notes/${noteId}/refunds`, body(more));
    expect(status).toBe(201);
  });
});

describe('a parameter that is repeated in a query string is a 400, whichever spellings it has', () => {
  it.each([
    ['/api/branches?page=1&page=2', 'page'],
    ['/api/branches?page=1&Page=2', 'page'],
    ['/api/customers?page_size=1&pageSize=2', 'page_size'],
    ['/api/accounts/transactions?account_id=1&accountId=2', 'account_id'],
    ['/api/reports/transactions-by-reference?reference_type=CreditNote&reference_id=1&referenceId=2', 'reference_id'],
  ])('%s', async (url, property) => {
    const reply = await gateway.app.inject({ url, headers: books.client.headers });
    expect([reply.statusCode, reply.json().message]).toEqual([400, [expect.objectContaining({ property })]]);
  });
});
