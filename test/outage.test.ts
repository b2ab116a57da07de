import type { AddressInfo } from 'node:net';
import { beforeAll, expect, it } from '@jest/globals';
import { IsolationLevel } from '@mikro-orm/core';
import type pg from 'pg';
import type { PoolClient } from 'pg';
import { CreditNoteDocument, LedgerHealthDocument, RefundCreditNoteDocument } from './generated/documents.js';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let noteId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('1000.00')).id;
});

function refund(referenceNo: string) {
  return books.client.graphql(RefundCreditNoteDocument, {
    input: books.refundInput(noteId, { amount: '1.00', referenceNo }),
    idempotencyKey: referenceNo,
  });
}

it('recovers each time that all its connections are cut during transactions', async () => {
  const { sql, superuser } = gateway.database;
  for (let round = 0; round < 3; round += 1) {
    await sql.query('begin');
    await sql.query('select from credit_notes where id = $1 for update', [noteId]);
    const cut = Promise.all(Array.from({ length: 16 }, (_, index) => refund(`${round}-${index}`)));
    await gateway.database.untilWaiting(6);
    await superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'credit-note-refunds'`,
    );
    await sql.query('commit');

    const codes = (await cut).flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code);
    expect(new Set(codes)).toEqual(new Set(['SERVICE_UNAVAILABLE']));
    expect((await refund(`after-${round}`)).errors).toBeUndefined();
  }

  // Repeated with their keys, all refunds exist once.
  await Promise.all(Array.from({ length: 3 * 16 }, (_, index) => refund(`${Math.floor(index / 16)}-${index % 16}`)));
  const { creditNote } = await books.client.query(CreditNoteDocument, { id: noteId });
  expect(creditNote?.refunded).toBe('51.00');
  expect((await books.client.query(LedgerHealthDocument)).ledgerHealth.healthy).toBe(true);
});

it('reports an unexpected error during authentication by its request id alone', async () => {
  const { superuser } = gateway.database;
  await superuser.query('alter table api_keys rename to api_keys_away');
  const [graphql, rest] = await Promise.all([refund('away'), books.client.rest(`/api/credit-notes/${noteId}/refunds`, {})]);
  await superuser.query('alter table api_keys_away rename to api_keys');

  const requestId = graphql.headers['x-request-id'];
  expect([graphql.status, graphql.errors]).toEqual([
    500,
    [expect.objectContaining({ extensions: { code: 'INTERNAL_SERVER_ERROR', details: {}, retryable: false, requestId } })],
  ]);
  expect(JSON.stringify(graphql.errors)).not.toContain('api_keys');
  const faults = gateway.logged.filter((line) => line.requestId === requestId && line.err !== undefined);
  expect(faults).toEqual([
    expect.objectContaining({ err: expect.objectContaining({ message: expect.stringContaining('api_keys') }) }),
  ]);
  expect([rest.status, rest.json.requestId]).toEqual([500, rest.headers['x-request-id']]);
});

it('reports a lost connection during authentication as unavailable', async () => {
  const { superuser, sql } = gateway.database;
  await superuser.query('begin');
  await superuser.query('lock table api_keys in access exclusive mode');
  const lost = refund('lost');
  await gateway.database.untilWaiting(1);
  await sql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  const { status, errors, headers } = await lost;
  await superuser.query('rollback');

  expect([status, headers['retry-after'], errors?.[0]?.extensions.code]).toEqual([503, '1', 'SERVICE_UNAVAILABLE']);
  expect(gateway.logged).toContainEqual(
    expect.objectContaining({ requestId: headers['x-request-id'], msg: 'unavailable', reason: expect.any(String) }),
  );
  expect((await refund('lost')).errors).toBeUndefined();
});

it('reports a credit note that stays locked as unavailable, over GraphQL and REST', async () => {
  const { sql } = gateway.database;
  const body = books.restBody({ amount: 1 });
  await sql.query('begin');
  await sql.query('select from credit_notes where id = $1 for update', [noteId]);

  const [graphql, rest] = await Promise.all([refund('busy'), books.client.rest(`/api/credit-notes/${noteId}/refunds`, body)]);
  await sql.query('rollback');

  expect(graphql.errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
  expect([rest.status, rest.headers['retry-after'], rest.json.errors[0].type]).toEqual([503, '1', 'SERVICE_UNAVAILABLE']);
});

it('replays a refund although its credit note is locked', async () => {
  const { sql } = gateway.database;
  const { data: before } = await refund('made');
  await sql.query('begin');
  await sql.query('select from credit_notes where id = $1 for update', [noteId]);

  const { data, headers } = await refund('made');
  await sql.query('rollback');

  expect(data).toEqual(before);
  expect(headers['idempotency-replayed']).toBe('true');
});

it('keeps working while columns are added to its tables', async () => {
  const { superuser } = gateway.database;
  // Prepared statements have their plans after ten executions.
  for (let index = 0; index < 10; index += 1) expect((await refund(`narrow-${index}`)).errors).toBeUndefined();
  for (const table of ['organizations', 'api_keys', 'accounts', 'branches', 'credit_notes', 'refunds']) {
    await superuser.query(`alter table ${table} add column later text`);
  }

  const wide = await Promise.all(Array.from({ length: 10 }, (_, index) => refund(`wide-${index}`)));

  expect(wide.flatMap(({ errors }) => errors ?? [])).toEqual([]);
});

it('fails at most one request after the type of a column has changed', async () => {
  const { superuser } = gateway.database;
  for (let index = 0; index < 10; index += 1) expect((await refund(`text-${index}`)).errors).toBeUndefined();
  await superuser.query('alter table branches alter column name type varchar(400)');

  const codes: unknown[] = [];
  for (let index = 0; index < 10; index += 1) {
    codes.push((await refund(`varchar-${index}`)).errors?.[0]?.extensions.code);
  }

  expect(codes.filter((code) => code !== undefined && code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  expect(codes.filter((code) => code !== undefined).length).toBeLessThanOrEqual(1);
});

it('serves other organizations while one organization waits for a locked credit note', async () => {
  const { sql } = gateway.database;
  const others = await gateway.books();
  const note = await others.creditNote('100.00');
  const preview = 'previewRefund(input: $input) { refusals { code } }';
  // More previews than the pool has connections.
  const aliases = Array.from({ length: 30 }, (_, index) => `preview${index}: ${preview}`).join(' ');
  const previews = `query ($input: RefundCreditNoteInput!) { ${aliases} }`;
  await sql.query('begin');
  await sql.query('select from credit_notes where id = $1 for update', [noteId]);

  const waiting = books.client.graphql(previews, { input: books.refundInput(noteId) });
  const first = await Promise.race([others.refund(note.id), waiting]);
  await sql.query('rollback');

  expect(first).toMatchObject({ amount: '40.00' });
  expect(Object.values((await waiting).data ?? {})).toEqual(Array(30).fill({ refusals: [] }));
});

it('authenticates everybody while the row of one key is locked', async () => {
  const { superuser } = gateway.database;
  await superuser.query('update api_keys set last_used_at = null');
  await superuser.query('begin');
  await superuser.query('select from api_keys where organization_id = $1 for update', [books.organization.id]);
  const other = await gateway.books();

  const replies = await Promise.all([books, other, books, other].map(({ client }) => client.graphql('{ me { role } }')));
  await superuser.query('rollback');

  expect(replies.flatMap(({ errors }) => errors ?? [])).toEqual([]);
});

it('keeps the size of its pool when connections are lost as their transactions begin', async () => {
  const { orm } = gateway.database;
  const pool = await orm.em.getConnection().getNativeClient();
  const cut = (client: PoolClient): void => void (client as unknown as pg.Client).connection.stream.destroy();
  pool.on('acquire', cut);
  // More rounds than the pool has connections. A check of the books begins its transaction like this.
  for (let round = 0; round < 30; round += 1) {
    const begun = orm.em.fork().transactional(async () => undefined, { isolationLevel: IsolationLevel.REPEATABLE_READ });
    await expect(begun).rejects.toThrow();
  }
  pool.off('acquire', cut);

  expect((await books.client.query(LedgerHealthDocument)).ledgerHealth.healthy).toBe(true);
});

it('stops although a client has disconnected before its reply, and logs that request', async () => {
  const other = await Gateway.start();
  const { app, database } = other;
  const ours = await other.books();
  const note = await ours.creditNote('100.00');
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  await database.sql.query('begin');
  await database.sql.query('select from credit_notes where id = $1 for update', [note.id]);

  const connection = new AbortController();
  const headers = { ...ours.client.headers, 'content-type': 'application/json', 'x-request-id': 'gone' };
  const body = JSON.stringify({ query: `mutation { openCreditNote(id: ${note.id}) { id } }` });
  const answer = fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body, signal: connection.signal });
  await database.untilWaiting(1);
  connection.abort();
  await expect(answer).rejects.toThrow();
  await database.sql.query('rollback');
  await other.stop();

  expect(other.logged.filter(({ requestId }) => requestId === 'gone')).toContainEqual(
    expect.objectContaining({ status: 'aborted' }),
  );
});
