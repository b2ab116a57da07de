import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CreateCreditNoteDocument } from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

const MEGABYTE = 1024 * 1024;
const LIMITS = { perOrganization: 3 * MEGABYTE, total: 5 * MEGABYTE };

/** The least length of the Sandbox's page. */
const PAGE_LENGTH = MEGABYTE / 4;

let gateway: Gateway;
let port: number;
/** The server's sockets of open connections. */
const served = new Set<Socket>();
const clients: Socket[] = [];
beforeAll(async () => {
  const demo = { document: '{ __typename }', variables: { note: 'n'.repeat(PAGE_LENGTH) }, apiKey: 'bc_secret', keyCommand: '' };
  gateway = await Gateway.start({ unread: LIMITS, host: '0.0.0.0', demo });
  gateway.app.server.on('connection', (socket: Socket) => {
    served.add(socket);
    socket.once('close', () => served.delete(socket));
  });
  port = await gateway.listen();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  while (served.size > 0) await new Promise(setImmediate);
});
afterAll(() => gateway.stop());

/** Books for a query whose reply has about one megabyte. */
async function wordyBooks(): Promise<Books> {
  const books = await gateway.books();
  const customerId = await books.customer();
  const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
  for (let count = 0; count < 10; count += 1) {
    const input = { customerId, date: '2026-01-01', note: 'n'.repeat(4_000), lines };
    await books.client.query(CreateCreditNoteDocument, { input });
  }
  return books;
}

const LONG = `{ ${Array.from({ length: 25 }, (_, index) => `a${index}: creditNotes(first: 10) { nodes { note } }`).join(' ')} }`;

/** Sends requests whose replies exceed the buffers of the operating system, and reads none: the rest stays in the gateway's memory. */
async function neverRead(books: Books): Promise<Socket> {
  const client = createConnection({ port, host: '127.0.0.1' });
  clients.push(client.on('error', () => undefined).pause());
  await once(client, 'connect');
  const body = JSON.stringify({ query: LONG });
  const head = [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    `authorization: ${books.client.headers.authorization}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  client.write(`${head.join('\r\n')}\r\n\r\n${body}`.repeat(12));
  return client;
}

const waiting = () => [...served].filter(({ destroyed }) => !destroyed).map(({ writableLength }) => writableLength);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** Waits until the number of open connections fits, and each has unsent bytes. */
async function stuck(isEnough: (connections: number) => boolean): Promise<void> {
  while (!isEnough(served.size) || waiting().includes(0)) await new Promise(setImmediate);
}

describe('replies that clients do not read', () => {
  it('have a memory limit per organization; beyond it the oldest connections are cut, and other clients are served', async () => {
    const books = await wordyBooks();
    for (let count = 0; count < 8; count += 1) await neverRead(books);
    await stuck((connections) => connections < 8);

    expect(sum(waiting())).toBeGreaterThan(MEGABYTE);
    expect(sum(waiting())).toBeLessThanOrEqual(LIMITS.perOrganization + 10_000);
    for (let count = 0; count < 5; count += 1) {
      expect(Object.keys((await books.client.graphql<object, undefined>(LONG)).data ?? {})).toHaveLength(25);
    }
  });

  it('have a memory limit in all; beyond it the organization with the most unread replies is cut first', async () => {
    const modest = await wordyBooks();
    await neverRead(modest);
    await stuck((connections) => connections === 1);
    const [first] = served;
    for (const books of [await wordyBooks(), await wordyBooks()]) {
      for (let count = 0; count < 4; count += 1) await neverRead(books);
    }
    await stuck((connections) => connections < 9);

    expect(sum(waiting())).toBeLessThanOrEqual(LIMITS.total + 10_000);
    expect(first?.destroyed).toBe(false);
    expect(gateway.logged.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('include the files of pages, whoever asks for them', async () => {
    const { body } = await gateway.app.inject('/graphiql');
    const [file] = /\/graphiql\/assets\/[\w/.-]+\.js/.exec(body) ?? [];
    for (let count = 0; count < 3; count += 1) {
      const client = createConnection({ port, host: '127.0.0.1' });
      clients.push(client.on('error', () => undefined).pause());
      client.write(`GET ${file} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      await stuck((connections) => connections >= 1);
    }

    // One file is larger than the limit, and the newest reply is never cut.
    await stuck((connections) => connections === 1);
    expect(sum(waiting())).toBeGreaterThan(MEGABYTE);
  });

  it('do not include pages that were refused in place of being sent', async () => {
    const books = await wordyBooks();
    await neverRead(books);
    await stuck((connections) => connections === 1);
    const [first] = served;
    const page = { method: 'GET', url: '/graphql', headers: { host: 'evil.example', accept: 'text/html' } } as const;
    for (let bytes = 0; bytes < LIMITS.total; bytes += PAGE_LENGTH) expect((await gateway.app.inject(page)).statusCode).toBe(421);

    expect(Object.keys((await books.client.graphql<object, undefined>('{ me { name } }')).data ?? {})).toEqual(['me']);
    expect(first?.destroyed).toBe(false);
  });
});
