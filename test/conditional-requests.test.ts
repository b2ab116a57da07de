import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Books, Gateway } from './helpers/gateway.js';

let gateway: Gateway;
let books: Books;
beforeAll(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
});
afterAll(() => gateway.stop());

async function ask(method: 'GET' | 'HEAD' | 'DELETE', url: string, headers: Record<string, string> = {}) {
  const {
    statusCode,
    headers: received,
    body,
  } = await gateway.app.inject({ method, url, headers: { ...books.client.headers, ...headers } });
  return {
    status: statusCode,
    etag: String(received.etag),
    code: body === '' ? undefined : JSON.parse(body).errors?.[0].type,
    received,
  };
}

/** Returns the paths of a new credit note without refunds, and of a new refund of another one. */
async function paths(): Promise<string[]> {
  const [note, other] = [await books.creditNote('100.00'), await books.creditNote('100.00')];
  const { id } = await books.refund(other.id, { amount: '10.00' });
  return [`/api/credit-notes/${note.id}`, `/api/credit-notes/refunds/${id}`];
}

it.each<[string, (etag: string) => string, number]>([
  ['the tag', (etag) => etag, 200],
  ['a list that has the tag', (etag) => `"x",${etag} , "y"`, 200],
  ['any tag', () => ' * ', 200],
  ['another tag', () => '"x"', 412],
  ['the tag of another state', (etag) => etag.replace(/..."$/, 'xxx"'), 412],
  ['a weak tag', (etag) => `W/${etag}`, 412],
  ['a tag without quotes', (etag) => etag.replaceAll('"', ''), 412],
  ['no tag', () => '', 412],
])('a deletion, and a read, with If-Match: %s', async (_, header, status) => {
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    const headers = { 'if-match': header(etag) };
    for (const method of ['GET', 'HEAD'] as const) {
      const read = await ask(method, path, headers);
      expect([method, path, read.status, read.received.etag]).toEqual([method, path, status, status === 200 ? etag : undefined]);
    }
    const before = await books.snapshot();
    const deletion = await ask('DELETE', path, headers);
    expect([path, deletion.status, deletion.code, deletion.received.etag]).toEqual([
      path,
      status,
      status === 412 ? 'PRECONDITION_FAILED' : undefined,
      undefined,
    ]);
    if (status === 412) expect(await books.snapshot()).toEqual(before);
  }
});

it('a deletion is refused if what was read has changed', async () => {
  const { id } = await books.creditNote('100.00');
  const { etag } = await ask('GET', `/api/credit-notes/${id}`);
  await books.refund(id, { amount: '10.00' });
  expect(await ask('DELETE', `/api/credit-notes/${id}`, { 'if-match': etag })).toMatchObject({ status: 412 });
});

it('a credit note is deleted with the tag that the reply to a refund has, as a refund is made with it', async () => {
  const { id } = await books.creditNote('100.00');
  expect(await ask('DELETE', `/api/credit-notes/${id}`, { 'if-match': `"${id}-100"` })).toMatchObject({ status: 200 });
});

it('what is gone is a 404, or the same again under the key of its deletion, whatever If-Match says', async () => {
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    const headers = { 'if-match': etag, 'idempotency-key': `delete ${path}`.replaceAll(/\W/g, '-') };
    expect((await ask('DELETE', path, headers)).status).toBe(200);
    const again = await ask('DELETE', path, headers);
    expect([again.status, again.received['idempotency-replayed']]).toEqual([200, 'true']);
    expect((await ask('DELETE', path, { 'if-match': etag })).status).toBe(404);
    expect((await ask('DELETE', path, { 'if-match': '*' })).status).toBe(404);
  }
});

it('a list is read only if it is what the client knows', async () => {
  const { etag } = await ask('GET', '/api/accounts');
  expect((await ask('GET', '/api/accounts', { 'if-match': etag })).status).toBe(200);
  expect((await ask('GET', '/api/accounts', { 'if-match': '"x"', 'if-none-match': etag })).status).toBe(412);
});
