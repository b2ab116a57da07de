import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { databaseUrl, type Gateway, type Ledger, operate } from './gateway.js';
import type { Ranges } from './load.js';

const NOTES = 200;
const ACCOUNTS = 8;

/** Large enough that no load uses up a note. */
const NOTE_TOTAL = '1000000000.00';

/** The notes and bank accounts over which a load distributes its refunds. */
export const SPREADS = {
  spread: '200 notes, 8 bank accounts',
  'one-bank': '200 notes, one bank account',
  'one-note': 'one note',
} as const;

export type Spread = keyof typeof SPREADS;

/** The notes and accounts of the loads, with the ids that the floor needs in SQL. */
export interface Books {
  readonly apiKey: string;
  readonly databaseUrl: string;
  readonly organizationId: string;
  readonly branchId: string;
  readonly notes: readonly [first: number, last: number];
  readonly accounts: readonly [first: number, last: number];
  /** Variables with the same value in every refund of the floor. */
  readonly constants: Readonly<Record<string, string>>;
}

/** Creates the notes and the bank accounts of the loads through the gateway. */
export async function openBooks(gateway: Gateway): Promise<Books> {
  const apiKey = await apiKeyFor(gateway.ledger);
  const ask = <T>(query: string, variables?: unknown): Promise<T> => gateway.graphql<T>(apiKey, query, variables);
  const { accounts: chart, branches } = await ask<Record<'accounts' | 'branches', { nodes: { id: string; type: string }[] }>>(
    '{ accounts { nodes { id type } } branches { nodes { id } } }',
  );
  const income = chart.nodes.find(({ type }) => type === 'INCOME')?.id;
  const { createCustomer: customer } = await ask<{ createCustomer: { id: string } }>(
    'mutation { createCustomer(input: { displayName: "Benchmark" }) { id } }',
  );

  const accounts: number[] = [];
  for (let index = 0; index < ACCOUNTS; index += 1) {
    const { createAccount } = await ask<{ createAccount: { id: string } }>(
      'mutation($input: CreateAccountInput!) { createAccount(input: $input) { id } }',
      { input: { code: `bench-${index}`, name: `Bank ${index}`, type: 'BANK' } },
    );
    accounts.push(Number(createAccount.id));
  }
  const notes: number[] = [];
  for (let index = 0; index < NOTES; index += 1) {
    const { createCreditNote } = await ask<{ createCreditNote: { id: string } }>(
      'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id } }',
      {
        input: {
          customerId: customer.id,
          date: '2026-01-15',
          lines: [{ accountId: income, amount: NOTE_TOTAL }],
          referenceNo: '',
          open: true,
        },
      },
    );
    notes.push(Number(createCreditNote.id));
  }
  const branchId = branches.nodes[0]?.id ?? '';
  return booksOf(gateway.ledger, { apiKey, branchId, notes: contiguous(notes), accounts: contiguous(accounts) });
}

/** The books of the organization that the API key belongs to. */
export async function booksOf(ledger: Ledger, known: Pick<Books, 'apiKey' | 'branchId' | 'notes' | 'accounts'>): Promise<Books> {
  const url = await databaseUrl(ledger);
  const [key] = await rowsOf<Record<string, string>>(
    url,
    `select key.id as api_key, key.organization_id as organization, receivable.id as receivable
     from api_keys key join accounts receivable on receivable.organization_id = key.organization_id and receivable.system_role = 'accounts-receivable'
     where key.hash = $1`,
    [createHash('sha256').update(known.apiKey).digest('hex')],
  );
  if (key === undefined) throw new Error('the API key is not in the database');
  return { ...known, databaseUrl: url, organizationId: key.organization ?? '', constants: { ...key, branch: known.branchId } };
}

/** The ranges of the random values of a refund. The random reference number prevents duplicates. */
export function rangesOf({ notes, accounts }: Pick<Books, 'notes' | 'accounts'>, spread: Spread): Ranges {
  const only = ([first]: readonly [number, number]): readonly [number, number] => [first, first];
  return {
    note: spread === 'one-note' ? only(notes) : notes,
    account: spread === 'spread' ? accounts : only(accounts),
    units: [1, 9],
    reference: [1, 1e12],
  };
}

/** The rows of one statement on a new connection. */
async function rowsOf<T extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** The demo's API key; an external PostgreSQL has no demo, so that it gets a new organization with a key. */
async function apiKeyFor(ledger: Ledger): Promise<string> {
  const { DATA_DIR } = ledger.variables;
  if (DATA_DIR !== undefined) {
    const demo: { apiKey: string } = JSON.parse(await readFile(join(DATA_DIR, 'demo.json'), 'utf8'));
    return demo.apiKey;
  }
  const id = `bench-${Date.now()}`;
  await operate(ledger, 'organization', 'create', '--id', id, '--name', 'Benchmark', '--currency', 'USD', '--time-zone', 'UTC');
  const printed = await operate(ledger, 'api-key', 'create', '--organization', id, '--name', 'Benchmark', '--role', 'ADMIN');
  return printed.split('\n')[0] ?? '';
}

/** The first and the last id. A load draws ids between them, so there must be no gap. */
function contiguous(ids: readonly number[]): readonly [number, number] {
  const [first = 0, last = 0] = [ids[0], ids.at(-1)];
  if (last - first !== ids.length - 1) throw new Error('the ids have gaps, because another client writes to this organization');
  return [first, last];
}
