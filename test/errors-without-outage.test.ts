import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { beforeAll, expect, it } from '@jest/globals';
import { refusalOf } from '../src/orm/errors.js';
import { sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
let authorization: string;
let port: number;
beforeAll(async () => {
  const books = await gateway.books();
  authorization = books.client.headers.authorization ?? '';
  await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  port = (gateway.app.server.address() as AddressInfo).port;
});

it.each(['/graphql', '/api/credit-notes/1/refunds'])(
  'a client that disconnects in the middle of its body is not logged as an outage: %s',
  async (path) => {
    const id = `gone-${path.length}`;
    const socket = connect(port, '127.0.0.1');
    const head = [`POST ${path} HTTP/1.1`, 'host: localhost', `authorization: ${authorization}`, `x-request-id: ${id}`];
    socket.write(`${[...head, 'content-type: application/json', 'content-length: 1000'].join('\r\n')}\r\n\r\n{"query":`);
    const lines = () => gateway.logged.filter(({ requestId }) => requestId === id);
    // Waits until the gateway has accepted the connection.
    while ((await connections()) === 0) await pause();
    setTimeout(() => socket.destroy(), 100);
    while (!lines().some(({ msg }) => msg === 'request')) await pause();

    expect(lines().map(({ msg }) => msg)).toEqual(['request']);
    expect(lines()[0]?.refused).not.toBe('SERVICE_UNAVAILABLE');
  },
);

it('a missing file and a lost connection to another server are not database outages', async () => {
  const missing: unknown = await readFile('/nowhere/at/all').catch((error: unknown) => error);
  expect(missing).toMatchObject({ code: 'ENOENT' });
  expect(refusalOf(missing)).toBeNull();
  for (const code of ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ENOENT']) {
    expect(refusalOf(Object.assign(new Error('aborted'), { code }))).toBeNull();
  }
});

const connections = () =>
  new Promise<number>((resolve, reject) =>
    gateway.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));
