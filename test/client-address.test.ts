import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TrustedProxies } from '../src/server/client-address.js';
import { type Books, type Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** Number of trusted proxies or their networks → a gateway with this configuration, its books and a credit note. */
const gateways = new Map<TrustedProxies, { gateway: Gateway; books: Books; noteId: string }>();
const NETWORKS = ['10.0.0.0/8', '2001:db8:1::/48', '127.0.0.1'];

for (const trustedProxies of [1, 2, NETWORKS]) {
  const gateway = sharedGateway({ clientIp: 'forwarded', trustedProxies });
  const books = sharedBooks(gateway);
  beforeAll(async () => {
    gateways.set(trustedProxies, { gateway, books, noteId: (await books.creditNote('1000.00')).id });
  });
}

/** Refunds over GraphQL and REST with the header, and returns the client address that both refunds have stored. */
async function keptAddress(trustedProxies: TrustedProxies, forwarded: string): Promise<unknown> {
  const { gateway, books, noteId } = here(trustedProxies);
  const headers = { 'x-forwarded-for': forwarded };
  const input = books.refundInput(noteId, { amount: '0.01' });
  const query = 'mutation ($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
  const graphql = await books.client.graphql<{ refundCreditNote: { id: string } }, unknown>(query, { input }, headers);
  const rest = await books.client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody({ amount: 0.01 }), headers);
  const { rows } = await gateway.database.sql.query('select distinct ip from refunds where id in ($1, $2)', [
    graphql.data?.refundCreditNote.id,
    rest.json.id,
  ]);
  expect(rows).toHaveLength(1);
  return rows[0].ip;
}

function here(trustedProxies: TrustedProxies) {
  const found = gateways.get(trustedProxies);
  if (found === undefined) throw new Error('there is no such gateway');
  return found;
}

/** Trusted proxies, X-Forwarded-For → the client address that is stored. */
const FORWARDED: readonly (readonly [TrustedProxies, string, string | null])[] = [
  [1, '203.0.113.7', '203.0.113.7'],
  [1, 'fake, 203.0.113.7', '203.0.113.7'],
  [1, '198.51.100.1, 203.0.113.7', '203.0.113.7'],
  [1, '203.0.113.7:4711', '203.0.113.7'],
  [1, '[2001:DB8::0:7]:443', '2001:db8::7'],
  [1, '[2001:db8::7]', '2001:db8::7'],
  [1, '2001:db8:0:0::7', '2001:db8::7'],
  [1, '::ffff:203.0.113.7', '203.0.113.7'],
  [1, `fe80::7%${'z'.repeat(1_000)}`, 'fe80::7'],
  [1, '203.0.113.7, unknown', null],
  [1, '203.0.113.7, _hidden', null],
  [1, '203.0.113.7, 256.0.0.1', null],
  [1, '203.0.113.7, 203.0.113.7.', null],
  [1, "203.0.113.7, ' or 1=1 --", null],
  [1, '203.0.113.7, [203.0.113.7', null],
  [1, '', '127.0.0.1'],
  [2, 'fake, 203.0.113.7, 10.0.0.1', '203.0.113.7'],
  [2, '198.51.100.1, fake, 10.0.0.1', null],
  [NETWORKS, 'fake, 203.0.113.7, 10.9.8.7', '203.0.113.7'],
  [NETWORKS, '10.0.0.1, 203.0.113.7, 10.9.8.7:4711, 2001:db8:1::1', '203.0.113.7'],
  [NETWORKS, '203.0.113.7, unknown, 10.9.8.7', null],
  [NETWORKS, '198.51.100.1', '198.51.100.1'],
];

describe('the client address that is stored with a refund', () => {
  it.each(FORWARDED)('with trusted proxies %j and X-Forwarded-For "%s" is %s', async (trustedProxies, forwarded, kept) => {
    expect(await keptAddress(trustedProxies, forwarded)).toBe(kept);
  });

  it('is taken from the last X-Forwarded-For header, so that a client cannot forge it', async () => {
    const { gateway, books, noteId } = here(1);
    await gateway.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = gateway.app.server.address() as AddressInfo;
    const query = `mutation ($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }`;
    const input = books.refundInput(noteId, { amount: '0.01', referenceNo: 'several headers' });
    const headers = {
      ...books.client.headers,
      'content-type': 'application/json',
      'x-forwarded-for': ['198.51.100.1', '203.0.113.9'],
    };

    const status = await new Promise((resolve, reject) => {
      request({ port, path: '/graphql', method: 'POST', headers }, (reply) => resolve(reply.resume().statusCode))
        .on('error', reject)
        .end(JSON.stringify({ query, variables: { input } }));
    });

    const { rows } = await gateway.database.sql.query(`select ip from refunds where reference_no = 'several headers'`);
    expect([status, rows]).toEqual([200, [{ ip: '203.0.113.9' }]]);
  });
});

it('ignores all other forwarded headers', async () => {
  const { books } = here(1);
  const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': '[', 'x-forwarded-proto': 'no such scheme' };
  expect((await books.client.graphql('{ me { role } }', undefined, headers)).status).toBe(200);
});
