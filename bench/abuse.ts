import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Answers, Flood } from './flood.js';
import type { Gateway } from './gateway.js';
import type { Measurement } from './measure.js';
import type { Subject } from './subject.js';

/** What one organization's refunds and probes met while another organization, or nobody in particular, flooded the gateway. */
export interface Abuse {
  readonly name: string;
  /** Refunds of the organization that does nothing wrong, in the quiet just before and under the flood. */
  readonly quiet: Victim;
  readonly flooded: Victim;
  /** The slowest answer of /healthz. */
  readonly healthMs: number;
  readonly residentMb: number | null;
  readonly answers: Answers;
}

interface Victim {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** So many clients of the organization that does nothing wrong. */
const VICTIMS = 4;
const SECONDS = 5;
/** The flood has reached its full height by then. */
const RISE_MS = 1_000;
const PROBE_EVERY_MS = 25;

const LINES = 100;
const REFUNDS = 100;

/** The organization that floods. Its notes have as many lines and refunds as notes may have in one request. */
interface Attacker {
  readonly apiKey: string;
  readonly noteId: string;
  readonly accountId: string;
  readonly branchId: string;
}

/** Names of the floods that there are. */
export function floodNames(): string[] {
  return floodsOf('', { apiKey: '', noteId: '', accountId: '', branchId: '' }).map(({ name }) => name);
}

/** Each of the floods in turn, each after a quiet load that it is compared with. */
export async function measureAbuse(
  measurement: Measurement,
  subject: Subject,
  names: readonly string[],
  tell: (line: string) => void,
): Promise<Abuse[]> {
  const { gateway } = subject;
  const attacker = await openAttacker(gateway);
  const lock = await lockedNote(subject, attacker);
  const results: Abuse[] = [];
  try {
    for (const flood of floodsOf(gateway.url, attacker).filter(({ name }) => names.includes(name))) {
      const quiet = await victim(measurement, subject);
      if (flood.name === 'held locks') await lock.hold();
      const child = fork(fileURLToPath(new URL('./flood.js', import.meta.url)));
      const result = await under(child, flood, async () => {
        await sleep(RISE_MS);
        const probes = probing(gateway);
        const flooded = await victim(measurement, subject);
        return { name: flood.name, quiet, flooded, healthMs: await probes.slowest(), residentMb: await gateway.residentMb() };
      });
      await lock.release();
      results.push(result);
      const { flooded, healthMs, residentMb, answers } = result;
      tell(
        `abuse  ${flood.name.padEnd(44)} p99 ${quiet.p99.toFixed(1)} → ${flooded.p99.toFixed(1)} ms, /healthz ${healthMs.toFixed(0)} ms, ` +
          `${residentMb?.toFixed(0)} MB, ${JSON.stringify(answers)}`,
      );
    }
  } finally {
    await lock.close();
  }
  await subject.audit();
  return results;
}

async function victim(measurement: Measurement, subject: Subject): Promise<Victim> {
  const sample = await measurement.sample({ name: 'victim', subject, work: 'spread', clients: VICTIMS, door: 'graphql' }, SECONDS);
  if (sample.invalid !== null)
    throw new Error(`the organization that does nothing wrong was not served: ${sample.invalid.slice(0, 500)}`);
  return sample;
}

async function under<T>(child: ChildProcess, flood: Flood, work: () => Promise<T>): Promise<T & { answers: Answers }> {
  try {
    child.send(flood);
    const result = await work();
    const answered = once(child, 'message');
    child.send('stop');
    const [answers] = (await answered) as [Answers];
    return { ...result, answers };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Asks /healthz again and again. */
function probing({ url }: Gateway): { slowest(): Promise<number> } {
  let isOver = false;
  let slowest = 0;
  let failure: unknown = null;
  const work = (async () => {
    while (!isOver) {
      const begun = performance.now();
      const reply = await fetch(`${url}/healthz`);
      await reply.arrayBuffer();
      if (reply.status !== 200) throw new Error(`/healthz answered ${reply.status}`);
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

/** The other organization of the demo, with a note that has as much below it as one can have. */
async function openAttacker(gateway: Gateway): Promise<Attacker> {
  const { other } = JSON.parse(await readFile(join(gateway.ledger.variables.DATA_DIR ?? '', 'demo.json'), 'utf8'));
  const ask = <T>(query: string, variables?: unknown): Promise<T> => gateway.graphql<T>(other.apiKey, query, variables);
  const { accounts, branches, customers } = await ask<
    Record<'accounts' | 'branches' | 'customers', { id: string; type: string }[]>
  >('{ accounts { id type } branches { id } customers { id } }');
  const sales = accounts.find(({ type }) => type === 'INCOME')?.id;
  const lines = Array.from({ length: LINES }, () => ({ accountId: sales, amount: '1000.00' }));
  const branchId = branches[0]?.id ?? '';
  const accountId = String(other.accounts.bank);
  const { createCreditNote } = await ask<{ createCreditNote: { id: string } }>(
    'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id } }',
    { input: { customerId: customers[0]?.id, date: '2026-01-15', lines, open: true } },
  );
  const attacker = { apiKey: other.apiKey, noteId: createCreditNote.id, accountId, branchId };
  const inputs = Array.from({ length: REFUNDS }, (_, index) => refundOf(attacker, String(index)));
  await ask('mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }', {
    inputs,
  });
  return attacker;
}

function refundOf({ noteId, accountId, branchId }: Attacker, referenceNo: string) {
  const rest = { amount: '0.01', exchangeRate: '1', description: '', date: '2026-02-01' };
  return { creditNoteId: noteId, fromAccountId: accountId, branchId, referenceNo, ...rest };
}

async function lockedNote({ books }: Subject, { noteId }: Attacker) {
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

const PAGE = `{ creditNotes { id lines { id amount account { id name } } refunds { id amount fromAccount { name } branch { name }
  journalEntry { lines { side amount account { name } } } } } }`;
const DEAREST =
  '{ refunds { id amount creditNote { id number customer { displayName } } fromAccount { name } branch { name } journalEntry { id lines { id side amount account { name } } } } }';

/** Every kind of flood, on 16 connections but for slow bodies, of which 200 dawdle. */
function floodsOf(origin: string, attacker: Attacker): Flood[] {
  const json = { 'content-type': 'application/json' };
  const own = { ...json, authorization: `Bearer ${attacker.apiKey}` };
  const flood = (name: string, headers: Record<string, string>, query: string, variables: unknown = {}): Flood => {
    return { name, origin, connections: 16, headers, path: '/graphql', body: JSON.stringify({ query, variables }) };
  };
  const many =
    'mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }';
  const bomb = { inputs: Array.from({ length: 4_000 }, () => ({})) };
  const deep = `{ creditNote(id: 1) ${'{ refunds { creditNote '.repeat(120)} { id } ${'} }'.repeat(120)} }`;
  const wide = `{ ${Array.from({ length: 640 }, (_, index) => `x: f${index}`).join(' ')} }`;
  const aliases = (count: number): string =>
    `{ ${Array.from({ length: count }, (_, index) => `a${index}: creditNote(id: ${attacker.noteId}) { id number }`).join(' ')} }`;
  const cycle = `{ creditNote(id: ${attacker.noteId}) { refunds { creditNote { refunds { creditNote { refunds { id } } } } } } }`;
  const refund = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
  const preview = 'query($input: RefundCreditNoteInput!) { previewRefund(input: $input) { amount refusals { code } } }';
  const input = refundOf(attacker, 'held');
  return [
    flood('no credential: 4,000 wrong inputs', json, many, bomb),
    flood('no credential: 240 levels', json, deep),
    flood('no credential: 640 fields of one name', json, wide),
    flood('no credential: introspection', json, '{ __schema { types { name fields { name type { name } } } } }'),
    flood('keys that nobody has', { ...json, authorization: `Bearer bc_${'x'.repeat(43)}` }, '{ me { name } }'),
    flood('4,000 wrong inputs', own, many, bomb),
    flood('240 levels', own, deep),
    flood('640 fields of one name', own, wide),
    flood('costly: a cycle of lists', own, cycle),
    flood('costly: notes with lines and refunds', own, PAGE),
    flood('pages of 100 refunds with everything', own, DEAREST),
    flood('250 aliases', own, aliases(250)),
    flood('50 aliases', own, aliases(50)),
    flood('held locks', own, refund, { input }),
    flood('previews', own, preview, { input }),
    flood('proofs of the books', own, '{ ledgerHealth { healthy } }'),
    flood('trial balances', own, '{ trialBalance { debits lines { debits account { name } } } }'),
    { ...flood('slow bodies', own, ''), connections: 200, slow: true },
    { ...flood('slow bodies without a credential', json, ''), connections: 200, slow: true },
  ];
}
