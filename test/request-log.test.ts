import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

it('contains no line for a probe, with or without a query string', async () => {
  for (const url of ['/healthz', '/readyz', '/readyz?verbose=1']) {
    expect((await gateway.app.inject({ url, headers: { 'x-request-id': 'probe' } })).statusCode).toBe(200);
  }
  await gateway.app.inject({ method: 'HEAD', url: '/healthz', headers: { 'x-request-id': 'probe' } });

  await gateway.app.inject({ url: '/api/accounts', headers: { 'x-request-id': 'probe' } });

  expect(gateway.logged.filter(({ requestId }) => requestId === 'probe').map(({ path }) => path)).toEqual(['/api/accounts']);
});

it("contains at most 255 characters of an operation's name", async () => {
  const query = `query ${'N'.repeat(10_000)} { me { role } }`;
  const { headers, status } = await books.client.graphql(query);

  expect(status).toBe(200);
  const [line] = gateway.logged.filter(({ requestId }) => requestId === headers['x-request-id']);
  expect(line?.operation).toBe('N'.repeat(255));
});

it('contains one short line with the reason, and no stack trace, for a request during an outage', async () => {
  const { superuser, sql } = gateway.database;
  await superuser.query('begin');
  await superuser.query('lock table api_keys in access exclusive mode');
  const lost = books.client.graphql('{ me { role } }', undefined, { 'x-request-id': 'lost' });
  await gateway.database.untilWaiting(1);
  await sql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  expect((await lost).status).toBe(503);
  await superuser.query('rollback');

  const lines = gateway.logged.filter(({ requestId, msg }) => requestId === 'lost' && msg === 'unavailable');
  expect(lines).toEqual([expect.objectContaining({ reason: expect.stringMatching(/^57P01: .*terminat/) })]);
  expect(JSON.stringify(lines).length).toBeLessThan(600);
});
