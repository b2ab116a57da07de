import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let noteId: string;
let refundId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('100.00')).id;
  refundId = (await books.refund(noteId, { amount: '10.00' })).id;
});

function get(url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  return gateway.app.inject({ method, url, headers: { ...books.client.headers, ...headers } });
}

async function tagOf(url: string): Promise<string> {
  const etag = String((await get(url)).headers.etag);
  expect(etag).toMatch(/^"[\w.-]+"$/);
  return etag;
}

const READS: [string, () => string][] = [
  ['a credit note', () => `/api/credit-notes/${noteId}`],
  ['the credit notes', () => '/api/credit-notes?page_size=5'],
  ['the refunds of a note', () => `/api/credit-notes/${noteId}/refunds`],
  ['a refund', () => `/api/credit-notes/refunds/${refundId}`],
  ['the accounts', () => '/api/accounts'],
  ['an account', () => `/api/accounts/${books.ids.bank}`],
  ['the customers', () => '/api/customers'],
  ['the branches', () => '/api/branches'],
];

it.each(READS)('%s that the client knows is a 304 without a body', async (_, url) => {
  expect((await get(url())).headers['cache-control']).toBe('private, no-cache');
  const etag = await tagOf(url());
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await get(url(), { 'if-none-match': known }, method);
      expect([known, reply.statusCode, reply.body, reply.headers.etag]).toEqual([known, 304, '', etag]);
      if (method === 'GET') expect(reply.headers['content-length']).toBeUndefined();
      expect(reply.headers['x-request-id']).toBeDefined();
    }
  }
  expect((await get(url(), { 'if-none-match': '"other"' })).statusCode).toBe(200);
});

it('a change gives everything that it touches another tag', async () => {
  const touched = READS.slice(0, 6);
  const before = await Promise.all(touched.map(([, url]) => tagOf(url())));
  await books.refund(noteId, { amount: '1.00' });
  for (const [index, [name, url]] of touched.entries()) {
    const reply = await get(url(), { 'if-none-match': before[index] ?? '' });
    expect([name, reply.statusCode, reply.headers.etag === before[index]]).toEqual([name, 200, false]);
  }
});

it('the tag of a credit note is good for If-Match, until a refund changes what remains', async () => {
  const { id } = await books.creditNote('100.00');
  const etag = await tagOf(`/api/credit-notes/${id}`);
  const refund = () => books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody({ amount: 1 }), { 'if-match': etag });
  const first = await refund();
  expect([first.status, first.headers.etag]).toEqual([201, `"${id}-99"`]);
  expect((await refund()).status).toBe(412);
});

it('the tag of one organization is none of another', async () => {
  const other = await gateway.books();
  const etag = await tagOf('/api/accounts');
  const reply = await gateway.app.inject({ url: '/api/accounts', headers: { ...other.client.headers, 'if-none-match': etag } });
  expect(reply.statusCode).toBe(200);
});

it('what is refused has no tag', async () => {
  const reply = await get('/api/credit-notes/999999999', { 'if-none-match': '*' });
  expect([reply.statusCode, reply.headers.etag]).toEqual([404, undefined]);
});
