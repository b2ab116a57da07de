import { expect, it } from '@jest/globals';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway({ restDeprecatedSince: '2026-11-25', corsOrigins: ['https://books.example'] });
const books = sharedBooks(gateway);

const SINCE = `@${Date.UTC(2026, 10, 25) / 1_000}`;

it('announces the deprecation and the equivalent in GraphQL in each reply of REST', async () => {
  const { id } = await books.creditNote('100.00');
  const made = await books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody({ amount: 1 }));
  const successor = '</graphql>; rel="successor-version"; title="refundCreditNote"';
  expect([made.status, made.headers.deprecation, made.headers.link]).toEqual([201, SINCE, successor]);
  const refused = await books.client.rest('/api/credit-notes/3abc/refunds', books.restBody());
  expect([refused.status, refused.headers.deprecation, refused.headers.link]).toEqual([404, SINCE, successor]);
  const stranger = await gateway.app.inject({ url: '/api/accounts', headers: { origin: 'https://books.example' } });
  expect([stranger.statusCode, stranger.headers.deprecation]).toEqual([401, SINCE]);
  expect(String(stranger.headers['access-control-expose-headers'])).toContain('deprecation');
});

it('keeps the link to the next page', async () => {
  await books.creditNote('1.00');
  await books.creditNote('1.00');
  const { headers } = await gateway.app.inject({ url: '/api/credit-notes?page_size=1', headers: books.client.headers });
  expect(headers.link).toBe(
    '</api/credit-notes?page=2&page_size=1>; rel="next", </graphql>; rel="successor-version"; title="creditNotes"',
  );
});

it('announces nothing over GraphQL, nor where REST is not deprecated', async () => {
  const { headers } = await books.client.graphql('{ me { name } }');
  expect(headers.deprecation).toBeUndefined();
  const usual = await Gateway.start();
  const reply = await usual.app.inject({ url: '/api/accounts', headers: (await usual.books()).client.headers });
  await usual.stop();
  expect([reply.statusCode, reply.headers.deprecation, reply.headers.link]).toEqual([200, undefined, undefined]);
});
