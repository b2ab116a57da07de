import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { type Books, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** Expensive queries, which stay in flight while the test locks the table that they read. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let others: Books[];
beforeAll(async () => {
  await books.refund((await books.creditNote('100.00')).id);
  others = await Promise.all(Array.from({ length: 4 }, () => gateway.books()));
});
afterEach(() => gateway.database.superuser.query('rollback'));

/** This query costs 14,000 of the 20,000 units that one query may cost: two may run per organization, and five in all. */
const HEAVY =
  '{ refunds { nodes { a: creditNote { ...C } b: creditNote { ...C } c: creditNote { ...C } d: creditNote { ...C } e: creditNote { ...C } } } } fragment C on CreditNote { customer { id displayName email } branch { id name code isPrimary } number status date currencyCode exchangeRate total refunded applied remaining createdBy referenceNo etag }';
const LIGHT = '{ refunds(first: 1) { nodes { id } } }';

async function hold(): Promise<void> {
  await gateway.database.superuser.query('begin; lock table refunds in access exclusive mode');
}

const release = () => gateway.database.superuser.query('rollback');

/** Waits until exactly so many connections wait for the table. */
async function waiting(count: number): Promise<void> {
  expect(await gateway.database.untilWaiting(count)).toBe(count);
}

const codes = (replies: readonly { errors?: readonly { extensions: { code?: unknown } }[] }[]) =>
  replies.map(({ errors }) => errors?.[0]?.extensions.code ?? 'OK');

it('expensive queries have a concurrency limit per organization and in all, and cheap queries do not wait for them', async () => {
  await hold();
  const replies = Array.from({ length: 6 }, () => books.client.graphql(HEAVY));
  await waiting(2);
  expect((await books.client.graphql('{ me { name } }')).errors).toBeUndefined();
  expect((await books.client.graphql('{ accounts { nodes { name } } }')).errors).toBeUndefined();
  await waiting(2);

  const light = books.client.graphql(LIGHT);
  await waiting(3);
  const theirs = others.map(({ client }) => client.graphql(HEAVY));
  await waiting(6);
  expect((await others[0]?.client.graphql('{ accounts { nodes { name } } }'))?.errors).toBeUndefined();
  await waiting(6);
  await release();

  expect(codes(await Promise.all([...replies, light, ...theirs]))).toEqual(Array(11).fill('OK'));
});

it('expensive queries have a queue of 200, beyond which they are refused as unavailable', async () => {
  await hold();
  const replies = Array.from({ length: 2 + 200 + 5 }, () => books.client.graphql(HEAVY));
  let refused = 0;
  for (const reply of replies) void reply.then(() => (refused += 1));
  const first = await Promise.race(replies);
  expect([first.status, first.headers['retry-after'], ...codes([first])]).toEqual([503, '1', 'SERVICE_UNAVAILABLE']);
  // The gateway starts one request per turn of the event loop.
  while (refused < 5) await new Promise(setImmediate);
  await release();

  const ended = codes(await Promise.all(replies));
  expect(ended.filter((code) => code === 'SERVICE_UNAVAILABLE')).toHaveLength(5);
  expect(ended.filter((code) => code === 'OK')).toHaveLength(202);
});

it('expensive queries release their capacity, whether they succeed or fail', async () => {
  for (let round = 0; round < 10; round += 1) {
    await books.client.graphql(HEAVY);
    await books.client.graphql(`${HEAVY} query Another { me { name } }`);
    await books.client.graphql(HEAVY.replace('refunds {', 'refunds(after: "x") {'));
  }
  await hold();
  const replies = Array.from({ length: 3 }, () => books.client.graphql(HEAVY));
  await waiting(2);
  await release();
  expect(codes(await Promise.all(replies))).toEqual(['OK', 'OK', 'OK']);
});

it('expensive queries do not start when their client has disconnected, and stop before their next statement', async () => {
  await gateway.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = gateway.app.server.address() as AddressInfo;
  const clients = new AbortController();
  const ask = (query: string) =>
    fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { ...books.client.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: clients.signal,
    }).catch(() => 'gone');
  const deep = `${HEAVY.replace('{ refunds { nodes {', '{ refunds { nodes { journalEntry { reversedBy { id } }')}`;
  const logged = gateway.logged.length;
  await hold();
  const running = [ask(deep), ask(deep)];
  await waiting(2);
  const queued = [ask(HEAVY), ask(HEAVY)];
  const last = books.client.graphql(LIGHT);
  await waiting(3);
  const before = gateway.database.statements.length;

  clients.abort();
  expect(await Promise.all([...running, ...queued])).toEqual(Array(4).fill('gone'));
  await aborted(4);
  await release();
  await last;
  const after = books.client.graphql(HEAVY);
  expect(codes([await after])).toEqual(['OK']);

  const reads = () =>
    gateway.database.statements.slice(before).filter((statement) => /from (refunds|journal_entries)/.test(statement));
  // Two running queries, the cheap query and the query after them read once each. Those whose client has gone are logged when they end.
  while (reads().length < 4) await nextTurn();
  await books.client.graphql(LIGHT.replace('refunds', 'accounts'));
  expect(reads()).toHaveLength(4);
  expect(gateway.logged.slice(logged).filter(({ msg }) => msg === 'unexpected error' || msg === 'unavailable')).toEqual([]);
});

/** Waits until so many requests of disconnected clients were logged. */
async function aborted(count: number): Promise<void> {
  while (gateway.logged.filter(({ status }) => status === 'aborted').length < count) await new Promise(setImmediate);
}
