import { beforeAll, describe, expect, it } from '@jest/globals';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { Wire } from './helpers/wire.js';

describe('a gateway that stops', () => {
  const owner = sharedGateway();
  const books = sharedBooks(owner);
  let noteId: string;
  beforeAll(async () => {
    noteId = (await books.creditNote('1000.00')).id;
  });

  /** Starts another gateway on the database. It stops before the test ends. */
  async function start() {
    const gateway = await Gateway.start({ orm: owner.database.orm });
    const port = await gateway.listen();
    return { gateway, connect: () => Wire.connect(port) };
  }

  function refund(): string {
    const body = JSON.stringify(books.restBody());
    const head = [`POST /api/credit-notes/${noteId}/refunds HTTP/1.1`, 'host: localhost', 'content-type: application/json'];
    return `${head.join('\r\n')}\r\nauthorization: ${books.client.headers.authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }

  /** Sends a refund, which waits for its credit note until the transaction of `owner.database.sql` ends. */
  async function sendWaitingRefund(connect: () => Promise<Wire>): Promise<Wire> {
    const { sql } = owner.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = $1 for update', [noteId]);
    const wire = (await connect()).send(refund());
    await owner.database.untilWaiting(1);
    return wire;
  }

  const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

  it('answers a request on its way over a kept connection, and says that the connection ends', async () => {
    const { gateway, connect } = await start();
    const kept = await connect();
    await kept.send(get('/healthz')).replies(1);

    const stopped = gateway.stop();
    kept.send(refund());
    const replies = await kept.allReplies();
    await stopped;

    expect(replies.map(({ status, headers }) => [status, headers.connection])).toEqual([
      [200, 'keep-alive'],
      [201, 'close'],
    ]);
  });

  it('says in the reply of a request in flight that its connection ends', async () => {
    const { gateway, connect } = await start();
    const wire = await sendWaitingRefund(connect);

    const stopped = gateway.stop();
    await owner.database.sql.query('rollback');
    const [reply] = await wire.allReplies();
    await stopped;

    expect([reply?.status, reply?.headers.connection]).toEqual([201, 'close']);
  });

  it('is no longer ready, but alive', async () => {
    const { gateway, connect } = await start();
    const [one, other] = [await connect(), await connect()];
    await one.send(get('/readyz')).replies(1);

    const stopped = gateway.stop();
    const [, notReady] = await one.send(get('/readyz')).allReplies();
    const [alive] = await other.send(get('/healthz')).allReplies();
    await stopped;

    expect([notReady?.status, JSON.parse(notReady?.body ?? '')]).toEqual([
      503,
      { status: 'not ready', reason: 'the gateway is stopping' },
    ]);
    expect(alive?.status).toBe(200);
  });

  it('soon accepts no new connection, while a request is still in flight', async () => {
    const { gateway, connect } = await start();
    const wire = await sendWaitingRefund(connect);

    const stopped = gateway.stop();
    const statuses = new Set<number | undefined>();
    let refused: NodeJS.ErrnoException | undefined;
    while (refused === undefined) {
      await connect().then(
        async (accepted) => statuses.add((await accepted.send(get('/healthz')).allReplies())[0]?.status),
        (error: NodeJS.ErrnoException) => {
          refused = error;
        },
      );
    }
    await owner.database.sql.query('rollback');
    const [reply] = await wire.allReplies();
    await stopped;

    expect(refused.code).toBe('ECONNREFUSED');
    expect(statuses).not.toContain(503);
    expect(reply?.status).toBe(201);
  });
});
