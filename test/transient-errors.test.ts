import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Options } from '@mikro-orm/postgresql';
import { type Connection, connect } from '../mikro-orm.config.js';
import { readCluster } from './helpers/cluster.js';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { startTcpProxy } from './helpers/tcp-proxy.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let noteId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('1000.00')).id;
});

const RETRYABLE = {
  code: 'SERVICE_UNAVAILABLE',
  details: { retryable: true },
  retryable: true,
  retryAfter: 1,
  requestId: expect.any(String),
};

describe('a transient error of the database', () => {
  afterEach(async () => {
    await gateway.database.superuser.query('drop trigger if exists lacking on refunds');
  });

  /** Makes every refund fail with this SQLSTATE. */
  async function refusing(code: string): Promise<void> {
    await gateway.database.superuser.query(`
      create or replace function lacking() returns trigger language plpgsql as $$
        begin raise exception 'lacking' using errcode = '${code}'; end $$;
      create trigger lacking before insert on refunds for each statement execute function lacking()`);
  }

  it.each([
    ['a full disk', '53100'],
    ['no memory', '53200'],
    ['too many connections', '53300'],
    ['a limit of temporary files', '53400'],
    ['an I/O error', '58030'],
    ['a read-only transaction', '25006'],
  ])('is reported as retryable, over GraphQL and REST: %s', async (_what, code) => {
    const before = await books.snapshot();
    await refusing(code);
    const graphql = await books.client.graphql(
      'mutation ($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }',
      { input: books.refundInput(noteId) },
    );
    const rest = await books.client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody());

    expect(graphql.errors?.[0]?.extensions).toEqual(RETRYABLE);
    expect(graphql.headers['retry-after']).toBe('1');
    expect([rest.status, rest.json.errors[0].type, rest.json.errors[0].payload]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      { retryable: true },
    ]);
    expect(await books.snapshot()).toEqual(before);
  });
});

describe('a database without a working connection', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** The replies of a gateway on this connection: GraphQL, REST and the readiness probe. */
  async function replies(connection: Connection, options?: Options) {
    const orm = await connect(connection, options);
    const other = await Gateway.start({ orm });
    const { app } = other;
    stops.push(
      () => other.stop(),
      () => orm.close(),
    );
    const headers = { ...books.client.headers, 'content-type': 'application/json' };
    const graphql = await app.inject({ method: 'POST', url: '/graphql', headers, payload: '{"query":"{me{role}}"}' });
    const rest = await app.inject({ method: 'POST', url: '/api/credit-notes/1/refunds', headers, payload: '{}' });
    const ready = await app.inject({ url: '/readyz' });
    return [graphql.statusCode, graphql.json().errors[0].extensions, rest.statusCode, ready.statusCode, ready.json().reason];
  }

  it('is reported as retryable when its host name cannot be resolved', async () => {
    expect(await replies({ clientUrl: 'postgres://user:secret@no-such-host.invalid/refunds' })).toEqual([
      ...[503, RETRYABLE, 503],
      ...[503, 'the name of the database host cannot be resolved'],
    ]);
  });

  it('is reported as retryable when no server listens', async () => {
    const { port, stop } = await startTcpProxy();
    await stop();
    expect(await replies({ clientUrl: `postgres://user:secret@127.0.0.1:${port}/refunds` })).toEqual([
      ...[503, RETRYABLE, 503],
      ...[503, 'the database does not answer'],
    ]);
  });

  it('is reported as retryable when the password has changed', async () => {
    const { application } = readCluster();
    const connection = { ...application, dbName: application.database, password: randomBytes(8).toString('hex') };
    expect(await replies(connection)).toEqual([...[503, RETRYABLE, 503], ...[503, 'the database refuses the credentials']]);
  });

  it('is reported as retryable when it does not support TLS', async () => {
    const { port, stop } = await startTcpProxy();
    stops.push(stop);
    const { user, password, database } = readCluster().application;
    const connection = { host: '127.0.0.1', port, user, password, dbName: database };
    expect(await replies(connection, { driverOptions: { ssl: true } })).toEqual([
      ...[503, RETRYABLE, 503],
      ...[503, 'the database does not answer'],
    ]);
  });
});
