import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

async function refund(headers: Record<string, string>, note?: string) {
  const id = note ?? (await books.creditNote('100.00')).id;
  return books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody({ amount: 1 }), headers);
}

it.each<[string, (id: string) => string, number]>([
  ['any version', () => '*', 201],
  ['a list with the right tag', (id) => `"x", "${id}-99", "${id}-100"`, 201],
  ['the right tag without blanks', (id) => `"${id}-99","${id}-100"`, 201],
  ['a weak tag', (id) => `W/"${id}-100"`, 412],
  ['a weak tag with a small letter', (id) => `w/"${id}-100"`, 412],
  ['the right tag inside of others', (id) => `"x "${id}-100" y"`, 412],
  ['another text for the same amount', (id) => `"${id}-0100", "${id}-100.00"`, 412],
  ['an older version', (id) => `"${id}-99", "${id}-98"`, 412],
  ['a tag of another resource', () => '"1-100", "abc"', 412],
  ['a tag without quotes', (id) => `${id}-100`, 412],
  ['no tag', () => ',', 412],
])('If-Match with %s', async (_, header, status) => {
  const { id } = await books.creditNote('100.00');
  const before = await books.snapshot();
  const reply = await refund({ 'if-match': header(id) }, id);
  expect(reply.status).toBe(status);
  if (status === 201) return;
  expect(reply.json.errors).toEqual([expect.objectContaining({ type: 'CREDIT_NOTE_CHANGED' })]);
  expect(await books.snapshot()).toEqual(before);
});

it('Idempotency-Key is one key with and without quotes', async () => {
  const { id } = await books.creditNote('100.00');
  const first = await refund({ 'idempotency-key': 'a-key' }, id);
  const second = await refund({ 'idempotency-key': '"a-key"' }, id);
  expect([second.status, second.json.id, second.headers['idempotency-replayed']]).toEqual([201, first.json.id, 'true']);
  const empty = await refund({ 'idempotency-key': '""' }, id);
  expect([empty.status, empty.json.message[0].property]).toEqual([400, 'Idempotency-Key']);
});

it('parameters behind a quoted key are no part of it, as HTTP defines structured fields', async () => {
  const { id } = await books.creditNote('100.00');
  const first = await refund({ 'idempotency-key': 'b-key' }, id);
  for (const parameters of [';v=1', '; v=1;a', ' ; a="b;\\"c" ;*d=?1']) {
    const again = await refund({ 'idempotency-key': `"b-key"${parameters}` }, id);
    expect([parameters, again.json.id, again.headers['idempotency-replayed']]).toEqual([parameters, first.json.id, 'true']);
  }
  // Without quotes, all characters are those of the key.
  for (const key of ['b-key;v=1', '"b-key";V=1', '"b-key"x', '"b-key']) {
    const other = await refund({ 'idempotency-key': key }, id);
    expect([key, other.status, other.headers['idempotency-replayed']]).toEqual([key, 201, undefined]);
  }
});

it.each<[string, number]>([
  ['application/json, text/plain, */*', 201],
  ['application/problem+json', 201],
  ['APPLICATION/JSON;q=0.1', 201],
  ['*/*;q=0, application/json', 201],
  ['application/*;q=0, application/json;q=0.1', 201],
  ['application/json;q=0;version=1, application/json', 201],
  // A weight beyond its range is the nearest one, and what is no number is no weight.
  ['application/json;q=2', 201],
  ['application/json;q=x', 201],
  ['application/json;q=', 201],
  ['application/json;q=-1, */*', 406],
  ['text/html', 406],
  ['application/json;q=0', 406],
  ['application/json;q=0, */*', 406],
  ['*/*, APPLICATION/Json ; Q="0.000"', 406],
  ['application/json;q=0, application/problem+json', 406],
  ['application/json;charset=utf-8;q=0, application/*', 406],
  ['application/*;q=0, */*', 406],
  ['application/*;q=0, application/problem+json', 406],
  ['*/*;q=0', 406],
])('Accept: %s is %d', async (accept, status) => {
  const { id } = await books.creditNote('100.00');
  const before = await books.snapshot();
  const reply = await refund({ accept }, id);
  expect([reply.status, reply.headers['x-request-id']]).toEqual([status, expect.any(String)]);
  if (status === 406) expect(await books.snapshot()).toEqual(before);
});

it.each([
  ['application/json;q=0, */*', 'application/problem+json'],
  ['application/json;q=0, application/problem+json;q=0.1', 'application/problem+json'],
  ['application/json;q=0', 'application/json'],
  ['application/*;q=0, text/html', 'application/json'],
])('the 406 of Accept: %s is %s', async (accept, type) => {
  for (const url of ['/api/accounts', '/api/credit-notes/999999999']) {
    const reply = await gateway.app.inject({ url, headers: { ...books.client.headers, accept } });
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([406, expect.stringContaining(type)]);
  }
});

it.each([
  ['text/plain', undefined],
  ['application/x-www-form-urlencoded', undefined],
  ['application/json; charset=latin1', undefined],
  ['application/json', 'gzip'],
])('a body as %s with the encoding %s is a 415', async (type, encoding) => {
  const headers = { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) };
  const reply = await refund(headers);
  expect([reply.status, reply.json.errors[0].type, reply.headers['x-request-id']]).toEqual([
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    expect.any(String),
  ]);
});
