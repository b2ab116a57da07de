import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { BigcapitalClient } from '../src/import/bigcapital-client.js';

jest.setTimeout(120_000);

const MB = 1024 * 1024;
/** Larger than what replies may have while others are read, and what the sockets between client and server hold. */
const LARGE = 24 * MB;
/** What is sent of a reply that nobody reads further: 4 MB, and what the sockets hold. */
const HELD = 16 * MB;

/** A server of JSON texts, whose path says how long they are: `/20000000`. */
const server = createServer((request, response) => {
  const compressed = request.url?.startsWith('/gzip');
  const length = Number(/\d+$/.exec(request.url ?? '')?.[0]);
  void send(response, Buffer.from(`"${'x'.repeat(length)}"`), compressed === true);
});
/** The bytes that were sent of each reply that is not finished. */
const unfinished = new Map<ServerResponse, number>();
/** The most replies of which much was sent at the same time. */
let most = 0;

async function send(response: ServerResponse, text: Buffer, compressed: boolean): Promise<void> {
  if (compressed) {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text, { level: 1 }));
    return;
  }
  response.writeHead(200);
  for (let sent = 0; sent < text.length && !response.destroyed; sent += MB) {
    unfinished.set(response, sent);
    most = Math.max(most, [...unfinished.values()].filter((bytes) => bytes > HELD).length);
    // What is held by the response itself is not sent.
    if (!response.write(text.subarray(sent, sent + MB))) while (response.writableNeedDrain && !response.destroyed) await sleep(1);
  }
  unfinished.delete(response);
  response.end();
}

let client: BigcapitalClient;
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
beforeEach(() => {
  most = 0;
  const { port } = server.address() as AddressInfo;
  client = new BigcapitalClient({ url: `http://127.0.0.1:${port}`, apiKey: 'bc_key', organizationId: 'x', timeoutSeconds: 60 });
});
afterAll(() => new Promise((resolve) => void server.close(resolve)));

it('of several large replies, one is read at a time', async () => {
  const texts = await Promise.all(Array.from({ length: 4 }, () => client.get(`/${LARGE}`)));
  expect(texts.map((text) => String(text).length)).toEqual(Array(4).fill(LARGE));
  expect(most).toBe(1);
  client.close();
});

it('smaller replies do not wait for a large one', async () => {
  const large = client.get(`/${LARGE}`);
  const small = await Promise.all(Array.from({ length: 20 }, () => client.get('/1000000')));
  expect(small.map((text) => String(text).length)).toEqual(Array(20).fill(1_000_000));
  expect(String(await large)).toHaveLength(LARGE);
  client.close();
});

it.each(['', 'gzip/'])('a reply over 64 MB ends the import, and no other one waits for it: /%s', async (kind) => {
  const tooLarge = client.get(`/${kind}${65 * MB}`);
  const others = [client.get(`/${LARGE}`), client.get(`/${LARGE}`)];
  await expect(tooLarge).rejects.toThrow('its reply is larger than 67108864 bytes');
  expect((await Promise.all(others)).map((text) => String(text).length)).toEqual([LARGE, LARGE]);
  client.close();
});
