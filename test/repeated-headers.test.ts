import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let port: number;
beforeAll(async () => {
  port = await gateway.listen();
});

/** Sends a refund of a new note with these header lines, of which a test repeats some. */
async function refund(lines: readonly string[]) {
  const { id } = await books.creditNote('100.00');
  const body = JSON.stringify(books.restBody({ amount: 1 }));
  const usual = [
    `authorization: ${books.client.headers.authorization}`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  const wire = await Wire.connect(port);
  const missing = usual.filter((line) => !lines.some((each) => nameOf(each) === nameOf(line)));
  wire.send(`POST /api/credit-notes/${id}/refunds HTTP/1.1\r\n${[...missing, ...lines].join('\r\n')}\r\n\r\n${body}`);
  const [reply] = await wire.replies(1);
  wire.socket.destroy();
  if (reply === undefined) throw new Error('no reply');
  return { ...reply, id };
}

const nameOf = (line: string) => line.split(':')[0];

const authorization = () => `authorization: ${books.client.headers.authorization}`;

it.each<[string, () => string[]]>([
  ['Authorization', () => [authorization(), 'authorization: Bearer bc_other']],
  ['Authorization, the wrong one first', () => ['authorization: Bearer bc_other', authorization()]],
  ['organization-id', () => [`organization-id: ${books.organization.publicId}`, 'Organization-Id: other']],
  ['Idempotency-Key', () => ['idempotency-key: one', 'idempotency-key: two']],
  ['Content-Type', () => ['content-type: application/json', 'content-type: text/plain']],
  ['Host', () => ['host: localhost', 'host: evil.example']],
  ['Host, which is repeated,', () => ['host: localhost', 'host: localhost']],
  ['Allow-Duplicate', () => ['allow-duplicate: true', 'allow-duplicate: false']],
  ['Content-Length', () => ['content-length: 10', 'content-length: 200']],
])('%s with two values is refused, and nothing is written', async (_, lines) => {
  const before = await books.snapshot();
  const reply = await refund(lines());
  expect([reply.status, reply.headers['x-request-id']]).toEqual([400, expect.any(String)]);
  expect(JSON.parse(reply.body).errors[0].type).toBe('BAD_REQUEST');
  const after = (await books.snapshot()) as { name: string }[];
  const refunds = (rows: unknown) =>
    (rows as { name: string }[]).filter(({ name }) => name === 'refunds' || name === 'idempotency_keys');
  expect(refunds(after)).toEqual(refunds(before));
});

it.each(['a b', 'user@localhost', 'localhost/', 'localhost:x', '[::1', 'localhost, localhost', 'a\\b'])(
  'the host %p is a bad request, as RFC 9112 demands',
  async (host) => {
    const reply = await refund([`host: ${host}`]);
    expect([reply.status, JSON.parse(reply.body).errors[0].type]).toEqual([400, 'BAD_REQUEST']);
  },
);

it.each<[string, () => string[]]>([
  ['Authorization', () => [authorization(), authorization()]],
  ['organization-id', () => Array(2).fill(`organization-id: ${books.organization.publicId}`)],
  ['Idempotency-Key', () => ['idempotency-key: the-same', 'idempotency-key: the-same']],
  ['Content-Type', () => ['content-type: application/json', 'content-type: application/json']],
])('%s that is repeated with the same value is one', async (_, lines) => {
  expect((await refund(lines())).status).toBe(201);
});

it('If-Match is a list: all of its lines count', async () => {
  const { id } = await books.creditNote('100.00');
  const body = JSON.stringify(books.restBody({ amount: 1 }));
  const wire = await Wire.connect(port);
  wire.send(
    `POST /api/credit-notes/${id}/refunds HTTP/1.1\r\nhost: localhost\r\n${authorization()}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nif-match: "x"\r\nif-match: "${id}-100"\r\n\r\n${body}`,
  );
  expect((await wire.replies(1))[0]?.status).toBe(201);
  wire.socket.destroy();
});
