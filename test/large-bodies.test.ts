import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let port: number;
beforeAll(async () => {
  port = await gateway.listen();
});

function head(id: string, ...lines: string[]): string {
  const usual = ['host: localhost', `authorization: ${books.client.headers.authorization}`, 'content-type: application/json'];
  return `POST /api/credit-notes/${id}/refunds HTTP/1.1\r\n${[...usual, ...lines].join('\r\n')}\r\n\r\n`;
}

const LARGE = 'x'.repeat(2_000_000);

it.each(['content-length: 2000000', 'transfer-encoding: chunked'])(
  'a client that sends 2 MB with %s reads the 413',
  async (length) => {
    const wire = await Wire.connect(port);
    const chunk = 'x'.repeat(50_000);
    const chunks = Array.from({ length: 40 }, () => `c350\r\n${chunk}\r\n`).join('');
    wire.send(head('1', length), length.startsWith('t') ? `${chunks}0\r\n\r\n` : LARGE);
    const [reply] = await wire.allReplies();
    expect([reply?.status, reply?.headers.connection, reply?.headers['x-request-id']]).toEqual([413, 'close', expect.any(String)]);
    expect(reply?.body).toContain('PAYLOAD_TOO_LARGE');
  },
);

it('a client that sends Expect: 100-continue before 2 MB gets the refusal and no 100 Continue', async () => {
  const wire = await Wire.connect(port);
  wire.send(head('1', 'content-length: 2000000', 'expect: 100-continue'));
  const [reply] = await wire.allReplies();
  expect([reply?.status, reply?.headers.connection]).toEqual([413, 'close']);
  expect(wire.text).not.toContain('100 Continue');
});

it.each([
  ['content-length', (body: string) => [`content-length: ${body.length}`, body]],
  ['transfer-encoding', (body: string) => ['transfer-encoding: chunked', `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`]],
])('a client that sends Expect: 100-continue before a refund gets 100 Continue (%s)', async (_, encode) => {
  const { id } = await books.creditNote('100.00');
  const [length = '', payload = ''] = encode(JSON.stringify(books.restBody({ amount: 1 })));
  const wire = await Wire.connect(port);
  wire.send(head(id, length, 'Expect: 100-continue'));
  while (!wire.text.includes('100 Continue')) await new Promise((resolve) => wire.socket.once('data', resolve));
  wire.send(payload);
  expect((await wire.replies(1))[0]?.status).toBe(201);
  wire.socket.destroy();
});

it.each([
  ['of another type', 415, 'content-type: text/plain'],
  ['in another charset', 415, 'content-type: application/json; charset=utf-16'],
  ['that is compressed', 415, 'content-type: application/json\r\ncontent-encoding: gzip'],
  ['whose reply it would not accept', 406, 'content-type: application/json\r\naccept: text/html'],
])('a client that sends Expect: 100-continue before a body %s gets the refusal and no 100 Continue', async (_, status, headers) => {
  const wire = await Wire.connect(port);
  wire.send(head('1', 'content-length: 10', 'expect: 100-continue').replace('content-type: application/json', headers));
  const [reply] = await wire.allReplies();
  expect([reply?.status, reply?.headers.connection]).toEqual([status, 'close']);
  expect(wire.text).not.toContain('100 Continue');
});

it.each([
  ['GET /api/accounts', 200, 'content-type: application/json'],
  ['GET /api/accounts', 200, 'content-type: text/plain'],
  ['HEAD /api/accounts', 200, 'content-type: application/json'],
  ['OPTIONS /api/accounts', 204, 'content-type: application/json'],
  ['PUT /api/accounts', 405, 'content-type: application/json'],
  ['POST /api/nothing', 404, 'content-type: application/json'],
])('%s, which has no body, is answered %d without it, and the connection ends: %s', async (line, status, type) => {
  for (const length of ['content-length: 10\r\nexpect: 100-continue', 'content-length: 2000000']) {
    const wire = await Wire.connect(port);
    const authorization = `authorization: ${books.client.headers.authorization}`;
    wire.send(`${line} HTTP/1.1\r\nhost: localhost\r\n${authorization}\r\n${type}\r\n${length}\r\n\r\n`);
    const reply = await wire.allReplies().then(() => wire.text);
    expect([length, reply.split('\r\n', 1)[0], reply.includes('connection: close')]).toEqual([
      length,
      expect.stringContaining(` ${status} `),
      true,
    ]);
  }
});

it('a client that sends Expect: 100-continue without a credential gets a 401, and its connection is closed', async () => {
  const wire = await Wire.connect(port);
  wire.send('POST /api/credit-notes/1/refunds HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n');
  const [reply] = await wire.allReplies();
  expect([reply?.status, reply?.headers.connection]).toEqual([401, 'close']);
  expect(wire.text).not.toContain('100 Continue');
});
