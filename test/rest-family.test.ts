import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { createApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { ReverseRefundDocument } from './generated/documents.js';
import { Client, freshBooks, sharedGateway } from './helpers/gateway.js';

const ORIGIN = 'https://books.example';

const gateway = sharedGateway({ restContract: 'observed', corsOrigins: [ORIGIN] });
const books = freshBooks(gateway);

async function ask(method: InjectOptions['method'], url: string, headers: Record<string, string> = {}, client = books.client) {
  const reply = await gateway.app.inject({ method: method as 'GET', url, headers: { ...client.headers, ...headers } });
  return { status: reply.statusCode, headers: reply.headers, body: reply.body };
}

async function get(url: string) {
  const { body, ...reply } = await ask('GET', url);
  return { ...reply, json: JSON.parse(body) };
}

interface Recorded {
  readonly path: string;
  readonly body: unknown;
}

/** The recorded element of a list of refunds. */
function recordedRefund(): Record<string, unknown> {
  const all = JSON.parse(readFileSync('test/fixtures/recorded-refunds.json', 'utf8')) as {
    readonly case: string;
    readonly response: { readonly body: Record<string, unknown>[] };
  }[];
  const [refund] = all.filter((each) => each.case === 'GET refunds 1').flatMap(({ response }) => response.body);
  if (refund === undefined) throw new Error('no list of refunds was recorded');
  return refund;
}

/** The recorded body of a path. */
function recorded(path: string): Record<string, never> {
  const all = JSON.parse(readFileSync('test/fixtures/recorded-reads.json', 'utf8')) as Recorded[];
  const found = all.find((each) => each.path === path);
  if (found === undefined) throw new Error(`no reply of ${path} was recorded`);
  return found.body as Record<string, never>;
}

function keysOf(value: unknown): string[] {
  return Object.keys(value as object).sort();
}

describe('GET /api/credit-notes/{id}/refunds', () => {
  it('returns a bare array by id with the note, the account and the texts that the web app reads', async () => {
    const note = await books.creditNote('2000.00', { date: '2026-01-15' });
    const first = await books.refund(note.id, { amount: '1234.50', date: '2026-02-01', referenceNo: 'R-1' });
    const second = await books.refund(note.id, { amount: '100.00', date: '2026-01-20' });

    const { status, json } = await get(`/api/credit-notes/${note.id}/refunds`);

    expect(status).toBe(200);
    expect(json.map(({ id }: { id: number }) => String(id))).toEqual([first.id, second.id]);
    expect(json[0]).toMatchObject({
      formtted_amount: '1,234.50',
      formatted_date: '02/01/2026',
      date: '2026-02-01T00:00:00.000Z',
      amount: 1234.5,
      reference_no: 'R-1',
      from_account: { id: Number(books.ids.bank), account_type: 'bank', account_normal: 'debit', amount: -1334.5 },
      credit_note: { id: Number(note.id), credit_note_number: note.number, total: 2000, credits_remaining: 665.5, is_open: true },
    });
    const theirs = recordedRefund();
    expect(keysOf(json[0])).toEqual(keysOf(theirs));
    expect(keysOf(json[0].from_account)).toEqual(keysOf(theirs.from_account));
    expect(keysOf(json[0].credit_note)).toEqual(keysOf(theirs.credit_note));
  });

  it('returns an empty array for an unknown note and for one of another organization', async () => {
    const other = await gateway.books();
    const { id } = await other.creditNote('100.00');
    await other.refund(id);
    for (const unknown of ['999999999', id]) {
      const { status, json } = await get(`/api/credit-notes/${unknown}/refunds`);
      expect([status, json]).toEqual([200, []]);
    }
  });

  it('leaves out reversed refunds', async () => {
    const { id } = await books.creditNote('100.00');
    const refund = await books.refund(id);
    await books.client.query(ReverseRefundDocument, { input: { refundId: refund.id, date: '2026-02-02', reason: 'Wrong' } });
    expect((await get(`/api/credit-notes/${id}/refunds`)).json).toEqual([]);
  });

  it('is paged if it is asked for, with a Link to the next page', async () => {
    const { id } = await books.creditNote('100.00');
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await books.refund(id, { amount: '1.00' })).id);
    const path = `/api/credit-notes/${id}/refunds`;

    const first = await get(`${path}?page_size=2`);
    expect(first.json.map((refund: { id: number }) => String(refund.id))).toEqual(ids.slice(0, 2));
    expect(first.headers.link).toBe(`<${path}?page=2&page_size=2>; rel="next"`);
    const second = await get(`${path}?page=2&page_size=2`);
    expect(second.json.map((refund: { id: number }) => String(refund.id))).toEqual(ids.slice(2));
    expect(second.headers.link).toBeUndefined();
  });
});

describe('/api/credit-notes/refunds/{id}', () => {
  it('returns one refund, as the list has it, until it is deleted', async () => {
    const { id } = await books.creditNote('100.00');
    const refund = await books.refund(id);
    const path = `/api/credit-notes/refunds/${refund.id}`;
    const [listed] = (await get(`/api/credit-notes/${id}/refunds`)).json;
    expect((await get(path)).json).toEqual(listed);

    const deleted = await ask('DELETE', path);
    expect([deleted.status, deleted.body, deleted.headers['content-length']]).toEqual([200, '', '0']);

    for (const method of ['GET', 'DELETE'] as const) {
      const gone = await ask(method, path);
      expect([method, gone.status, JSON.parse(gone.body)]).toEqual([
        method,
        404,
        expect.objectContaining({ statusCode: 404, message: 'NotFoundError' }),
      ]);
    }
    const note = await get(`/api/credit-notes/${id}`);
    expect(note.json).toMatchObject({ credits_remaining: 100, refunded_amount: 0 });
  });

  it('is reversed by the mirror entry, dated today in the time zone of the organization', async () => {
    const far = await gateway.books({ timeZone: 'Pacific/Kiritimati' });
    const { id } = await far.creditNote('100.00');
    const refund = await far.refund(id);
    expect((await ask('DELETE', `/api/credit-notes/refunds/${refund.id}`, {}, far.client)).status).toBe(200);
    const { sql } = gateway.database;
    const { rows } = await sql.query(
      `select date = (now() at time zone 'Pacific/Kiritimati')::date as is_today, reason from refund_reversals where organization_id = $1`,
      [far.organization.id],
    );
    expect(rows).toEqual([{ is_today: true, reason: 'Deleted over REST' }]);
  });

  it('is reversed on the first open day, or else on the day of the refund', async () => {
    const { sql } = gateway.database;
    const { rows } = await sql.query(
      "select (now() at time zone 'UTC')::date::text as today, ((now() at time zone 'UTC')::date + 3)::text as later",
    );
    const { today, later } = rows[0];
    const { id } = await books.creditNote('100.00');
    const early = await books.refund(id, { amount: '1.00' });
    const late = await books.refund(id, { amount: '2.00', date: later });
    await books.lock(today);
    for (const refund of [early, late]) expect((await ask('DELETE', `/api/credit-notes/refunds/${refund.id}`)).status).toBe(200);
    const { rows: dates } = await sql.query(
      'select (date - $2::date)::int as days from refund_reversals where organization_id = $1 order by id',
      [books.organization.id, today],
    );
    expect(dates).toEqual([{ days: 1 }, { days: 3 }]);
  });

  it('is deleted once by eight parallel requests', async () => {
    const { id } = await books.creditNote('100.00');
    const refund = await books.refund(id);
    const path = `/api/credit-notes/refunds/${refund.id}`;
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await ask('DELETE', path)).status));
    expect(statuses.sort()).toEqual([200, ...Array.from({ length: 7 }, () => 404)]);
    expect((await get(`/api/credit-notes/${id}`)).json.credits_remaining).toBe(100);
  });

  it('can be deleted again under the same idempotency key', async () => {
    const { id } = await books.creditNote('100.00');
    const refund = await books.refund(id);
    const path = `/api/credit-notes/refunds/${refund.id}`;
    for (const replayed of [undefined, 'true']) {
      const { status, headers } = await ask('DELETE', path, { 'idempotency-key': 'delete-it' });
      expect([status, headers['idempotency-replayed']]).toEqual([200, replayed]);
    }
  });

  it('is deleted by accountants only, and never by another organization', async () => {
    const { id } = await books.creditNote('100.00');
    const refund = await books.refund(id);
    const { key } = await gateway.database.asOperator((em) =>
      createApiKey(em, books.organization, { name: 'Eyes', role: Role.VIEWER }),
    );
    const viewer = new Client(gateway.app, { authorization: `Bearer ${key}` });
    const path = `/api/credit-notes/refunds/${refund.id}`;
    expect((await ask('DELETE', path, {}, viewer)).status).toBe(403);
    expect((await ask('GET', path, {}, viewer)).status).toBe(200);
    const other = await gateway.books();
    expect((await ask('DELETE', path, {}, other.client)).status).toBe(404);
    expect((await ask('DELETE', path, { authorization: 'Bearer bc_wrong' })).status).toBe(401);
  });
});

describe('records in the shapes of recorded replies', () => {
  it('GET /api/credit-notes is a page', async () => {
    for (let count = 0; count < 3; count += 1) await books.creditNote('1000.00');
    const { json } = await get('/api/credit-notes?page=1&page_size=2');
    const theirs = recorded('/api/credit-notes?page=1&page_size=2');
    expect(keysOf(json)).toEqual(keysOf(theirs));
    expect(json.pagination).toEqual({ total: 3, page: 1, page_size: 2 });
    expect(json.credit_notes.length).toBe(2);
    const [ours] = json.credit_notes;
    const [example] = theirs.credit_notes as unknown as Record<string, object>[];
    expect(keysOf(ours)).toEqual(keysOf(example));
    expect(keysOf(ours.customer)).toEqual(keysOf(example?.customer));
    expect(keysOf(ours.entries[0])).toEqual(keysOf((example?.entries as object[] | undefined)?.[0]));
    expect(ours).toMatchObject({
      total_formatted: '$1,000.00',
      formatted_credit_note_date: '01/15/2026',
      customer: { balance: -1000 },
    });
    expect((await get('/api/credit-notes?page=2&page_size=2')).json.credit_notes.length).toBe(1);
    expect((await get('/api/credit-notes')).json.pagination).toEqual({ total: 3, page: 1, page_size: 12 });
  });

  it('GET /api/credit-notes/{id} is one of them with its branch, also in another currency', async () => {
    const { id } = await books.creditNote('1000.00', { currencyCode: 'EUR', exchangeRate: '1.2' });
    const { json, headers } = await get(`/api/credit-notes/${id}`);
    expect(keysOf(json)).toEqual(keysOf(recorded('/api/credit-notes/3')));
    expect(json).toMatchObject({ local_amount: 1200, total_formatted: '€1,000.00', total_local_formatted: '$1,200.00' });
    expect(headers.etag).toMatch(new RegExp(`^"${id}-1000-[\\w-]{22}"$`));
    expect((await get('/api/credit-notes/999999999')).status).toBe(404);
  });

  it('GET /api/accounts has all accounts with their balances', async () => {
    const { id } = await books.creditNote('1000.00');
    await books.refund(id, { amount: '100.00' });
    const { json } = await get('/api/accounts');
    const theirs = recorded('/api/accounts') as unknown as { accounts: Record<string, unknown>[] };
    expect(keysOf(json)).toEqual(keysOf(theirs));
    expect(keysOf(json.accounts[0])).toEqual(keysOf(theirs.accounts[0]));
    const accounts = new Map<string, Record<string, unknown>>(json.accounts.map((each: { id: number }) => [String(each.id), each]));
    expect(accounts.get(books.ids.bank)).toMatchObject({ amount: -100, formatted_amount: '-100.00', account_type_label: 'Bank' });
    expect(accounts.get(books.ids.sales)).toMatchObject({ amount: -1000, account_root_type: 'income', is_p_l_sheet: true });
    const one = (await get(`/api/accounts/${books.ids.bank}`)).json;
    expect(keysOf(one)).toEqual(keysOf(recorded('/api/accounts/1000')));
  });

  it('GET /api/customers is a page', async () => {
    await books.creditNote('1000.00');
    const customer = await books.customer();
    const { json } = await get('/api/customers');
    const theirs = recorded('/api/customers') as unknown as { customers: object[] };
    expect(keysOf(json)).toEqual(keysOf(theirs));
    expect(keysOf(json.customers[0])).toEqual(keysOf(theirs.customers[0]));
    expect(json.pagination).toEqual({ total: json.customers.length, page: 1, page_size: 12 });
    expect(keysOf((await get(`/api/customers/${customer}`)).json)).toEqual(keysOf(recorded('/api/customers/1')));
  });

  it('an inactive customer is inactive, by itself and in its credit notes', async () => {
    const customerId = await books.customer();
    const { id } = await books.creditNote('1000.00', { customerId });
    const activity = async () => [
      (await get(`/api/customers/${customerId}`)).json.active,
      (await get(`/api/credit-notes/${id}`)).json.customer.active,
    ];
    expect(await activity()).toEqual([1, 1]);
    await books.client.graphql(`mutation { updateCustomer(input: { customerId: "${customerId}", active: false }) { id } }`);
    expect(await activity()).toEqual([0, 0]);
  });

  it('GET /api/branches is a bare array', async () => {
    const { json } = await get('/api/branches');
    expect(json).toEqual([expect.objectContaining({ id: Number(books.ids.branch), primary: 1 })]);
  });

  it.each(['page=0', 'page=x', 'page_size=1.5', 'page_size=0', 'page=1&page=2'])('a page by %s is refused', async (query) => {
    const { status, json } = await get(`/api/customers?${query}`);
    expect([status, json.errors[0].type]).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('paths', () => {
  it.each(['3abc', '0', '-1', '1.0', '1e2', '9'.repeat(20)])('with the id %s are 404s', async (id) => {
    for (const [method, path] of [
      ['GET', `/api/credit-notes/${id}`],
      ['GET', `/api/credit-notes/${id}/applied-invoices`],
      ['GET', `/api/credit-notes/refunds/${id}`],
      ['DELETE', `/api/credit-notes/refunds/${id}`],
      ['GET', `/api/accounts/${id}`],
      ['GET', `/api/customers/${id}`],
    ] as const) {
      expect([path, (await ask(method, path)).status]).toEqual([path, 404]);
    }
  });

  it.each(['3abc', 'abc', 'undefined', '0', '-1', '1.0', '1e2', '9'.repeat(20), '%00', '%ff'])(
    'with the id %s name a note without refunds',
    async (id) => {
      const { status, json } = await get(`/api/credit-notes/${id}/refunds`);
      expect([status, json]).toEqual([200, []]);
    },
  );

  it('may end with a slash and be written in any case', async () => {
    const { id } = await books.creditNote('100.00');
    for (const path of [`/api/credit-notes/${id}/refunds/`, `/API/Credit-Notes/${id}/Refunds`]) {
      const reply = await books.client.rest(path, { fromAccountId: books.ids.bank, amount: 1, date: '2026-02-01' });
      expect([path, reply.status]).toEqual([path, 201]);
    }
    expect((await get(`/api/credit-notes/${id}/refunds/`)).json.length).toBe(2);
  });
});

describe('HTTP', () => {
  it('a new refund has a Location, where it can be read', async () => {
    const { id } = await books.creditNote('100.00');
    const body = { fromAccountId: books.ids.bank, amount: 1, date: '2026-02-01', referenceNo: 'REF-1', description: 'Paid back' };
    const { headers, json } = await books.client.rest(`/api/credit-notes/${id}/refunds`, body);
    expect(headers.location).toBe(`/api/credit-notes/refunds/${json.id}`);
    expect((await get(String(headers.location))).json).toMatchObject(json);
  });

  it.each([
    ['PUT', '/api/credit-notes/1/refunds', 'GET, HEAD, POST, OPTIONS'],
    ['DELETE', '/api/credit-notes/1/refunds', 'GET, HEAD, POST, OPTIONS'],
    ['PATCH', '/api/credit-notes/refunds/1', 'DELETE, GET, HEAD, OPTIONS'],
    ['POST', '/api/credit-notes/refunds/1', 'DELETE, GET, HEAD, OPTIONS'],
    ['POST', '/api/accounts/', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/api/customers/1', 'GET, HEAD, OPTIONS'],
  ] as const)('%s %s is 405 with Allow', async (method, path, allow) => {
    const { status, headers, body } = await ask(method, path);
    expect([status, headers.allow, JSON.parse(body).statusCode]).toEqual([405, allow, 405]);
    expect(headers['x-request-id']).toBeDefined();
  });

  it('HEAD has the headers of GET and no body', async () => {
    const { status, headers, body } = await ask('HEAD', '/api/accounts');
    expect([status, body]).toEqual([200, '']);
    expect(headers['content-type']).toMatch(/json/);
  });

  it('OPTIONS without an origin lists the methods', async () => {
    const { status, headers } = await ask('OPTIONS', '/api/credit-notes/refunds/1');
    expect([status, headers.allow]).toEqual([204, 'DELETE, GET, HEAD, OPTIONS']);
    expect(headers['x-request-id']).toBeDefined();
  });

  it('a browser may ask before DELETE', async () => {
    const { status, headers } = await ask('OPTIONS', '/api/credit-notes/refunds/1', {
      origin: ORIGIN,
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'authorization,organization-id',
    });
    expect([status, headers['access-control-allow-origin']]).toEqual([204, ORIGIN]);
    expect(String(headers['access-control-allow-methods'])).toMatch(/\bDELETE\b/);
  });
});
