import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { openEmbeddedPostgres } from '../src/database/embedded-postgres/index.js';
import type { Demo } from '../src/demo/demo.js';
import { dataFolder, GatewayProcess, readDemo } from './helpers/process.js';

jest.setTimeout(120_000);

const { CRASH_ROUNDS = '1' } = process.env;
const ROUNDS = Array.from({ length: Number(CRASH_ROUNDS) }, (_, index) => index + 1);
/** More clients than the pool has connections: a leaked connection per client would exhaust the pool. */
const CLIENTS = 16;

const NEW_NOTE = 'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id } }';
const REFUND = `mutation($input: RefundCreditNoteInput!) {
  refundCreditNote(input: $input) { id creditNote { refunds(first: 1) { nodes { status } } } }
}`;
const REFUNDS = 'query($id: ID!) { creditNote(id: $id) { refunded refunds(first: 100) { nodes { id referenceNo } } } }';
const HEALTH = '{ ledgerHealth { checks { name healthy offenders } } }';

interface KeptRefund {
  readonly id: string;
  readonly referenceNo: string;
}

interface Kept {
  readonly refunded: string;
  readonly refunds: { readonly nodes: readonly KeptRefund[] };
}

let dataDir: string;
let demo: Demo;
let sales: string;
const started: GatewayProcess[] = [];

beforeAll(async () => {
  dataDir = await dataFolder();
  const gateway = await start();
  demo = await readDemo(dataDir);
  const { accounts } = await ask<{ accounts: { nodes: { id: string; type: string }[] } }>(
    gateway,
    '{ accounts { nodes { id type } } }',
  );
  sales = accounts.nodes.find(({ type }) => type === 'INCOME')?.id ?? '';
  await stopAll();
});
afterEach(stopAll);

it.each(ROUNDS)('an acknowledged refund exists exactly once after the gateway was killed under load (round %i)', async (round) => {
  const gateway = await start();
  const load = await Load.begin(gateway);
  await load.untilNobodyAnswers(gateway, killAfter(round), () => void gateway.stop('SIGKILL'));

  const again = await start();

  expect(await load.kept(again)).toEqual(expect.arrayContaining(load.acknowledged()));
  await load.expectOnce(again);
});

// The gateway gives up on a PostgreSQL that dies again and again, so each round starts a new gateway.
it.each(ROUNDS)('an acknowledged refund exists exactly once after PostgreSQL was killed under load (round %i)', async (round) => {
  const gateway = await start();
  const load = await Load.begin(gateway);
  const postmaster = Number.parseInt(await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);

  await load.untilAllAreAcknowledged(gateway, 80, killAfter(round), () => void process.kill(postmaster, 'SIGKILL'));

  expect(load.unanswered).toBeGreaterThan(0);
  await load.expectOnce(gateway);
});

it.each(ROUNDS)(
  'a refund that was committed but not acknowledged before the gateway was killed is replayed (round %i)',
  async () => {
    const gateway = await start();
    const load = await Load.begin(gateway);
    const server = await openEmbeddedPostgres({ dataDir });
    const clerk = new pg.Client({ ...server.superuser, database: server.connection.database });
    await clerk.connect();
    // Only the reply reads refund_reversals: this lock lets the refund commit and delays its reply.
    await clerk.query('begin; lock table refund_reversals in access exclusive mode');
    const committed = () => clerk.query('select id from refunds where credit_note_id = $1', [load.note]);
    const key = load.nextKey();
    const reply = load.send(gateway, key);
    const outcome = reply.then(
      () => 'answered',
      () => 'lost',
    );
    while ((await committed()).rowCount === 0) await Promise.race([reply, sleep(5)]);

    await gateway.stop('SIGKILL');

    expect(await outcome).toBe('lost');
    const { rows } = await committed();
    await clerk.query('rollback');
    await clerk.end();
    const again = await start();
    expect(await load.send(again, key)).toEqual({ id: String(rows[0].id), replayed: true });
    await load.expectOnce(again);
  },
);

/** Refunds of one note, each with an idempotency key that is also its reference. */
class Load {
  /** Key → the refund's id, once a client has received it. */
  private readonly sent = new Map<string, string | null>();
  /** Number of requests that failed, for any reason. */
  unanswered = 0;

  private constructor(readonly note: string) {}

  static async begin(gateway: GatewayProcess): Promise<Load> {
    const lines = [{ accountId: sales, amount: '1000.00' }];
    const input = { customerId: demo.customers.base, date: '2026-01-15', open: true, lines };
    const { createCreditNote } = await ask<{ createCreditNote: { id: string } }>(gateway, NEW_NOTE, { input });
    return new Load(createCreditNote.id);
  }

  /** Runs clients that stop at their first failure. */
  async untilNobodyAnswers(gateway: GatewayProcess, count: number, kill: () => void): Promise<void> {
    const client = async (): Promise<void> => {
      for (;;) {
        await this.send(gateway, this.nextKey());
        if (this.acknowledged().length === count) kill();
      }
    };
    await Promise.allSettled(Array.from({ length: CLIENTS }, client));
  }

  /** Runs clients that repeat each refund until it is acknowledged. */
  async untilAllAreAcknowledged(gateway: GatewayProcess, total: number, count: number, kill: () => void): Promise<void> {
    const client = async (): Promise<void> => {
      while (this.sent.size < total) {
        const key = this.nextKey();
        while (!(await this.isAcknowledged(gateway, key))) await sleep(50);
        if (this.acknowledged().length === count) kill();
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  private isAcknowledged(gateway: GatewayProcess, key: string): Promise<boolean> {
    return this.send(gateway, key).then(
      () => true,
      () => false,
    );
  }

  nextKey(): string {
    const key = `${this.note}-${this.sent.size}`;
    this.sent.set(key, null);
    return key;
  }

  /** Sends the refund of the key, in turn over GraphQL and REST. */
  async send(gateway: GatewayProcess, key: string): Promise<{ id: string; replayed: boolean }> {
    const reply = await (/[13579]$/.test(key) ? this.byRest(gateway, key) : this.byGraphQL(gateway, key)).catch(
      (error: unknown) => {
        this.unanswered++;
        throw error;
      },
    );
    this.sent.set(key, reply.id);
    return reply;
  }

  private async byRest(gateway: GatewayProcess, key: string) {
    const path = `/api/credit-notes/${this.note}/refunds`;
    const reply = await gateway.post(path, this.body(key), headers(key));
    const body = (await reply.json()) as { id: number };
    if (reply.status !== 201) throw new Error(JSON.stringify(body));
    return { id: String(body.id), replayed: isReplayed(reply) };
  }

  private async byGraphQL(gateway: GatewayProcess, key: string) {
    const variables = { input: { creditNoteId: this.note, ...this.body(key) } };
    const reply = await gateway.post('/graphql', { query: REFUND, variables }, headers(key));
    const { data, errors } = (await reply.json()) as { data: { refundCreditNote: { id: string } | null }; errors?: unknown };
    if (!data?.refundCreditNote) throw new Error(JSON.stringify(errors));
    return { id: data.refundCreditNote.id, replayed: isReplayed(reply) };
  }

  private body(referenceNo: string) {
    const fromAccountId = demo.accounts.bank;
    const branchId = demo.branches.primary;
    return { fromAccountId, branchId, amount: 0.01, exchangeRate: 1, referenceNo, description: '', date: '2026-02-01' };
  }

  acknowledged(): KeptRefund[] {
    return [...this.sent].flatMap(([referenceNo, id]) => (id === null ? [] : [{ id, referenceNo }]));
  }

  async kept(gateway: GatewayProcess): Promise<readonly KeptRefund[]> {
    return (await ask<{ creditNote: Kept }>(gateway, REFUNDS, { id: this.note })).creditNote.refunds.nodes;
  }

  /** Repeats every refund with its key: existing ones must be replayed, and lost ones are made now. */
  async expectOnce(gateway: GatewayProcess): Promise<void> {
    const before = this.acknowledged();
    const replies = new Map<string, { id: string; replayed: boolean }>();
    for (const key of this.sent.keys()) replies.set(key, await this.send(gateway, key));
    for (const { id, referenceNo } of before) expect(replies.get(referenceNo)).toEqual({ id, replayed: true });

    const { creditNote } = await ask<{ creditNote: Kept }>(gateway, REFUNDS, { id: this.note });
    const byId = (one: { id: string }, other: { id: string }) => Number(one.id) - Number(other.id);
    expect(creditNote.refunds.nodes).toEqual([...this.acknowledged()].sort(byId));
    expect(creditNote.refunded).toBe((this.sent.size / 100).toFixed(2));
    const { ledgerHealth } = await ask<{ ledgerHealth: { checks: { healthy: boolean }[] } }>(gateway, HEALTH);
    expect(ledgerHealth.checks.filter(({ healthy }) => !healthy)).toEqual([]);
  }
}

async function start(): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ DATA_DIR: dataDir });
  started.push(gateway);
  return gateway;
}

async function stopAll(): Promise<void> {
  for (const gateway of started.splice(0)) await gateway.stop('SIGTERM');
}

/** The number of refunds before the kill, different in each round. */
function killAfter(round: number): number {
  return 20 + ((round * 7) % 30);
}

function ask<T>(gateway: GatewayProcess, query: string, variables: unknown = {}): Promise<T> {
  return gateway.graphql<T>(query, variables, { authorization: `Bearer ${demo.apiKey}` });
}

function headers(key: string) {
  return { authorization: `Bearer ${demo.apiKey}`, 'idempotency-key': key };
}

function isReplayed(reply: Response): boolean {
  return reply.headers.get('idempotency-replayed') === 'true';
}
