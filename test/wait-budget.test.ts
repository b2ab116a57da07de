import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '../mikro-orm.config.js';
import { maintain } from '../src/services/ledger/maintenance.js';
import { readCluster } from './helpers/cluster.js';
import { Client, Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { startTcpProxy, type TcpProxy } from './helpers/tcp-proxy.js';

describe('the wait budget of a request', () => {
  const gateway = sharedGateway({ requestWaitMs: 60_000 });
  const books = sharedBooks(gateway);
  let noteId: string;
  beforeAll(async () => {
    noteId = (await books.creditNote('1000.00')).id;
  });

  it.each([
    ['the period, then a key, then the note', { idempotencyKey: 'waited' }],
    ['the period, then the note', {}],
  ])('covers all its lock waits: %s', async (_what, key) => {
    const { sql, superuser } = gateway.database;
    // The lock timeout at the time of the insert is the budget that remained for the last lock.
    await superuser.query(`
      create table if not exists seen (lock_timeout interval);
      create or replace function see() returns trigger language plpgsql security definer as $$
        begin insert into seen values (current_setting('lock_timeout')::interval); return null; end $$;
      create or replace trigger see before insert on refunds for each statement execute function see()`);
    await sql.query('begin');
    await sql.query(`select pg_advisory_xact_lock(hashtextextended('period', $1))`, [books.organization.id]);
    const refund = books.client.graphql(
      'mutation ($input: RefundCreditNoteInput!, $idempotencyKey: String) { refundCreditNote(input: $input, idempotencyKey: $idempotencyKey) { id } }',
      { input: books.refundInput(noteId), ...key },
    );
    await gateway.database.untilWaiting(1);
    await sleep(700);
    await sql.query('commit');
    expect((await refund).errors).toBeUndefined();
    const { rows } = await superuser.query('select extract(epoch from lock_timeout) * 1000 as ms from seen');
    await superuser.query('drop trigger see on refunds; drop table seen');

    expect(Number(rows[0]?.ms)).toBeLessThan(60_000 - 600);
    expect(Number(rows[0]?.ms)).toBeGreaterThan(10_000);
  });

  it('covers all commands of one request; nothing is written once it is spent', async () => {
    const notes = [await books.creditNote('10.00'), await books.creditNote('10.00'), await books.creditNote('10.00')];
    const ids = notes.map(({ id }) => id);
    const shortWait = await Gateway.start({ requestWaitMs: 400, orm: gateway.database.orm });
    const before = await books.snapshot();
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = any ($1) for update', [ids]);
    const fields = ids.map((id) => `n${id}: voidCreditNote(id: ${id}, date: "2026-02-01") { id }`);
    const client = new Client(shortWait.app, books.client.headers);
    const { errors = [] } = await client.graphql(`mutation { ${fields.join(' ')} }`);
    await sql.query('rollback');
    await shortWait.stop();

    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['SERVICE_UNAVAILABLE']));
    for (const { message } of errors) expect(message).toMatch(/was not executed/);
    expect(await books.snapshot()).toEqual(before);
  });

  it('is not spent by an update of the last use of a key, which is skipped while the row is locked', async () => {
    const { superuser } = gateway.database;
    await superuser.query('update api_keys set last_used_at = null');
    await superuser.query('begin');
    await superuser.query('lock table api_keys in share mode');
    const replies = await Promise.all(Array.from({ length: 3 }, () => books.client.graphql('{ me { role } }')));
    await superuser.query('rollback');

    expect(replies.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  });
});

describe('silent connections', () => {
  const gateway = sharedGateway();
  const books = sharedBooks(gateway);
  let behindProxy: Gateway;
  let proxy: TcpProxy;
  let client: Client;

  async function start(requestWaitMs: number) {
    proxy = await startTcpProxy();
    const { user, password } = readCluster().application;
    const { rows } = await gateway.database.sql.query('select current_database() as "dbName"');
    const orm = await connect({ host: '127.0.0.1', port: proxy.port, user, password, dbName: rows[0].dbName });
    behindProxy = await Gateway.start({ requestWaitMs, orm });
    client = new Client(behindProxy.app, books.client.headers);
    return orm;
  }
  let orm: Awaited<ReturnType<typeof start>> | undefined;
  afterEach(async () => {
    await proxy.stop();
    await behindProxy.stop();
    await orm?.close();
  });

  it('delay no request beyond its budget', async () => {
    orm = await start(10_000);
    expect((await client.graphql('{ me { role } }')).errors).toBeUndefined();
    const pool = await orm.em.getConnection().getNativeClient();
    while (pool.idleCount < pool.totalCount) await sleep(5);
    proxy.silence();

    const replies = await Promise.all(Array.from({ length: 5 }, () => client.graphql('{ me { role } }')));
    expect(replies.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  });

  it('are dropped when the budget is spent, and the waiting command is refused without effect', async () => {
    const note = await books.creditNote('100.00');
    orm = await start(3_000);
    const { sql, superuser } = gateway.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = $1 for update', [note.id]);
    const voiding = client.graphql(`mutation { voidCreditNote(id: ${note.id}, date: "2026-02-01") { id } }`);
    let isOver = false;
    void voiding.finally(() => {
      isOver = true;
    });
    // On a slow machine, the request may be refused before the test sees it wait.
    for (let waits = 0; waits === 0 && !isOver; ) {
      const { rows } = await superuser.query(
        `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      waits = rows[0].count;
    }
    proxy.silence();
    const { errors } = await voiding;
    await sql.query('rollback');

    expect(errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
    expect((await client.graphql('{ me { role } }')).errors).toBeUndefined();
    const { data } = await books.client.graphql(`{ creditNote(id: ${note.id}) { status } }`);
    expect(data).toEqual({ creditNote: { status: 'OPEN' } });
  });

  it('are dropped a few seconds after the budget is spent when a commit has no answer, and the refund was made once', async () => {
    const note = await books.creditNote('100.00');
    orm = await start(1_000);
    // The settings of a new connection have the word, too, as a part of another one.
    proxy.silenceAfter('commit\0');
    const refund = () => client.rest(`/api/credit-notes/${note.id}/refunds`, books.restBody(), { 'idempotency-key': 'silent' });
    const unanswered = await refund();
    proxy.silenceAfter('no statement');
    const again = await refund();

    expect([unanswered.status, unanswered.json.errors[0].message]).toEqual([503, expect.stringMatching(/may have executed/)]);
    expect([again.status, again.headers['idempotency-replayed']]).toEqual([201, 'true']);
  }, 25_000);

  it('do not end the maintenance, whose later runs use other connections', async () => {
    orm = await start(1_000);
    const maintenance = () => maintain((orm as NonNullable<typeof orm>).em.fork(), () => undefined, 2_000);
    await maintenance();
    proxy.silence();

    await expect(maintenance()).rejects.toThrow();
    // Each run gives up a silent connection of the pool. The test ends when a run has got a new one.
    const succeeds = () =>
      maintenance().then(
        () => true,
        () => false,
      );
    while (!(await succeeds()));
  });
});
