import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

async function refund(headers: Record<string, string>): Promise<number> {
  const { id } = await books.creditNote('100.00');
  const before = await books.snapshot();
  const reply = await gateway.app.inject({
    method: 'POST',
    url: `/api/credit-notes/${id}/refunds`,
    headers: { ...books.client.headers, 'content-type': 'application/json', ...headers },
    payload: JSON.stringify(books.restBody({ amount: 1 })),
  });
  if (reply.statusCode !== 201) expect(await books.snapshot()).toEqual(before);
  return reply.statusCode;
}

it.each<[string, number]>([
  ['identity', 201],
  ['IDENTITY', 201],
  ['', 201],
  ['gzip', 415],
  ['br', 415],
  ['identity, gzip', 415],
])('a body with Content-Encoding: %s is %d', async (encoding, status) => {
  expect(await refund({ 'content-encoding': encoding })).toBe(status);
});

it('a body that is compressed for its transfer is refused', async () => {
  const { id } = await books.creditNote('100.00');
  const before = await books.snapshot();
  const body = JSON.stringify(books.restBody({ amount: 1 }));
  const wire = await Wire.connect(await gateway.listen());
  wire.send(
    `POST /api/credit-notes/${id}/refunds HTTP/1.1\r\nhost: localhost\r\nauthorization: ${books.client.headers.authorization}\r\n`,
    'connection: close\r\ncontent-type: application/json\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
    `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  expect((await wire.allReplies()).map(({ status }) => status)).toEqual([415]);
  expect(await books.snapshot()).toEqual(before);
});

it.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x'])(
  'a deletion without a body may name a media type: %s',
  async (type) => {
    const { id: creditNoteId } = await books.creditNote('100.00');
    const { id } = await books.refund(creditNoteId);
    for (const [url, headers] of [
      [`/api/credit-notes/refunds/${id}`, {}],
      [`/api/credit-notes/${creditNoteId}`, { 'content-length': '0' }],
    ] as const) {
      const reply = await gateway.app.inject({
        method: 'DELETE',
        url,
        headers: { ...books.client.headers, 'content-type': type, ...headers },
      });
      expect([url, reply.statusCode, reply.body]).toEqual([url, 200, '']);
    }
  },
);
