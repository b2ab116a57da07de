import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionLimits } from '../src/server/connections.js';
import { type Books, Gateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

/** Limits of a connection, set so low that a test reaches them quickly. */
let gateway: Gateway;
let books: Books;
let port: number;
let noteId: string;
afterEach(() => gateway.stop());

async function start(limits: Partial<ConnectionLimits>): Promise<void> {
  gateway = await Gateway.start({ connections: limits });
  books = await gateway.books();
  noteId = (await books.creditNote('1000.00')).id;
  port = await gateway.listen();
}

const SHORT = 0.1;
const HEALTH = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n';

function post(path: string, body: unknown, ...headers: string[]): string {
  const text = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    `authorization: ${books.client.headers.authorization}`,
    'content-type: application/json',
    `content-length: ${text.length}`,
    ...headers,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

const REFUND = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
const refund = (referenceNo = 'REF-1') =>
  post('/graphql', { query: REFUND, variables: { input: books.refundInput(noteId, { referenceNo }) } });
const restPath = () => `/api/credit-notes/${noteId}/refunds`;

describe('a request that does not arrive', () => {
  it.each([
    ['GraphQL', () => refund(), { errors: [{ extensions: { code: 'REQUEST_TIMEOUT' } }] }],
    ['REST', () => post(restPath(), books.restBody()), { statusCode: 408, errors: [{ type: 'REQUEST_TIMEOUT' }] }],
    [
      'REST with problem+json',
      () => post(restPath(), books.restBody(), 'accept: application/problem+json'),
      { status: 408, title: 'Request timeout' },
    ],
  ])('gets 408 in the format of GraphQL or REST, and is never executed: a body by %s', async (_, bytes, expected) => {
    await start({ requestSeconds: SHORT });
    const wire = await Wire.connect(port);

    const [reply] = await wire.send(bytes().slice(0, -20)).allReplies();
    wire.send(bytes().slice(-20));

    expect([reply?.status, reply?.headers.connection]).toEqual([408, 'close']);
    expect(JSON.parse(reply?.body ?? '')).toMatchObject(expected);
    expect(reply?.headers).toHaveProperty('x-request-id');
    // The reply on a second connection shows that the server has read the first one.
    await (await Wire.connect(port)).send(HEALTH).replies(1);
    expect(await refunds()).toBe(0);
  });

  it('gets 408 after half a header', async () => {
    await start({ requestSeconds: SHORT });
    const replies = await (await Wire.connect(port)).send('GET / HTTP/1.1\r\nhost: ').allReplies();
    expect(replies.map(({ status }) => status)).toEqual([408]);
    expect(JSON.parse(replies[0]?.body ?? '')).toMatchObject({ statusCode: 408, errors: [{ type: 'REQUEST_TIMEOUT' }] });
  });

  it('gets 408 after the reply to the previous request', async () => {
    await start({ requestSeconds: SHORT });
    const replies = await (await Wire.connect(port)).send(refund('A'), refund('B').slice(0, -1)).allReplies();
    expect(replies.map(({ status }) => status)).toEqual([200, 408]);
    expect(await refunds()).toBe(1);
  });

  it('gets no 408 if it was already refused before its body arrived', async () => {
    await start({ requestSeconds: SHORT });
    const unknown = 'POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\nhalf';
    const replies = await (await Wire.connect(port)).send(unknown).allReplies();
    expect(replies.map(({ status }) => status)).toEqual([expect.any(Number)]);
    expect(replies[0]?.status).not.toBe(408);
  });
});

describe('an idle connection', () => {
  it('is closed without a reply when no request was ever sent', async () => {
    await start({ requestSeconds: SHORT });
    const wire = await Wire.connect(port);
    await wire.allReplies();
    expect(wire.text).toBe('');
  });

  it('is closed without another reply after its last reply', async () => {
    await start({ keepAliveSeconds: SHORT });
    const replies = await (await Wire.connect(port)).send(HEALTH).allReplies();
    expect(replies.map(({ status }) => status)).toEqual([200]);
  });

  it('does not count as idle while its request is processed, even beyond all time limits', async () => {
    await start({ requestSeconds: SHORT, keepAliveSeconds: SHORT, replySeconds: SHORT });
    const release = await hold();
    const wire = (await Wire.connect(port)).send(refund());
    await gateway.database.untilWaiting(1);
    // This later connection is silent, and has already been closed by its time limit.
    await (await Wire.connect(port)).allReplies();
    await release();

    expect((await wire.replies(1)).map(({ status }) => status)).toEqual([200]);
  });
});

describe('the number of connections', () => {
  it('has a limit, beyond which the connection is closed that has been idle the longest', async () => {
    await start({ maxConnections: 3 });
    const [first, second, third] = [await Wire.connect(port), await Wire.connect(port), await Wire.connect(port)];
    for (const wire of [first, second, third]) await wire.send(HEALTH).replies(1);
    await first.send(HEALTH).replies(2);

    const fourth = await Wire.connect(port);
    await fourth.send(HEALTH).replies(1);

    expect(await second.allReplies()).toHaveLength(1);
    expect(await first.send(HEALTH).replies(3)).toHaveLength(3);
    expect(await third.send(HEALTH).replies(2)).toHaveLength(2);
    for (const wire of [first, third, fourth]) wire.socket.destroy();
  });

  it('has a limit that closes no connection with a request in progress', async () => {
    await start({ maxConnections: 2 });
    const release = await hold();
    const busy = [await Wire.connect(port), await Wire.connect(port)];
    busy.forEach((wire, index) => void wire.send(refund(`${index}`)));
    await gateway.database.untilWaiting(1);
    // The third connection is only closed once the requests of both others have been read.
    const third = await Wire.connect(port);
    await third.allReplies();
    await release();

    for (const wire of busy) expect((await wire.replies(1)).map(({ status }) => status)).toEqual([200]);
    expect(gateway.logged).toContainEqual(expect.objectContaining({ msg: 'too many connections; idle ones are closed' }));
    for (const wire of busy) wire.socket.destroy();
  });
});

describe('many requests on one connection', () => {
  it('are answered in order', async () => {
    await start({});
    const wire = await Wire.connect(port);
    const count = 300;
    for (let index = 0; index < count; index += 1) {
      wire.send(`GET /none/${index} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      // Lets these requests travel in separate packets.
      if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const replies = await wire.replies(count);
    expect(replies.map(({ body }) => /none\/(\d+)/.exec(body)?.[1])).toEqual(
      Array.from({ length: count }, (_, index) => `${index}`),
    );
    wire.socket.destroy();
  });

  it('close the connection when too many are waiting', async () => {
    await start({});
    const release = await hold();
    const wire = await Wire.connect(port);
    await wire.send(refund(), HEALTH.repeat(200)).allReplies();
    await release();
    expect(wire.text).toBe('');
  });
});

describe('a client that does not read', () => {
  it('is disconnected', async () => {
    await start({ replySeconds: SHORT });
    const wire = await Wire.connect(port);
    wire.socket.pause();
    // The reply contains the path twice.
    const large = `GET /${'x'.repeat(12_000)} HTTP/1.1\r\nhost: localhost\r\nx-request-id: unread\r\n\r\n`;
    const statuses = () => gateway.logged.filter(({ requestId }) => requestId === 'unread').map(({ status }) => status);
    while (!statuses().includes('aborted')) {
      if (wire.socket.writableLength < 1_000_000) wire.send(large.repeat(10));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    wire.socket.destroy();
    expect(statuses()).toContain(404);
  });
});

describe('a client that disconnects', () => {
  it('is noticed while its request waits', async () => {
    await start({});
    const release = await hold();
    const wire = await Wire.connect(port);
    wire.send(refund());
    await gateway.database.untilWaiting(1);
    wire.socket.destroy();
    await logged('aborted');
    expect(await refunds()).toBe(0);
    await release();
  });

  it('is probed by interim replies, and gets its reply if it has only closed its sending side', async () => {
    await start({});
    const release = await hold();
    const wire = (await Wire.connect(port)).endWith(refund());
    while (!wire.text.includes('100 Continue')) await once(wire.socket, 'data');
    await release();
    expect((await wire.allReplies()).map(({ status }) => status)).toEqual([200]);
    await logged(200);
  });
});

/** Locks the note, so that its refunds wait. */
async function hold(): Promise<() => Promise<unknown>> {
  const { sql } = gateway.database;
  await sql.query('begin');
  await sql.query('select from credit_notes where id = $1 for update', [noteId]);
  return () => sql.query('rollback');
}

/** Waits until a mutation was logged with the status. */
async function logged(status: number | 'aborted'): Promise<void> {
  const isThere = () => gateway.logged.some((line) => line.status === status && line.operation === 'mutation');
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function refunds(): Promise<number> {
  const { rows } = await gateway.database.sql.query('select from refunds where credit_note_id = $1', [noteId]);
  return rows.length;
}
