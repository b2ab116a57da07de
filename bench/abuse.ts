import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { booksOf } from './books.js';
import type { Flood, ReplyCounts } from './flood.js';
import type { Gateway } from './gateway.js';
import type { Measurement } from './measure.js';
import { seedRefunds } from './seed.js';
import type { Subject } from './subject.js';

/** Latencies of one organization's refunds and of probes while another client floods the gateway. */
export interface Abuse {
  readonly name: string;
  /** Refunds of the well-behaved organization, immediately before the flood and during it. */
  readonly quiet: Victim;
  readonly flooded: Victim;
  /** The longest time of a reply of /healthz. */
  readonly healthMs: number;
  readonly residentMb: number | null;
  readonly replies: ReplyCounts;
}

interface Victim {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The number of clients of the well-behaved organization. */
const VICTIMS = 4;
const SECONDS = 5;
/** The flood needs this time to reach its full rate. */
const RISE_MS = 1_000;
const PROBE_EVERY_MS = 25;

const LINES = 100;
const REFUNDS = 100;
/** The number of refunds that an organization has whose lists are searched. No step of a search reads all of them. */
const SEARCHED_REFUNDS = 200_000;

/** The organization that floods. Its note has the maximum of lines and refunds that one request can create. */
interface Attacker {
  readonly apiKey: string;
  readonly noteId: string;
  readonly accountId: string;
  readonly branchId: string;
}

/** The names of all floods. */
export function floodNames(): string[] {
  return floodsOf('', { apiKey: '', noteId: '', accountId: '', branchId: '' }).map(({ name }) => name);
}

/** Runs each flood after a load without one, for comparison. */
export async function measureAbuse(
  measurement: Measurement,
  subject: Subject,
  names: readonly string[],
  printProgress: (line: string) => void,
): Promise<Abuse[]> {
  const { gateway } = subject;
  const attacker = await openAttacker(gateway);
  const lock = await noteLock(subject, attacker);
  const results: Abuse[] = [];
  let isSeeded = false;
  try {
    for (const flood of floodsOf(gateway.url, attacker).filter(({ name }) => names.includes(name))) {
      if (isOfLists(flood) && !isSeeded) {
        await seedRefunds(gateway.ledger, await booksOfAttacker(gateway, attacker), SEARCHED_REFUNDS);
        isSeeded = true;
      }
      const quiet = await measureVictim(measurement, subject);
      if (flood.name === 'held locks') await lock.hold();
      const child = fork(fileURLToPath(new URL('./flood.js', import.meta.url)));
      const result = await under(child, flood, async () => {
        await sleep(RISE_MS);
        const probes = probing(gateway);
        const flooded = await measureVictim(measurement, subject);
        return { name: flood.name, quiet, flooded, healthMs: await probes.slowest(), residentMb: await gateway.residentMb() };
      });
      await lock.release();
      results.push(result);
      const { flooded, healthMs, residentMb, replies } = result;
      printProgress(
        `abuse  ${flood.name.padEnd(44)} p99 ${quiet.p99.toFixed(1)} → ${flooded.p99.toFixed(1)} ms, /healthz ${healthMs.toFixed(0)} ms, ` +
          `${residentMb?.toFixed(0)} MB, ${JSON.stringify(replies)}`,
      );
    }
  } finally {
    await lock.close();
  }
  await subject.audit();
  return results;
}

async function measureVictim(measurement: Measurement, subject: Subject): Promise<Victim> {
  const sample = await measurement.sample({ name: 'victim', subject, work: 'spread', clients: VICTIMS, door: 'graphql' }, SECONDS);
  if (sample.invalid !== null) throw new Error(`the well-behaved organization was not served: ${sample.invalid.slice(0, 500)}`);
  return sample;
}

async function under<T>(child: ChildProcess, flood: Flood, work: () => Promise<T>): Promise<T & { replies: ReplyCounts }> {
  try {
    child.send(flood);
    const result = await work();
    const answered = once(child, 'message');
    child.send('stop');
    const [replies] = (await answered) as [ReplyCounts];
    return { ...result, replies };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Sends requests to /healthz continuously, and measures the slowest. */
function probing({ url }: Gateway): { slowest(): Promise<number> } {
  let isOver = false;
  let slowest = 0;
  let failure: unknown = null;
  const work = (async () => {
    while (!isOver) {
      const begun = performance.now();
      const reply = await fetch(`${url}/healthz`);
      await reply.arrayBuffer();
      if (reply.status !== 200) throw new Error(`/healthz returned ${reply.status}`);
      slowest = Math.max(slowest, performance.now() - begun);
      await sleep(PROBE_EVERY_MS);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  return {
    async slowest() {
      isOver = true;
      await work;
      if (failure !== null) throw failure;
      return slowest;
    },
  };
}

/** The second organization of the demo, with a note that has the maximum of lines and refunds below it. */
async function openAttacker(gateway: Gateway): Promise<Attacker> {
  const { other } = JSON.parse(await readFile(join(gateway.ledger.variables.DATA_DIR ?? '', 'demo.json'), 'utf8'));
  const ask = <T>(query: string, variables?: unknown): Promise<T> => gateway.graphql<T>(other.apiKey, query, variables);
  const { accounts, branches, customers } = await ask<
    Record<'accounts' | 'branches' | 'customers', { nodes: { id: string; type: string }[] }>
  >('{ accounts { nodes { id type } } branches { nodes { id } } customers { nodes { id } } }');
  const sales = accounts.nodes.find(({ type }) => type === 'INCOME')?.id;
  const lines = Array.from({ length: LINES }, () => ({ accountId: sales, amount: '100000.00' }));
  const branchId = branches.nodes[0]?.id ?? '';
  const accountId = String(other.accounts.bank);
  const { createCreditNote } = await ask<{ createCreditNote: { id: string } }>(
    'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id } }',
    { input: { customerId: customers.nodes[0]?.id, date: '2026-01-15', lines, open: true } },
  );
  const attacker = { apiKey: other.apiKey, noteId: createCreditNote.id, accountId, branchId };
  const inputs = Array.from({ length: REFUNDS }, (_, index) => refundOf(attacker, String(index)));
  await ask('mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }', {
    inputs,
  });
  return attacker;
}

function booksOfAttacker({ ledger }: Gateway, { apiKey, noteId, accountId, branchId }: Attacker) {
  const only = (id: string) => [Number(id), Number(id)] as const;
  return booksOf(ledger, { apiKey, branchId, notes: only(noteId), accounts: only(accountId) });
}

function refundOf({ noteId, accountId, branchId }: Attacker, referenceNo: string) {
  const rest = { amount: '0.01', exchangeRate: '1', description: '', date: '2026-02-01' };
  return { creditNoteId: noteId, fromAccountId: accountId, branchId, referenceNo, ...rest };
}

/** A transaction that can hold the lock of the attacker's note. */
async function noteLock({ books }: Subject, { noteId }: Attacker) {
  const client = new pg.Client(books.databaseUrl);
  await client.connect();
  return {
    async hold(): Promise<void> {
      await client.query('begin');
      await client.query('select from credit_notes where id = $1 for update', [noteId]);
    },
    async release(): Promise<void> {
      await client.query('rollback');
    },
    close: () => client.end(),
  };
}

const PAGE = `{ creditNotes { nodes { id lines { id amount account { id name } } refunds { nodes { id amount fromAccount { name }
  branch { name } journalEntry { lines { side amount account { name } } } } } } } }`;
const EXPENSIVE_PAGE =
  '{ refunds { nodes { id amount creditNote { id number customer { displayName } } fromAccount { name } branch { name } journalEntry { id lines { id side amount account { name } } } } } }';

/** All floods: on 16 connections, or on 200 with slow bodies. */
function floodsOf(origin: string, attacker: Attacker): Flood[] {
  const json = { 'content-type': 'application/json' };
  const own = { ...json, authorization: `Bearer ${attacker.apiKey}` };
  const flood = (name: string, headers: Record<string, string>, query: string, variables: unknown = {}): Flood => {
    return { name, origin, connections: 16, headers, path: '/graphql', body: JSON.stringify({ query, variables }) };
  };
  const many =
    'mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }';
  const bomb = { inputs: Array.from({ length: 4_000 }, () => ({})) };
  const deep = `{ creditNote(id: 1) ${'{ refunds { nodes { creditNote '.repeat(120)} { id } ${'} } }'.repeat(120)} }`;
  const wide = `{ ${Array.from({ length: 640 }, (_, index) => `x: f${index}`).join(' ')} }`;
  const aliases = (count: number): string =>
    `{ ${Array.from({ length: count }, (_, index) => `a${index}: creditNote(id: ${attacker.noteId}) { id number }`).join(' ')} }`;
  const cycle = `{ creditNote(id: ${attacker.noteId}) { refunds { nodes { creditNote { refunds { nodes { creditNote { refunds { nodes { id } } } } } } } } } }`;
  const refund = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
  const preview = 'query($input: RefundCreditNoteInput!) { previewRefund(input: $input) { allowed refusals { code } } }';
  const input = refundOf(attacker, 'held');
  return [
    flood('no credential: 4,000 wrong inputs', json, many, bomb),
    flood('no credential: 240 levels', json, deep),
    flood('no credential: 640 fields with one alias', json, wide),
    flood('no credential: introspection', json, '{ __schema { types { name fields { name type { name } } } } }'),
    flood('unknown API keys', { ...json, authorization: `Bearer bc_${'x'.repeat(43)}` }, '{ me { name } }'),
    flood('4,000 wrong inputs', own, many, bomb),
    flood('240 levels', own, deep),
    flood('640 fields with one alias', own, wide),
    flood('expensive: a cycle of lists', own, cycle),
    flood('expensive: notes with lines and refunds', own, PAGE),
    flood('pages of 100 refunds with relations', own, EXPENSIVE_PAGE),
    flood('250 aliases', own, aliases(250)),
    flood('50 aliases', own, aliases(50)),
    flood('held locks', own, refund, { input }),
    flood('previews', own, preview, { input }),
    flood('ledger proofs', own, '{ ledgerHealth { healthy } }'),
    flood('trial balances', own, '{ trialBalance { debits lines { debits account { name } } } }'),
    { ...flood('slow bodies', own, ''), connections: 200, slow: true },
    { ...flood('slow bodies without a credential', json, ''), connections: 200, slow: true },
    // Among many refunds: these come last.
    flood(`${LISTS} words that all refunds have`, own, pageOf('search: "paid back"')),
    flood(`${LISTS} words that only old refunds have`, own, pageOf('search: "paid early"')),
    flood(`${LISTS} words that no refund has together`, own, pageOf('search: "early late"')),
    flood(`${LISTS} a filter without an index`, own, pageOf('provenance: { operationName: "None" }')),
    flood(`${LISTS} three filters`, own, pageOf(`amount: { min: 3, max: 5 }, branchId: ${attacker.branchId}, status: REVERSED`)),
    flood(
      `${LISTS} counts of two ranges`,
      own,
      '{ refunds(filter: { amount: { min: 3, max: 5 }, date: { from: "2026-02-01" } }) { totalCount } }',
    ),
  ];
}

const LISTS = 'lists:';

function isOfLists({ name }: Flood): boolean {
  return name.startsWith(LISTS);
}

function pageOf(filter: string): string {
  return `{ refunds(orderBy: ID_DESC, filter: { ${filter} }) { nodes { id date amount } } }`;
}
