import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import { type Client, freshBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);

async function ask(
  url: string,
  method: 'GET' | 'DELETE' = 'GET',
  client: Client = books.client,
  headers: Record<string, string> = {},
) {
  const reply = await gateway.app.inject({ method, url, headers: { ...client.headers, ...headers } });
  return { status: reply.statusCode, headers: reply.headers, body: reply.body, json: reply.body === '' ? undefined : reply.json() };
}

/** The recorded body of a path. */
function recorded(path: string): unknown {
  const all = JSON.parse(readFileSync('test/fixtures/recorded-reads.json', 'utf8')) as { path: string; body: unknown }[];
  const found = all.find((each) => each.path === path);
  if (found === undefined) throw new Error(`no reply of ${path} was recorded`);
  return found.body;
}

/** The names of all fields, with the types of their values; an array counts as its first element. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, each]) => [name, shapeOf(each)]));
}

/** The fields alone. */
function fieldsOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(shapeOf(value)).replaceAll(/:"(string|number|boolean|object)"/g, ':1'));
}

it.each(['/api/organization/current', '/api/currencies', '/api/transactions-locking', '/api/warehouses', '/api/settings'])(
  'GET %s has the recorded shape',
  async (path) => {
    const { status, json } = await ask(path);
    expect(status).toBe(200);
    expect(fieldsOf(json)).toEqual(fieldsOf(recorded(path)));
  },
);

it('the organization is that of the credential, with its currency and time zone', async () => {
  const far = await gateway.books({ baseCurrency: 'JPY', timeZone: 'Asia/Tokyo' });
  const { json } = await ask('/api/organization/current', 'GET', far.client);
  expect(json).toMatchObject({
    organization_id: far.organization.publicId,
    metadata: { name: 'Test Ltd', base_currency: 'JPY', timezone: 'Asia/Tokyo', date_format: 'MM/DD/YYYY' },
    is_ready: true,
  });
});

it('the currencies are those of new records, the base currency first, with ids and signs of their own', async () => {
  const { json } = await ask('/api/currencies');
  expect(json[0]).toMatchObject({ currency_code: 'USD', currency_name: 'US Dollar', currency_sign: '$', is_base_currency: true });
  expect(json.filter(({ is_base_currency: isBase }: { is_base_currency: boolean }) => isBase).length).toBe(1);
  expect(json).toContainEqual(expect.objectContaining({ currency_code: 'EUR', currency_name: 'Euro', currency_sign: '€' }));
  expect(new Set(json.map(({ id }: { id: number }) => id)).size).toBe(json.length);
});

it('the lock date is shown as a lock of all transactions', async () => {
  expect((await ask('/api/transactions-locking')).json).toEqual(recorded('/api/transactions-locking'));
  await books.lock('2025-12-31');
  expect((await ask('/api/transactions-locking')).json).toMatchObject({
    locking_type: 'all',
    all: { is_enabled: true, lock_to_date: '2025-12-31', formatted_lock_to_date: '12/31/2025' },
  });
});

it('the lock date has the reason that was given for it, and an unlock its own', async () => {
  const change = async (mutation: string, lockDate: string | null, reason: string) => {
    const input = `{ lockDate: ${lockDate && `"${lockDate}"`}, reason: "${reason}" }`;
    const { errors } = await books.client.graphql(`mutation { ${mutation}(input: ${input}) { id } }`);
    expect(errors).toBeUndefined();
    const { all, modules } = (await ask('/api/transactions-locking')).json;
    for (const module of modules) expect(module).toMatchObject({ is_enabled: null, lock_reason: '', unlock_reason: '' });
    return [all.lock_to_date, all.lock_reason, all.unlock_reason];
  };
  expect(await change('lockTransactions', '2025-12-31', 'Year 2025 is filed')).toEqual(['2025-12-31', 'Year 2025 is filed', '']);
  expect(await change('lockTransactions', '2026-01-31', 'VAT')).toEqual(['2026-01-31', 'VAT', '']);
  expect(await change('unlockTransactions', '2025-12-31', 'A late invoice')).toEqual(['2025-12-31', 'A late invoice', '']);
  expect(await change('unlockTransactions', null, 'Audit')).toEqual([null, '', 'Audit']);

  const other = await gateway.books();
  await other.client.graphql('mutation { lockTransactions(input: { lockDate: "2026-01-31", reason: "Theirs" }) { id } }');
  expect((await ask('/api/transactions-locking')).json.all).toMatchObject({ lock_to_date: null, unlock_reason: 'Audit' });
});

describe('GET /api/credit-notes/{id}/applied-invoices', () => {
  it('is empty, and a 404 for an unknown note and for one of another organization', async () => {
    const { id } = await books.creditNote('100.00');
    expect(await ask(`/api/credit-notes/${id}/applied-invoices`)).toMatchObject({ status: 200, json: [] });
    const other = await gateway.books();
    const foreign = await other.creditNote('100.00');
    for (const unknown of ['999999999', '3abc', foreign.id]) {
      expect((await ask(`/api/credit-notes/${unknown}/applied-invoices`)).status).toBe(404);
    }
  });
});

describe('GET /api/accounts/transactions', () => {
  it('is empty for an account without lines, and a 404 for an unknown one', async () => {
    expect(await ask(`/api/accounts/transactions?account_id=${books.ids.bank}`)).toMatchObject({ status: 200, json: [] });
    expect((await ask('/api/accounts/transactions?account_id=999999999')).status).toBe(404);
  });

  it.each([
    ['account_id', '?account_id=3abc'],
    ['account_id', '?account_id=1.5'],
    ['account_id', '?accountId=1&accountId=2'],
    ['limit', '?limit=501'],
    ['limit', '?limit=-1'],
    ['limit', '?limit=ten'],
  ])('refuses a %s that is no whole number: %s', async (property, query) => {
    const { status, json } = await ask(`/api/accounts/transactions${query}`);
    expect([status, json.message]).toEqual([
      400,
      [expect.objectContaining({ property, constraints: { isInt: expect.any(String) } })],
    ]);
  });

  it('has the lines of all accounts if none is named, by date, as many as the request says', async () => {
    const others = await gateway.books();
    const note = await others.creditNote('100.00', { date: '2026-03-01' });
    const early = await others.creditNote('7.00', { date: '2026-01-02' });
    await others.refund(note.id, { amount: '40.00', date: '2026-03-02' });
    const linesOf = async (query: string) => {
      const { json } = await ask(`/api/accounts/transactions${query}`, 'GET', others.client);
      return json.map((line: Record<string, unknown>) => [line.formatted_date, line.transaction_type, line.debit, line.credit]);
    };

    const all = await linesOf('');
    expect(all).toEqual([
      ['03/02/2026', 'RefundCreditNote', 0, 40],
      ['03/02/2026', 'RefundCreditNote', 40, 0],
      ['03/01/2026', 'CreditNote', expect.any(Number), expect.any(Number)],
      ['03/01/2026', 'CreditNote', expect.any(Number), expect.any(Number)],
      ['01/02/2026', 'CreditNote', expect.any(Number), expect.any(Number)],
      ['01/02/2026', 'CreditNote', expect.any(Number), expect.any(Number)],
    ]);
    expect(await linesOf('?account_id=&limit=3')).toEqual(all.slice(0, 3));
    expect(await linesOf(`?accountId=${others.ids.receivable}&limit=2`)).toEqual([
      ['03/02/2026', 'RefundCreditNote', 40, 0],
      ['03/01/2026', 'CreditNote', 0, 100],
    ]);
    expect(Number(early.id)).toBeGreaterThan(Number(note.id));
  });

  it('has the lines of notes, refunds and reversals, the latest first', async () => {
    const note = await books.creditNote('1000.00', { currencyCode: 'EUR', exchangeRate: '1.2' });
    const refund = await books.refund(note.id, { amount: '100.00', exchangeRate: '1.2', date: '2026-02-01' });
    await ask(`/api/credit-notes/refunds/${refund.id}`, 'DELETE');
    const { json } = await ask(`/api/accounts/transactions?account_id=${books.ids.receivable}`);
    expect(
      json.map((line: Record<string, unknown>) => [line.transaction_type, line.transaction_id, line.debit, line.credit]),
    ).toEqual([
      ['RefundCreditNote', Number(refund.id), 0, 120],
      ['RefundCreditNote', Number(refund.id), 120, 0],
      ['CreditNote', Number(note.id), 0, 1200],
    ]);
    expect(json[1]).toEqual({
      date: '2026-02-01T00:00:00.000Z',
      formatted_date: '02/01/2026',
      transaction_type: 'RefundCreditNote',
      transaction_id: Number(refund.id),
      transaction_type_formatted: 'Refund Credit Note',
      credit: 0,
      debit: 120,
      formatted_credit: '',
      formatted_debit: '$120.00',
      fc_credit: 0,
      fc_debit: 100,
      formatted_fc_credit: '',
      formatted_fc_debit: '€100.00',
    });
  });

  it('shows no lines of another organization', async () => {
    const other = await gateway.books();
    expect((await ask(`/api/accounts/transactions?account_id=${other.ids.bank}`)).status).toBe(404);
  });
});

describe('DELETE /api/credit-notes/{id}', () => {
  it('voids the note: 200 without a body, and then it is gone', async () => {
    const { id } = await books.creditNote('100.00');
    const deleted = await ask(`/api/credit-notes/${id}`, 'DELETE');
    expect([deleted.status, deleted.body, deleted.headers['content-length']]).toEqual([200, '', '0']);
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await ask(`/api/credit-notes/${id}`, method)).toMatchObject({
        status: 404,
        json: { statusCode: 404, message: 'NotFoundError' },
      });
    }
    const { data } = await books.client.graphql<{ creditNote: { status: string } }, object>(`{ creditNote(id: ${id}) { status } }`);
    expect(data?.creditNote.status).toBe('VOID');
  });

  it('is refused while the note has refunds, and writes nothing', async () => {
    const { id } = await books.creditNote('100.00');
    await books.refund(id, { amount: '10.00' });
    const before = await books.snapshot();
    const { status, json } = await ask(`/api/credit-notes/${id}`, 'DELETE');
    expect([status, json.errors]).toEqual([
      400,
      [expect.objectContaining({ statusCode: 400, type: 'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS' })],
    ]);
    expect(await books.snapshot()).toEqual(before);
  });

  it('names the id by its name in the path, as GET does', async () => {
    const { id } = await books.creditNote('100.00');
    await books.refund(id, { amount: '10.00' });
    for (const [path, method] of [
      [`/api/credit-notes/${id}`, 'DELETE'],
      ['/api/credit-notes/999999999', 'DELETE'],
      ['/api/credit-notes/999999999', 'GET'],
    ] as const) {
      expect([method, path, (await ask(path, method)).json.errors[0].payload.field]).toEqual([method, path, 'creditNoteId']);
    }
    for (const path of ['/api/customers/999999999', '/api/accounts/999999999', '/api/branches/999999999', '/api/branches/x']) {
      expect([path, (await ask(path)).json.errors[0].payload.field]).toEqual([path, 'id']);
    }
  });

  it('is for accountants, for the own organization, and the same again under its key', async () => {
    const { id } = await books.creditNote('100.00');
    const viewer = await gateway.client(books.organization, Role.VIEWER);
    expect((await ask(`/api/credit-notes/${id}`, 'DELETE', viewer)).status).toBe(403);
    const other = await gateway.books();
    expect((await ask(`/api/credit-notes/${id}`, 'DELETE', other.client)).status).toBe(404);
    expect((await ask('/api/credit-notes/3abc', 'DELETE')).status).toBe(404);
    for (const replayed of [undefined, 'true']) {
      const { status, headers } = await ask(`/api/credit-notes/${id}`, 'DELETE', books.client, { 'idempotency-key': 'void-it' });
      expect([status, headers['idempotency-replayed']]).toEqual([200, replayed]);
    }
  });
});

it('DELETE with a malformed key is a 400 that names the header, and deletes nothing', async () => {
  const { id } = await books.creditNote('100.00');
  const refund = await books.refund(id, { amount: '10.00' });
  const before = await books.snapshot();
  for (const path of [`/api/credit-notes/refunds/${refund.id}`, `/api/credit-notes/${id}`]) {
    const { status, json } = await ask(path, 'DELETE', books.client, { 'idempotency-key': 'a b' });
    expect([status, json.message[0].property, json.errors[0].type]).toEqual([400, 'Idempotency-Key', 'VALIDATION_ERROR']);
  }
  expect(await books.snapshot()).toEqual(before);
});
