import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { signJwt } from '../src/auth/jwt.js';
import { type Books, JWT, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** Replays the recorded requests to a Bigcapital server, and compares its replies with ours: docs/legacy-comparison.md has the result. */

const CONTRACTS = ['documented', 'observed'] as const;
type Contract = (typeof CONTRACTS)[number];

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

interface Recorded {
  readonly case: string;
  readonly request: { readonly method: 'GET' | 'POST' | 'DELETE'; readonly path: string; readonly body?: unknown };
  readonly response: Reply;
}

const read = (file: string) => JSON.parse(readFileSync(`test/fixtures/${file}`, 'utf8'));
const REQUESTS = read('recorded-refunds.json') as readonly Recorded[];
const READS = read('recorded-reads.json') as readonly (Reply & { readonly path: string })[];

/** The rows of a table of docs/legacy-comparison.md, by their first cell. */
const ROWS: ReadonlyMap<string, readonly string[]> = new Map(
  readFileSync('docs/legacy-comparison.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| |\|$/g, '').trim()))
    .map(([name = '', ...cells]) => [name.replaceAll('`', ''), cells]),
);

const UNKNOWN = 999_999_999;

const gateways = {
  documented: sharedGateway({ restContract: 'documented' }),
  observed: sharedGateway({ restContract: 'observed' }),
};

/** Sends the recorded request, with our ids in place of the recorded ones, to books in the recorded state. */
async function replay({ case: name, request }: Recorded, contract: Contract, isCompleted = false): Promise<Reply> {
  const books = await gateways[contract].books();
  const { id: noteId } = await books.creditNote('1000.00', { date: '2025-12-01' });
  const first = { amount: '100.00', referenceNo: 'REF-1', description: 'first refund', date: '2026-02-01' };
  const refundId = request.method === 'POST' ? null : (await books.refund(noteId, first)).id;
  if (name.startsWith('locked')) await books.lock('2025-12-31');
  const isUnknown = request.path.includes('999999');
  const url = request.path
    .replace(/(?<=credit-notes\/)\d+/, isUnknown ? String(UNKNOWN) : noteId)
    .replace(/(?<=refunds\/)\d+/, isUnknown ? String(UNKNOWN) : String(refundId));
  const headers = { ...books.client.headers, ...(await credentialOf(name)) };
  const ask = async () => {
    const options: InjectOptions = { method: request.method, url, headers };
    if (request.body !== undefined) {
      options.payload =
        typeof request.body === 'string' ? request.body : JSON.stringify(withOurIds(request.body, books, isCompleted));
      options.headers = { ...headers, 'content-type': 'application/json' };
    }
    const reply = await books.client.app.inject(options);
    return { status: reply.statusCode, body: reply.body === '' ? '' : reply.json() };
  };
  if (name === 'DELETE refund twice') await ask();
  return ask();
}

async function credentialOf(name: string): Promise<Record<string, string>> {
  if (name === 'no Authorization') return { authorization: '' };
  if (name === 'wrong bc_ key') return { authorization: 'Bearer bc_wrong' };
  if (!name.startsWith('JWT')) return {};
  const authorization = `Bearer ${await signJwt('ann', JWT.key, '1h')}`;
  return name === 'JWT without organization-id' ? { authorization } : { authorization, 'organization-id': 'nope' };
}

/** A completed body has the fields that the recorded one lacks. */
function withOurIds(body: unknown, { ids }: Books, isCompleted: boolean): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const ours: Record<string, number> = { 1000: Number(ids.bank), 1003: Number(ids.cash), 999999: UNKNOWN };
  const account = /^from_?account_?id$/i;
  const entries = Object.entries(body).map(([name, value]) => [name, account.test(name) ? (ours[String(value)] ?? value) : value]);
  const rest = isCompleted ? { exchangeRate: 1, referenceNo: '', description: '', branchId: Number(ids.branch) } : {};
  return { ...rest, ...Object.fromEntries(entries) };
}

/** Fields whose values are ours: ids, times, the branch that is always there, and the body as it was sent. */
const OWN = /(^|_)id$|^(created_at|target|value)$/;

/** Returns the paths at which our reply lacks something of theirs. More fields, and a text in place of a null message, are no difference. */
function lacking(theirs: unknown, ours: unknown, path = ''): string[] {
  if (typeof theirs !== 'object' || theirs === null) {
    // The text of a message is ours; the machine reads the type.
    const isSame = theirs === ours || (/message$/.test(path) && typeof ours === 'string');
    return isSame ? [] : [path];
  }
  if (typeof ours !== 'object' || ours === null || Array.isArray(theirs) !== Array.isArray(ours)) return [path];
  if (Array.isArray(theirs) && theirs.length !== (ours as unknown[]).length && !path.endsWith('errors')) return [`${path}.length`];
  return Object.entries(theirs).flatMap(([name, value]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (!Object.hasOwn(ours, name) && value !== undefined) return [at];
    // The objects of other screens have our defaults: see the reads.
    if (name === 'from_account' || name === 'credit_note') return fieldsLacking(value, (ours as Record<string, unknown>)[name], at);
    return OWN.test(name) ? [] : lacking(value, (ours as Record<string, unknown>)[name], at);
  });
}

/** Returns the fields of their object that ours lacks. Of an array, the first elements are compared. */
function fieldsLacking(theirs: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(theirs))
    return theirs.length === 0 || !Array.isArray(ours) ? [] : fieldsLacking(theirs[0], ours[0], `${path}[]`);
  if (typeof theirs !== 'object' || theirs === null) return [];
  if (typeof ours !== 'object' || ours === null) return [path];
  return Object.entries(theirs).flatMap(([name, value]) =>
    // What belongs to a feature that the gateway lacks is null here.
    Object.hasOwn(ours, name)
      ? (ours as Record<string, unknown>)[name] === null
        ? []
        : fieldsLacking(value, (ours as Record<string, unknown>)[name], `${path}.${name}`)
      : [`${path}.${name}`],
  );
}

function verdictOf(theirs: Reply, ours: Reply): string {
  if (theirs.status === ours.status && lacking(theirs.body, ours.body).length === 0) return 'same';
  const isFieldWrong = JSON.stringify(ours.body).includes('"VALIDATION_ERROR"');
  if (ours.status === 400 && isFieldWrong) return 'stricter';
  return theirs.status >= 400 && ours.status === 201 ? 'ours is right' : 'different';
}

describe.each(CONTRACTS)('docs/legacy-comparison.md tells how the %s contract answers the recorded request', (contract) => {
  it.each(REQUESTS.map((each) => [each.case, each] as const))('%s', async (name, each) => {
    const ours = await replay(each, contract);
    const cell = ROWS.get(name)?.[CONTRACTS.indexOf(contract)] ?? 'no row';
    expect([cell.split(':')[0], lackingIf(cell, each.response, ours)]).toEqual([verdictOf(each.response, ours), []]);
    if (!cell.startsWith('same')) expect(cell).toMatch(/^[a-z ]+: \S/);
    if (cell.endsWith('with them, the same')) {
      const completed = await replay(each, contract, true);
      expect([completed.status, lacking(each.response.body, completed.body)]).toEqual([each.response.status, []]);
    }
  });
});

/** What is missing in a reply that should be the same. */
function lackingIf(cell: string, theirs: Reply, ours: Reply): string[] {
  return cell.startsWith('same') && theirs.status === ours.status ? lacking(theirs.body, ours.body) : [];
}

describe('docs/legacy-comparison.md tells how the recorded read is answered', () => {
  const books = sharedBooks(gateways.documented);
  let noteId: string;
  beforeAll(async () => {
    noteId = (await books.creditNote('1000.00')).id;
  });

  it.each(READS.map(({ path, ...reply }) => [path, reply] as const))('%s', async (path, theirs) => {
    const note = await books.client.app.inject({ url: `/api/credit-notes/${noteId}`, headers: books.client.headers });
    const url = path
      .replace(/(?<=credit-notes\/)\d+/, noteId)
      .replace(/(?<=accounts\/|account_id=)\d+/, books.ids.bank)
      .replace(/(?<=customers\/)\d+/, String(note.json().customer_id));
    const ours = await books.client.app.inject({ url, headers: books.client.headers });
    expect([ours.statusCode, fieldsLacking(theirs.body, ours.json())]).toEqual([theirs.status, []]);
    expect(Array.isArray(ours.json())).toBe(Array.isArray(theirs.body));
    expect(ROWS.has(path)).toBe(true);
  });
});

it('docs/legacy-comparison.md has no other rows', () => {
  const names = [...REQUESTS.map((each) => each.case), ...READS.map(({ path }) => path)];
  const points = Array.from({ length: 10 }, (_, index) => String(index + 1));
  expect([...ROWS.keys()].filter((name) => !names.includes(name) && !points.includes(name))).toEqual([]);
});
