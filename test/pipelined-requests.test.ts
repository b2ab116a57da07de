import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

/** Bytes that follow a request on its connection never change its reply. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let port: number;
let noteId: string;
let wire: Wire;
beforeAll(async () => {
  port = await gateway.listen();
});
beforeEach(async () => {
  noteId = (await books.creditNote('1000.00')).id;
  wire = await Wire.connect(port);
});

const REFUND = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id amount } }';

interface Door {
  readonly path: () => string;
  readonly body: (reference: string) => unknown;
  readonly status: number;
}

const DOORS: Record<string, Door> = {
  GraphQL: {
    path: () => '/graphql',
    body: (referenceNo) => ({ query: REFUND, variables: { input: books.refundInput(noteId, { referenceNo }) } }),
    status: 200,
  },
  REST: {
    path: () => `/api/credit-notes/${noteId}/refunds`,
    body: (referenceNo) => books.restBody({ referenceNo }),
    status: 201,
  },
};

const BIG_HEADER = `POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-big: ${'x'.repeat(20_000)}\r\n\r\n`;

describe.each(Object.entries(DOORS))('by %s', (_, door) => {
  const body = (reference = 'REF-1') => JSON.stringify(door.body(reference));

  function post(reference = 'REF-1', { version = '1.1', headers = [] as string[], length = body(reference).length } = {}): string {
    const head = [
      `POST ${door.path()} HTTP/${version}`,
      'host: localhost',
      `authorization: ${books.client.headers.authorization}`,
      'content-type: application/json',
      `content-length: ${length}`,
      ...headers,
    ];
    return `${head.join('\r\n')}\r\n\r\n${body(reference)}`;
  }

  const chunked = (ending: string) =>
    post()
      .replace(/content-length: \d+/, 'transfer-encoding: chunked')
      .replace(/\r\n\r\n.*$/s, `\r\n\r\n${body().length.toString(16)}\r\n${body()}\r\n${ending}`);

  /** The bytes that are sent → the statuses of the replies after the first one. */
  const PAID: Record<string, [bytes: () => string, further: number[]]> = {
    'three spaces': [() => `${post()}   `, []],
    'a second copy of its body': [() => post() + body(), []],
    'a body longer than Content-Length says': [() => `${post()}}}`, []],
    'a line that is no request': [() => `${post()}hello\r\n\r\n`, []],
    'a request with a header of 20 kB': [() => post() + BIG_HEADER, [431]],
    'a request with a malformed header': [() => `${post()}GET / HTTP/1.1\r\nhost x\r\n\r\n`, [400]],
    'a request with two lengths': [
      () => `${post()}POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`,
      [400],
    ],
    'a request without Host': [() => `${post()}GET /healthz HTTP/1.1\r\n\r\n`, [400]],
    'a CONNECT request': [() => `${post()}CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n`, []],
    'bytes after the last chunk': [() => `${chunked('0\r\n\r\n')}GARBAGE`, []],
    'bytes after Connection: close': [() => `${post('REF-1', { headers: ['connection: close'] })}   `, []],
    'bytes after a request of HTTP/1.0': [() => `${post('REF-1', { version: '1.0' })}   `, []],
    'spaces after a body that was sent after 100 Continue': [
      () => `${post('REF-1', { headers: ['expect: 100-continue'] })}   `,
      [],
    ],
    'an unknown expectation': [() => `${post('REF-1', { headers: ['expect: tea', 'connection: close'] })}`, []],
  };

  it.each(Object.entries(PAID))('answers a refund with its result when it is followed by %s', async (_, [bytes, further]) => {
    const replies = await wire.send(bytes()).allReplies();

    expect(replies.map(({ status }) => status)).toEqual([door.status, ...further]);
    expect(replies[0]?.body).toContain('"amount"');
    expect(await refunds()).toBe(1);
  });

  it.each(Object.entries(PAID))(
    'answers a refund with its result when these bytes arrive while it waits: %s',
    async (_, [bytes, further]) => {
      const { sql } = gateway.database;
      await sql.query('begin');
      await sql.query('select from credit_notes where id = $1 for update', [noteId]);
      const all = bytes();
      const first = all.indexOf(body()) + body().length;
      wire.send(all.slice(0, first));
      const rest = all.slice(first);
      // The last chunk belongs to the request itself.
      const own = rest.startsWith('\r\n0\r\n\r\n') ? 7 : 0;
      wire.send(rest.slice(0, own));
      await gateway.database.untilWaiting(1);
      wire.send(rest.slice(own));
      await answeredElsewhere();
      await sql.query('rollback');

      const replies = await wire.allReplies();

      expect(replies.map(({ status }) => status)).toEqual([door.status, ...further]);
      expect(replies[0]?.body).toContain('"amount"');
      expect(await refunds()).toBe(1);
    },
  );

  it('answers two requests in order, and then refuses a faulty third one', async () => {
    const replies = await wire.send(post('A'), post('B'), BIG_HEADER).allReplies();

    expect(replies.map(({ status }) => status)).toEqual([door.status, door.status, 431]);
    expect(await references()).toEqual(['A', 'B']);
  });

  it('answers a refused refund between two others, and keeps the connection', async () => {
    const wrong = body('B').replace('"date":"2026-02-01"', '"date":"2020-01-01"');
    const second = post('B').replace(body('B'), wrong);
    const replies = await wire.send(post('A'), second, post('C')).replies(3);

    expect(replies[1]?.body).toContain('DATE_BEFORE_CREDIT_NOTE');
    expect([replies[0]?.status, replies[2]?.status]).toEqual([door.status, door.status]);
    expect(await references()).toEqual(['A', 'C']);
    wire.socket.destroy();
  });

  it('makes no refund after a request that ends the connection', async () => {
    const tooLarge = `POST ${door.path()} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n`;
    const authorization = `authorization: ${books.client.headers.authorization}\r\n\r\n`;
    const replies = await wire.send(tooLarge, authorization, post('A')).allReplies();

    expect(replies.map(({ status }) => status)).toEqual([413]);
    expect(await refunds()).toBe(0);
  });

  it('refuses bytes after a complete reply with 400, and ends the connection', async () => {
    await wire.send(post()).replies(1);
    const replies = await wire.send('   ').allReplies();

    expect(replies.map(({ status }) => status)).toEqual([door.status, 400]);
    expect(JSON.parse(replies[1]?.body ?? '')).toMatchObject({ statusCode: 400, errors: [{ type: 'BAD_REQUEST' }] });
    expect(await refunds()).toBe(1);
  });

  it('answers a client that has closed its sending side after its request', async () => {
    const replies = await wire.endWith(post()).allReplies();

    expect(replies.map(({ status }) => status)).toEqual([door.status]);
    expect(replies[0]?.body).toContain('"amount"');
    expect(await refunds()).toBe(1);
  });

  it('answers all requests of a client that closes its sending side while the first one waits', async () => {
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = $1 for update', [noteId]);
    wire.endWith(post('A') + post('B'));
    await gateway.database.untilWaiting(1);
    await answeredElsewhere();
    await sql.query('rollback');

    expect((await wire.allReplies()).map(({ status }) => status)).toEqual([door.status, door.status]);
    expect(await references()).toEqual(['A', 'B']);
  });

  it.each([
    ['half a body, and the end', () => post().slice(0, -10), true],
    ['malformed chunks', () => chunked('tea\r\n'), false],
  ])('refuses a request with a broken body, and writes nothing: %s', async (_, bytes, ends) => {
    wire.send(post('A'), bytes());
    if (ends) wire.endWith();
    const replies = await wire.allReplies();

    expect(replies.map(({ status }) => status)).toEqual([door.status, 400]);
    const { errors } = JSON.parse(replies[1]?.body ?? '');
    expect(errors[0]).toMatchObject(door.status === 200 ? { extensions: { code: 'BAD_REQUEST' } } : { type: 'BAD_REQUEST' });
    expect(await references()).toEqual(['A']);
  });
});

/** Waits for a reply on another connection, which shows that the server has read the earlier bytes. */
async function answeredElsewhere(): Promise<void> {
  const other = await Wire.connect(port);
  await other.send('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n').replies(1);
  other.socket.destroy();
}

async function references(): Promise<string[]> {
  const { rows } = await gateway.database.sql.query('select reference_no from refunds where credit_note_id = $1 order by id', [
    noteId,
  ]);
  return rows.map(({ reference_no }) => reference_no);
}

async function refunds(): Promise<number> {
  return (await references()).length;
}
