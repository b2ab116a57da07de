import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A search has five seconds, so that it ends before other statements do that wait as long. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);

it('ends a search by its own time limit, and says that it may be tried again', async () => {
  const { superuser } = gateway.database;
  // Waits for a lock have a limit of the same time, which begins later: without the limit of searches, that one would end them.
  await superuser.query('begin; lock table customers, refunds');
  const replies = await Promise.all([
    books.client.graphql('{ customers(filter: { search: "carol" }) { nodes { id } } }'),
    books.client.graphql(
      '{ refunds(orderBy: DATE_DESC, filter: { branchId: 1, amount: { min: 3 } }) { nodes { id } totalCount } }',
    ),
  ]);
  await superuser.query('rollback');
  for (const { errors } of replies)
    expect(errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true } }]);
  const reasons = gateway.logged.flatMap(({ reason }) => reason ?? []);
  expect(reasons).toEqual(Array.from(replies, () => '57014: canceling statement due to statement timeout'));
  expect((await books.client.graphql('{ customers(filter: { search: "carol" }) { nodes { id } } }')).errors).toBeUndefined();
}, 30_000);
