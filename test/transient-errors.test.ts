import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Options } from '@mikro-orm/postgresql';
import { type Connection, connect } from '../mikro-orm.config.js';
import { readCluster } from './helpers/cluster.js';
import { type Books, Gateway } from './helpers/gateway.js';
import { startTcpProxy } from './helpers/tcp-proxy.js';

let gateway: Gateway;
let books: Books;
let noteId: string;
beforeAll(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
  noteId = (await books.creditNote('1000.00')).id;
});
afterAll(() => gateway.stop());

const TRY_AGAIN = { code: 'SERVICE_UNAVAILABLE', details: { retryable: true } };

describe('what the database refuses for lack of something', () => {
  afterEach(async () => {
    await gateway.database.superuser.query('drop trigger if exists lacking on refunds');
  });

  /** From now on, a refund meets this SQLSTATE. */
  async function refusing(code: string): Promise<void> {
    await gateway.database.superuser.query(`
      create or replace function lacking() returns trigger language plpgsql as $$
        begin raise exception 'lacking' using errcode = '${code}'; end $$;
      create trigger lacking before insert on refunds for each statement execute function lacking()`);
  }

  it.each([
    ['disk', '53100'],
    ['memory', '53200'],
    ['connections', '53300'],
    ['room for temporary files', '53400'],
    ['a disk that works', '58030'],
    ['the right to write', '25006'],
  ])('is to be tried again, over both doors: %s', async (_what, code) => {
    const before = await books.snapshot();
    await refusing(code);
    const graphql = await books.client.graphql(
      'mutation ($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }',
      { input: books.refundInput(noteId) },
    );
    const rest = await books.client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody());

    expect(graphql.errors?.[0]?.extensions).toEqual(TRY_AGAIN);
    expect([rest.status, rest.json.errors[0].type, rest.json.errors[0].payload]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      { retryable: true },
    ]);
    expect(await books.snapshot()).toEqual(before);
  });
});

describe('a database that lets nobody in', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** What a caller with a credential, over both doors, and the operator's probe are told by a gateway on this connection. */
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

  it('is to be tried again when its host cannot be resolved', async () => {
    expect(await replies({ clientUrl: 'postgres://user:secret@no-such-host.invalid/refunds' })).toEqual([
      ...[503, TRY_AGAIN, 503],
      ...[503, 'the name of the database host cannot be resolved'],
    ]);
  });

  it('is to be tried again when nothing listens', async () => {
    const { port, stop } = await startTcpProxy();
    await stop();
    expect(await replies({ clientUrl: `postgres://user:secret@127.0.0.1:${port}/refunds` })).toEqual([
      ...[503, TRY_AGAIN, 503],
      ...[503, 'the database does not answer'],
    ]);
  });

  it('is to be tried again when the password has been changed', async () => {
    const { application } = readCluster();
    const connection = { ...application, dbName: application.database, password: randomBytes(8).toString('hex') };
    expect(await replies(connection)).toEqual([...[503, TRY_AGAIN, 503], ...[503, 'the database refuses the credentials']]);
  });

  it('is to be tried again when it speaks no TLS', async () => {
    const { port, stop } = await startTcpProxy();
    stops.push(stop);
    const { user, password, database } = readCluster().application;
    const connection = { host: '127.0.0.1', port, user, password, dbName: database };
    expect(await replies(connection, { driverOptions: { ssl: true } })).toEqual([
      ...[503, TRY_AGAIN, 503],
      ...[503, 'the database does not answer'],
    ]);
  });
});
