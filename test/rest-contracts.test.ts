import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountDocument, CreateBranchDocument, RefundDocument } from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

const contracts = ['documented', 'observed'] as const;
type Contract = (typeof contracts)[number];

const gateways = {} as Record<Contract, Gateway>;
const booksOf = {} as Record<Contract, Books>;
beforeAll(async () => {
  for (const contract of contracts) {
    gateways[contract] = await Gateway.start({ restContract: contract });
    booksOf[contract] = await gateways[contract].books();
  }
});
afterAll(async () => {
  for (const contract of contracts) await gateways[contract].stop();
});

async function refund(contract: Contract, body: unknown, noteId?: string, headers: Record<string, string> = {}) {
  const books = booksOf[contract];
  const id = noteId ?? (await books.creditNote('1000.00')).id;
  return books.client.rest(`/api/credit-notes/${id}/refunds`, body, headers);
}

/** The fields that the observed contract requires. */
function least(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { fromAccountId: Number(booksOf.observed.ids.bank), amount: 40, date: '2026-02-01', ...changes };
}

describe('the observed contract takes', () => {
  it("the web app's body", async () => {
    const { ids } = booksOf.observed;
    const reply = await refund('observed', {
      from_account_id: Number(ids.bank),
      date: '2026-02-01',
      reference_no: '',
      description: '',
      amount: '100.00',
      exchange_rate: 1,
      id: 7,
      branch_id: Number(ids.branch),
    });
    expect([reply.status, reply.json]).toEqual([
      201,
      expect.objectContaining({ amount: 100, exchange_rate: 1, reference_no: '', description: '', branch_id: Number(ids.branch) }),
    ]);
    expect(reply.json.id).not.toBe(7);
  });

  it.each<[string, (name: string) => string]>([
    ['snake_case', (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)],
    ['kebab-case', (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)],
    ['PascalCase', (name) => name.charAt(0).toUpperCase() + name.slice(1)],
    ['camelCase', (name) => name],
  ])('fields in %s', async (_, write) => {
    const body = booksOf.observed.restBody({ referenceNo: 'R-7', description: 'Paid' });
    const reply = await refund('observed', Object.fromEntries(Object.entries(body).map(([name, value]) => [write(name), value])));
    expect([reply.status, reply.json]).toEqual([201, expect.objectContaining({ reference_no: 'R-7', description: 'Paid' })]);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
  ])('optional fields that are %s: the rate is 1, the branch the primary one, the texts are empty', async (_, value) => {
    const books = booksOf.observed;
    await books.client.query(CreateBranchDocument, { input: { code: `0-${_}`, name: 'West' } });
    const reply = await refund('observed', least({ exchangeRate: value, referenceNo: value, description: value, branchId: value }));
    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      exchange_rate: 1,
      reference_no: '',
      description: '',
      branch_id: Number(books.ids.branch),
    });
  });

  it.each(['100.00', '1e2', ' 100 ', '+100', '100.', '00100'])('the numeric text %p as the amount 100', async (amount) => {
    const reply = await refund('observed', least({ amount, fromAccountId: booksOf.observed.ids.bank }));
    expect([reply.status, reply.json.amount]).toEqual([201, 100]);
  });

  it('a text with all digits of its amount', async () => {
    const { id } = await booksOf.observed.creditNote('9999999999999.99');
    const reply = await refund('observed', least({ amount: '9999999999999.99' }), id);
    const { refund: made } = await booksOf.observed.client.query(RefundDocument, { id: String(reply.json.id) });
    expect(made?.amount).toBe('9999999999999.99');
  });
});

describe('the observed contract refuses', () => {
  it.each<[string, unknown, string]>([
    ['amount', true, 'isNumber'],
    ['amount', [1], 'isNumber'],
    ['amount', { value: 1 }, 'isNumber'],
    ['amount', '0x10', 'isNumber'],
    ['amount', '1,234.50', 'isNumber'],
    ['amount', 'Infinity', 'isNumber'],
    ['amount', 'NaN', 'isNumber'],
    ['amount', '.', 'isNumber'],
    ['amount', '-', 'isNumber'],
    ['amount', '１００', 'isNumber'],
    ['amount', '', 'isNumber'],
    ['amount', null, 'isNotEmpty'],
    ['amount', '-5', 'isPositive'],
    ['amount', '0', 'isPositive'],
    ['fromAccountId', '', 'isNumber'],
    ['fromAccountId', null, 'isNotEmpty'],
    ['fromAccountId', '1.5', 'isId'],
    ['fromAccountId', true, 'isNumber'],
    ['branchId', 'main', 'isNumber'],
    ['branchId', false, 'isNumber'],
    ['exchangeRate', '0', 'isPositive'],
    ['exchangeRate', true, 'isNumber'],
    ['referenceNo', 123, 'isString'],
    ['description', [], 'isString'],
    ['date', null, 'isNotEmpty'],
    ['date', '', 'isDateString'],
    ['date', '2021-02-30', 'isDateString'],
  ])('%s = %p by the rule %s, and writes nothing', async (field, value, rule) => {
    const books = booksOf.observed;
    const { id } = await books.creditNote('1000.00');
    const before = await books.snapshot();
    const target = least({ [field]: value });
    const reply = await refund('observed', target, id);
    expect(reply.status).toBe(400);
    expect(reply.json.message).toEqual([
      { target, value, property: field, children: [], constraints: expect.objectContaining({ [rule]: expect.any(String) }) },
    ]);
    expect(reply.json.errors).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'VALIDATION_ERROR' })]));
    expect(await books.snapshot()).toEqual(before);
  });

  it('two spellings of a field with different values, and takes equal ones', async () => {
    const bank = Number(booksOf.observed.ids.bank);
    expect((await refund('observed', least({ from_account_id: bank }))).status).toBe(201);
    const reply = await refund('observed', least({ from_account_id: bank + 1, FromAccountId: bank }));
    expect([reply.status, reply.json.message]).toEqual([
      400,
      [expect.objectContaining({ property: 'fromAccountId', constraints: { isUnambiguous: expect.any(String) } })],
    ]);
  });

  it('no exchange rate for a note in another currency', async () => {
    const { id } = await booksOf.observed.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    for (const exchange_rate of [undefined, null, '']) {
      const reply = await refund('observed', least({ exchange_rate }), id);
      expect([reply.status, reply.json.errors]).toEqual([400, [expect.objectContaining({ type: 'EXCHANGE_RATE_INVALID' })]]);
    }
    expect((await refund('observed', least({ exchange_rate: '1.1' }), id)).status).toBe(201);
  });
});

describe('under an idempotency key', () => {
  it('the spellings of one refund are one command', async () => {
    const books = booksOf.observed;
    const { id } = await books.creditNote('1000.00');
    const headers = { 'idempotency-key': 'one-refund' };
    const first = await refund('observed', least(), id, headers);
    const bodies = [
      least({ amount: '40.00', exchange_rate: '1.0', reference_no: '', description: null, branch_id: books.ids.branch }),
      { from_account_id: books.ids.bank, amount: '4e1', date: '2026-02-01T00:00:00.000Z' },
    ];
    for (const body of bodies) {
      const again = await refund('observed', body, id, headers);
      expect([again.status, again.json.id, again.headers['idempotency-replayed']]).toEqual([201, first.json.id, 'true']);
    }
    const other = await refund('observed', least({ amount: '40.01' }), id, headers);
    expect([other.status, other.json.errors[0].type]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });
});

describe('the documented contract', () => {
  it.each<[string, Record<string, unknown>]>([
    ['a numeric text', { amount: '100.00' }],
    ['an absent branch', { branchId: undefined }],
    ['a null rate', { exchangeRate: null }],
    ['an absent reference', { referenceNo: undefined }],
    ['an empty branch', { branchId: '' }],
  ])('refuses %s', async (_, changes) => {
    const [field] = Object.keys(changes);
    const reply = await refund('documented', booksOf.documented.restBody(changes));
    expect([reply.status, reply.json.message[0].property]).toEqual([400, field]);
  });

  it('refuses other spellings of the fields: they are unknown, and the fields are missing', async () => {
    const { amount, date, description } = booksOf.documented.restBody();
    const reply = await refund('documented', { amount, date, description, from_account_id: 1, reference_no: '', branch_id: 1 });
    expect(reply.json.message.map(({ property }: { property: string }) => property)).toEqual([
      'fromAccountId',
      'exchangeRate',
      'referenceNo',
      'branchId',
    ]);
  });
});

interface Recorded {
  readonly case: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: unknown };
  readonly response: { readonly status: number; readonly body: Record<string, unknown> };
}

const recorded = (JSON.parse(readFileSync('test/fixtures/recorded-refunds.json', 'utf8')) as Recorded[]).filter(
  ({ request, case: name }) => request.method === 'POST' && !/Authorization|bc_|JWT/.test(name),
);

/** The recorded requests that are answered otherwise, and why. */
const DIFFERENT: Readonly<Record<Contract, Readonly<Record<string, string>>>> = {
  observed: { 'branches on: no branchId': 'an absent branch is the primary one' },
  documented: {
    'POST refund full (camelCase)': 'branchId is null',
    'POST refund snake_case': 'names are not the documented ones',
    'POST refund minimal': 'four fields are missing',
    'POST amount string "100"': 'the amount is no number',
    'branches on: no branchId': 'four fields are missing',
  },
};

/** The recorded refusals of business rules, which the documented contract reaches only with a complete body. */
const RULES = [
  'unknown credit note',
  'amount > remaining',
  'unknown account',
  'locked: refund dated exactly 2025-12-31',
  'branches on: unknown branchId 999',
];

describe.each(contracts)('recorded replies of a Bigcapital server, under the %s contract', (contract) => {
  it.each(recorded.map((each) => [each.case, each] as const))('%s', async (name, { request, response }) => {
    const books = await gateways[contract].books();
    const note = await books.creditNote('1000.00', { date: '2025-12-01' });
    if (name.startsWith('locked')) await books.lock('2025-12-31');
    const isUnknown = request.path.includes('999999');
    const path = `/api/credit-notes/${isUnknown ? 999_999_999 : note.id}/refunds`;
    const body = withOurIds(request.body, books, contract === 'documented' && RULES.includes(name));

    const reply = await books.client.rest(path, body);

    const isDifferent = name in DIFFERENT[contract];
    if (isDifferent) {
      expect(reply.status).toBe(contract === 'observed' ? 201 : 400);
      return;
    }
    expect(reply.status).toBe(response.status);
    if (response.status === 201) expectSameRefund(reply.json, response.body);
    else expectSameError(reply.json, response.body);
  });
});

/** Replaces the recorded ids by ours. A completed body has the optional fields that the recorded one lacks. */
function withOurIds(body: unknown, { ids }: Books, isCompleted: boolean): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const ours: Record<string, number> = { 1000: Number(ids.bank), 1003: Number(ids.cash), 999999: 999_999_999 };
  const account = /^from_?account_?id$/i;
  const entries = Object.entries(body).map(([name, value]) => [name, account.test(name) ? (ours[String(value)] ?? value) : value]);
  const rest = isCompleted ? { exchangeRate: 1, referenceNo: '', description: '', branchId: Number(ids.branch) } : {};
  return { ...rest, ...Object.fromEntries(entries) };
}

/** Ids and times are ours; the branch and the texts have our defaults. */
function expectSameRefund(ours: Record<string, unknown>, theirs: Record<string, unknown>): void {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  const { amount, currency_code, exchange_rate, date, description, reference_no } = theirs;
  expect(ours).toMatchObject({
    amount,
    currency_code,
    exchange_rate,
    date,
    description: description ?? '',
    reference_no: reference_no ?? '',
  });
}

function expectSameError(ours: Record<string, unknown>, theirs: Record<string, unknown>): void {
  const { message, errors, statusCode } = theirs;
  if (statusCode !== undefined) expect(ours.statusCode).toBe(statusCode);
  if (Array.isArray(message)) {
    const properties = (ours.message as typeof message).map(({ property }) => property);
    expect(properties).toContain(message[0].property);
    const found = (ours.message as typeof message).find(({ property }) => property === message[0].property);
    expect(Object.keys(found.constraints).sort()).toEqual(Object.keys(message[0].constraints).sort());
  } else if (Array.isArray(errors)) {
    const [{ type, payload }] = errors;
    expect(ours.errors).toEqual([expect.objectContaining({ type, ...(payload && { payload }) })]);
  } else if (message === 'NotFoundError') expect(ours.message).toBe('NotFoundError');
}

it('an account that may not pay refunds is refused under both contracts', async () => {
  for (const contract of contracts) {
    const books = booksOf[contract];
    const { account } = await books.client.query(AccountDocument, { id: books.ids.expense });
    const reply = await refund(contract, books.restBody({ fromAccountId: Number(account?.id) }));
    expect([reply.status, reply.json.errors[0].type]).toEqual([400, 'ACCOUNT_INVALID_TYPE']);
  }
});
