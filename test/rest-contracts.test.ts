import { describe, expect, it } from '@jest/globals';
import { AccountDocument, CreateBranchDocument, RefundDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const contracts = ['documented', 'observed'] as const;
type Contract = (typeof contracts)[number];

const gateways = {
  documented: sharedGateway({ restContract: 'documented' }),
  observed: sharedGateway({ restContract: 'observed' }),
};
const booksOf = { documented: sharedBooks(gateways.documented), observed: sharedBooks(gateways.observed) };

async function refund(contract: Contract, body: unknown, noteId?: string, headers: Record<string, string> = {}) {
  const books = booksOf[contract];
  const id = noteId ?? (await books.creditNote('1000.00')).id;
  return books.client.rest(`/api/credit-notes/${id}/refunds`, body, headers);
}

async function readRefund(id: number) {
  const { client } = booksOf.observed;
  const reply = await client.app.inject({ url: `/api/credit-notes/refunds/${id}`, headers: client.headers });
  return { json: reply.json() };
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
    // Replies have the texts as they were sent.
    const sent = value === '' ? '' : null;
    expect(reply.json).toMatchObject({
      ...{ exchange_rate: 1, reference_no: sent, description: sent },
      branch_id: Number(books.ids.branch),
    });
    const { json } = await readRefund(reply.json.id);
    expect(json).toMatchObject({ reference_no: sent, description: sent });
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
    for (const more of [
      { from_account_id: bank },
      { from_account_id: `${bank}.0`, branch_id: null, branchId: '' },
      { Amount: '1.00', amount: 1, exchange_rate: '1', exchangeRate: 1 },
    ]) {
      expect([more, (await refund('observed', least(more))).status]).toEqual([more, 201]);
    }
    const reply = await refund('observed', least({ from_account_id: bank + 1, FromAccountId: bank }));
    expect([reply.status, reply.json.message]).toEqual([
      400,
      [expect.objectContaining({ property: 'fromAccountId', constraints: { isUnambiguous: expect.any(String) } })],
    ]);
  });

  it('no name of more than 100 characters as one of a field', async () => {
    const name = (length: number) => 'amount'.padEnd(length, '_');
    expect((await refund('observed', least({ [name(101)]: 1 }))).status).toBe(201);
    expect((await refund('observed', least({ [name(100)]: 1 }))).status).toBe(400);
  });

  it('no exchange rate for a note in another currency', async () => {
    const { id } = await booksOf.observed.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    for (const exchange_rate of [undefined, null, '']) {
      const reply = await refund('observed', least({ exchange_rate }), id);
      const message = 'exchangeRate is required: the credit note is in EUR';
      expect([reply.status, reply.json.errors]).toEqual([
        400,
        [expect.objectContaining({ type: 'EXCHANGE_RATE_INVALID', message })],
      ]);
    }
    expect((await refund('observed', least({ exchange_rate: '1.1' }), id)).status).toBe(201);
  });
});

/** The rules of the legacy server's input class that values of a wrong type break, by class-validator's names. */
describe.each(contracts)('the names of the broken rules are those of the legacy server, under the %s contract', (contract) => {
  it.each<[string, unknown, string[]]>([
    ['fromAccountId', undefined, ['isNotEmpty', 'isNumber']],
    ['fromAccountId', null, ['isNotEmpty', 'isNumber']],
    ['fromAccountId', '', ['isNotEmpty', 'isNumber']],
    ['fromAccountId', 'abc', ['isNumber']],
    ['amount', undefined, ['isNotEmpty', 'isNumber', 'isPositive']],
    ['amount', null, ['isNotEmpty', 'isNumber', 'isPositive']],
    ['amount', '', ['isNotEmpty', 'isNumber', 'isPositive']],
    ['amount', 'abc', ['isNumber', 'isPositive']],
    ['amount', 0, ['isPositive']],
    ['amount', -5, ['isPositive']],
    ['exchangeRate', 'abc', ['isNumber', 'isPositive']],
    ['exchangeRate', 0, ['isPositive']],
    ['referenceNo', 123, ['isString']],
    ['description', {}, ['isString']],
    ['date', undefined, ['isDateString', 'isNotEmpty']],
    ['date', null, ['isDateString', 'isNotEmpty']],
    ['date', '', ['isDateString', 'isNotEmpty']],
    ['date', 20210101, ['isDateString']],
    ['date', 'not-a-date', ['isDateString']],
    ['branchId', 'abc', ['isNumber']],
  ])('%s = %p breaks %j', async (field, value, rules) => {
    const body = booksOf[contract].restBody({ [field]: value });
    const reply = await refund(contract, body);
    expect(reply.status).toBe(400);
    const [wrong, ...others] = reply.json.message;
    expect([wrong.property, Object.keys(wrong.constraints).sort(), others]).toEqual([field, rules, []]);
    expect(wrong.constraints[rules[0] ?? '']).toContain(field);
  });
});

it.each(contracts)(
  'several wrong fields are named in the order of the document, as by the legacy server, under the %s contract',
  async (contract) => {
    const body = {
      date: '2021-02-30',
      description: 7,
      amount: -5,
      fromAccountId: null,
      exchangeRate: 'abc',
      branchId: 1.5,
      referenceNo: 1,
    };
    const reply = await refund(contract, body);
    expect(reply.json.message.map(({ property }: { property: string }) => property)).toEqual([
      ...['fromAccountId', 'amount', 'exchangeRate', 'referenceNo', 'description', 'date', 'branchId'],
    ]);
  },
);

it('the observed contract quotes the fields by their documented names, without unknown ones, as the legacy server does', async () => {
  const { ids } = booksOf.observed;
  const reply = await refund('observed', {
    ...{ from_account_id: Number(ids.bank), date: '2026-02-01', reference_no: '', description: '', amount: '0', id: 7 },
  });
  expect(reply.json.message).toEqual([
    expect.objectContaining({
      property: 'amount',
      target: { fromAccountId: Number(ids.bank), date: '2026-02-01', referenceNo: '', description: '', amount: '0' },
      value: '0',
    }),
  ]);
});

describe.each(contracts)(
  'a number that is no id is the id of nothing, as for the legacy server, under the %s contract',
  (contract) => {
    it.each([0, -5, 1.5, 1e21, 1e-7, -0])('fromAccountId = %p is a 404', async (fromAccountId) => {
      const { status, json } = await refund(contract, booksOf[contract].restBody({ fromAccountId }));
      expect([status, json.statusCode, json.message]).toEqual([404, 404, 'NotFoundError']);
      expect(json.errors).toEqual([
        expect.objectContaining({ type: 'ACCOUNT_NOT_FOUND', message: `There is no account ${fromAccountId}` }),
      ]);
    });

    it.each([0, -5, 1.5, 1e21])('branchId = %p is a 400', async (branchId) => {
      const { status, json } = await refund(contract, booksOf[contract].restBody({ branchId }));
      expect([status, json.errors.map(({ type }: { type: string }) => type)]).toEqual([400, ['BRANCH_ID_NOT_FOUND']]);
    });

    it('is a wrong field among others', async () => {
      const { status, json } = await refund(contract, booksOf[contract].restBody({ fromAccountId: 0, branchId: -1, amount: 0 }));
      expect([status, json.message.map(({ property }: { property: string }) => property)]).toEqual([
        400,
        ['fromAccountId', 'amount', 'branchId'],
      ]);
    });

    it('both of two are named', async () => {
      const { status, json } = await refund(contract, booksOf[contract].restBody({ fromAccountId: 0, branchId: -1 }));
      expect([status, json.errors.map(({ type }: { type: string }) => type)]).toEqual([
        404,
        ['ACCOUNT_NOT_FOUND', 'BRANCH_ID_NOT_FOUND'],
      ]);
    });
  },
);

it.each<[unknown, string[]]>([
  [false, ['isPositive']],
  [' ', ['isPositive']],
  [[], ['isPositive']],
  ['0', ['isPositive']],
  ['Infinity', ['isNumber']],
  ['-Infinity', ['isPositive', 'isNumber']],
  ['NaN', ['isPositive', 'isNumber']],
  [{}, ['isPositive', 'isNumber']],
  [true, ['isPositive', 'isNumber']],
  [[1], ['isPositive', 'isNumber']],
])(
  'under the observed contract, %j breaks the rules %j as an amount and as a rate, as it does for the legacy server',
  async (value, rules) => {
    for (const field of ['amount', 'exchangeRate']) {
      const reply = await refund('observed', least({ [field]: value }));
      expect([reply.status, Object.keys(reply.json.message[0].constraints)]).toEqual([400, rules]);
    }
  },
);

it('a malformed key and a wrong field are both in the message', async () => {
  const reply = await refund('documented', booksOf.documented.restBody({ amount: 0 }), undefined, { 'idempotency-key': 'a b' });
  expect([reply.status, reply.json.message.map(({ property }: { property: string }) => property)]).toEqual([
    400,
    ['amount', 'Idempotency-Key'],
  ]);
  expect(reply.json.errors).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'AMOUNT_NOT_POSITIVE' })]));
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

it('an account that may not pay refunds is refused under both contracts', async () => {
  for (const contract of contracts) {
    const books = booksOf[contract];
    const { account } = await books.client.query(AccountDocument, { id: books.ids.expense });
    const reply = await refund(contract, books.restBody({ fromAccountId: Number(account?.id) }));
    expect([reply.status, reply.json.errors[0].type]).toEqual([400, 'ACCOUNT_INVALID_TYPE']);
  }
});
