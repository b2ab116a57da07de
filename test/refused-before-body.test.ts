import { beforeAll, expect, it } from '@jest/globals';
import { sharedGateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

const gateway = sharedGateway();
let port: number;
beforeAll(async () => {
  port = await gateway.listen();
});

/** Requests that get their reply before their body of 7 bytes is read. */
const REFUSED: [number, string][] = [
  [401, 'POST /api/credit-notes/1/refunds HTTP/1.1\r\nhost: localhost'],
  [401, 'POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer bc_none'],
  [404, 'POST /api/nothing HTTP/1.1\r\nhost: localhost'],
  [405, 'PUT /api/accounts HTTP/1.1\r\nhost: localhost'],
  [421, 'POST /api/credit-notes/1/refunds HTTP/1.1\r\nhost: evil.example'],
  [204, 'OPTIONS /api/accounts HTTP/1.1\r\nhost: localhost'],
];

const BODY = '{"a":1}';

it.each(REFUSED)('a %d before the body is the only reply, whatever follows the body: %s', async (status, head) => {
  for (const rest of ['}', BODY, '   ', 'no request\r\n\r\n']) {
    const wire = await Wire.connect(port);
    const replies = await wire.send(`${head}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}${rest}`).allReplies();
    expect([rest, replies.map((reply) => reply.status)]).toEqual([rest, [status]]);
  }
});

it.each(REFUSED)('after a %d the connection has further requests, and a faulty one has a reply: %s', async (status, head) => {
  const wire = await Wire.connect(port);
  await wire.send(`${head}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`).replies(1);
  await wire.send('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n').replies(2);
  const replies = await wire.send('NOTHING /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n').allReplies();
  expect(replies.map((reply) => reply.status)).toEqual([status, 200, 400]);
});
