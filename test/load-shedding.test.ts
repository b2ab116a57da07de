import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

// Only the test itself blocks the event loop for so long, and not a busy machine.
const gateway = sharedGateway({ maxEventLoopDelayMs: 250 });
const books = sharedBooks(gateway);

it('refuses requests early while the event loop is too slow, still answers probes, and recovers', async () => {
  const note = await books.creditNote('100.00');
  const body = books.restBody();
  const refund = () => books.client.rest(`/api/credit-notes/${note.id}/refunds`, body);
  const query = () => books.client.graphql('{ me { name } }');
  const before = await books.snapshot();

  let graphql = await query();
  while (graphql.status === 200) {
    await blocked();
    graphql = await query();
  }
  await blocked();
  const statements = gateway.database.statements.length;
  const rest = await refund();
  const problem = await books.client.rest(`/api/credit-notes/${note.id}/refunds`, body, {
    accept: 'application/problem+json',
  });
  const page = await gateway.app.inject({ url: '/graphql', headers: { accept: 'text/html' } });
  expect(gateway.database.statements.length).toBe(statements);
  const probes = await Promise.all(['/healthz', '/readyz'].map((url) => gateway.app.inject({ url })));

  expect([graphql.status, graphql.headers['retry-after'], graphql.errors?.[0]?.extensions.code]).toEqual([
    503,
    '1',
    'SERVICE_UNAVAILABLE',
  ]);
  expect([rest.status, rest.headers['retry-after'], rest.json.errors[0].type]).toEqual([503, '1', 'SERVICE_UNAVAILABLE']);
  expect(problem.json).toMatchObject({
    ...{ status: 503, code: 'SERVICE_UNAVAILABLE' },
    detail: 'The gateway has too much to do; this request was not started, send it again',
  });
  expect(page.statusCode).toBe(503);
  expect(probes.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect(await books.snapshot()).toEqual(before);
  expect(gateway.logged).toContainEqual(expect.objectContaining({ status: 503, behindMs: expect.any(Number) }));

  while (graphql.status === 503) {
    await turn();
    graphql = await query();
  }
  expect((await refund()).status).toBe(201);
});

/** Blocks the event loop for longer than the limit. */
async function blocked(): Promise<void> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  await turn();
}
