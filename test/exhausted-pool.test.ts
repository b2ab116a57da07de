import { expect, it } from '@jest/globals';
import type { PoolClient } from 'pg';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway({ requestWaitMs: 300 });
const books = sharedBooks(gateway);

it('a caller whose authentication gets no connection is refused as unavailable, over GraphQL and REST', async () => {
  const pool = await gateway.database.orm.em.getConnection().getNativeClient();
  const held: PoolClient[] = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));

  const [graphql, rest] = await Promise.all([
    books.client.graphql('{ me { name } }'),
    books.client.rest('/api/credit-notes/1/refunds', {}),
  ]);
  for (const client of held) client.release();

  expect([graphql.status, graphql.errors?.[0]?.extensions.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  expect([rest.status, rest.json.errors[0].type]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  for (const { message } of [graphql.errors?.[0], rest.json.errors[0]]) expect(message).toMatch(/was not executed/);
  expect((await books.client.graphql('{ me { name } }')).errors).toBeUndefined();
});
