import { beforeAll, describe, expect, it } from '@jest/globals';
import { RefundCreditNoteDocument, RefundCreditNotesDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A caller sees everything that is wrong with a request at once, each with its field, and nothing is written. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let note: string;
beforeAll(async () => {
  note = (await books.creditNote('100.00')).id;
  await books.lock('2026-01-20');
});

const MISSING = '999999999';
/** Four fields that break a rule of the books. */
const WRONG = { fromAccountId: MISSING, amount: '100.01', date: '2026-01-20', branchId: MISSING };
const REFUSALS = [
  ['ACCOUNT_NOT_FOUND', 'fromAccountId'],
  ['CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', 'amount'],
  ['TRANSACTIONS_DATE_LOCKED', 'date'],
  ['BRANCH_ID_NOT_FOUND', 'branchId'],
] as const;

it('a refund has an error for each field that breaks a rule of the books', async () => {
  const before = await books.everything();
  const { data, errors } = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note, WRONG) });
  expect(data).toEqual({ refundCreditNote: null });
  expect(errors?.map(({ path, extensions: { code, field } }) => [path, code, field])).toEqual(
    REFUSALS.map(([code, field]) => [['refundCreditNote'], code, field]),
  );
  expect(errors?.[1]?.extensions.details).toEqual({ amount: '100.01', remaining: '100.00', currencyCode: 'USD' });
  expect(await books.everything()).toEqual(before);
});

it('a preview has the same refusals', async () => {
  const { data } = await books.client.graphql<{ previewRefund: { refusals: { code: string; field: string }[] } }, unknown>(
    'query($input: RefundCreditNoteInput!) { previewRefund(input: $input) { refusals { code field } } }',
    { input: books.refundInput(note, WRONG) },
  );
  expect(data?.previewRefund.refusals.map(({ code, field }) => [code, field])).toEqual(REFUSALS);
});

it('REST has an element of errors for each of them, with the status of the first', async () => {
  const path = `/api/credit-notes/${note}/refunds`;
  const body = books.restBody({ ...WRONG, fromAccountId: Number(MISSING), amount: 100.01, branchId: Number(MISSING) });
  const before = await books.everything();
  const legacy = await books.client.rest(path, body);
  const problem = await books.client.rest(path, body, { accept: 'application/problem+json' });

  expect([legacy.status, legacy.json.errors.map(({ type }: { type: string }) => type)]).toEqual([
    404,
    REFUSALS.map(([code]) => code),
  ]);
  expect([problem.status, problem.json.code, problem.json.field]).toEqual([404, ...REFUSALS[0]]);
  expect(problem.json.errors.map(({ code, field }: { code: string; field: string }) => [code, field])).toEqual(REFUSALS);
  expect(await books.everything()).toEqual(before);
});

it('REST names the header that breaks a rule', async () => {
  const path = `/api/credit-notes/${note}/refunds`;
  const keyed = await books.client.rest(path, books.restBody(), { 'idempotency-key': 'two words' });
  expect(keyed.json.message).toEqual([
    expect.objectContaining({
      property: 'Idempotency-Key',
      constraints: { isIdempotencyKey: expect.stringMatching(/^Idempotency-Key/) },
    }),
  ]);
  const changed = await books.client.rest(path, books.restBody(), { 'if-match': `"${note}-1"` });
  expect([changed.status, changed.json.errors[0].payload.field]).toEqual([412, 'If-Match']);
});

it('an ATOMIC list has errors for each of its wrong refunds, with their positions, and makes none', async () => {
  const before = await books.everything();
  const inputs = [
    books.refundInput(note, { amount: '60.00' }),
    books.refundInput(note, { ...WRONG, referenceNo: '2' }),
    books.refundInput(note, { amount: '60.00', referenceNo: '3' }),
    books.refundInput(note, { amount: '40.00', referenceNo: '4' }),
    books.refundInput(MISSING),
  ];
  const send = () => books.client.graphql(RefundCreditNotesDocument, { inputs, mode: 'ATOMIC', idempotencyKey: 'several' });

  for (const { data, errors } of [await send(), await send()]) {
    expect(data).toEqual({ refundCreditNotes: null });
    expect(errors?.map(({ path, extensions: { code, field } }) => [path, code, field])).toEqual(
      [
        ['ACCOUNT_NOT_FOUND', 'inputs.1.fromAccountId'],
        ['CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', 'inputs.1.amount'],
        ['TRANSACTIONS_DATE_LOCKED', 'inputs.1.date'],
        ['BRANCH_ID_NOT_FOUND', 'inputs.1.branchId'],
        // The first refund leaves 40.00, which the fourth would spend.
        ['CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', 'inputs.2.amount'],
        ['CREDIT_NOTE_NOT_FOUND', 'inputs.4.creditNoteId'],
      ].map((each) => [['refundCreditNotes'], ...each]),
    );
  }
  expect(await books.everything()).toEqual(before);
});

it('a refund of a PER_ITEM list has all its refusals in its outcome', async () => {
  const inputs = [books.refundInput(note, WRONG), books.refundInput(MISSING)];
  const { data } = await books.client.graphql<
    { refundCreditNotes: { refusal: { code: string }; refusals: { code: string; field: string }[] }[] },
    unknown
  >(
    `mutation($inputs: [RefundCreditNoteInput!]!) {
       refundCreditNotes(inputs: $inputs, mode: PER_ITEM) { refusal { code } refusals { code field } }
     }`,
    { inputs },
  );
  expect(
    data?.refundCreditNotes.map(({ refusal, refusals }) => [refusal.code, refusals.map((each) => [each.code, each.field])]),
  ).toEqual([
    ['ACCOUNT_NOT_FOUND', REFUSALS],
    ['CREDIT_NOTE_NOT_FOUND', [['CREDIT_NOTE_NOT_FOUND', 'creditNoteId']]],
  ]);
});

it.each([
  [
    'accounts',
    () => [
      { accountId: MISSING, amount: '1.00' },
      { accountId: books.ids.sales, amount: '1.00' },
      { accountId: books.ids.bank, amount: '1.00' },
    ],
    [
      ['ACCOUNT_NOT_FOUND', 'lines.0.accountId'],
      ['ACCOUNT_INVALID_TYPE', 'lines.2.accountId'],
    ],
  ],
  [
    'amounts',
    () => ['1.001', '1.00', '2.002'].map((amount) => ({ accountId: books.ids.sales, amount })),
    [
      ['AMOUNT_PRECISION', 'lines.0.amount'],
      ['AMOUNT_PRECISION', 'lines.2.amount'],
    ],
  ],
])('a credit note has an error for each line with wrong %s', async (_what, lines, refusals) => {
  const customerId = await books.customer();
  const before = await books.everything();
  const { errors } = await books.client.graphql<unknown, unknown>(
    'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id } }',
    { input: { customerId, date: '2026-02-01', lines: lines() } },
  );
  expect(errors?.map(({ extensions: { code, field } }) => [code, field])).toEqual(refusals);
  expect(await books.everything()).toEqual(before);
});

describe('a mutation has an error for each field that breaks a rule of the books, and writes nothing:', () => {
  /** Sends the mutation, and returns code and field of each error. */
  async function refusalsOf(mutation: string, input: object) {
    const before = await books.everything();
    const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    const { data, errors } = await books.client.graphql<unknown, unknown>(
      `mutation($input: ${type}!) { ${mutation}(input: $input) { id } }`,
      { input },
    );
    expect(data).toEqual({ [mutation]: null });
    expect(await books.everything()).toEqual(before);
    return errors?.map(({ path, extensions: { code, field } }) => [path?.[0], code, field].join(' '));
  }

  /** A customer, a branch and an account that are inactive, and a number and codes that are taken. */
  async function inactive() {
    const { data } = await books.client.graphql<Record<string, { id: string }>, object>(`mutation {
      customer: createCustomer(input: { displayName: "Gone" }) { id }
      branch: createBranch(input: { code: "gone ${Math.random()}", name: "Gone" }) { id }
      account: createAccount(input: { code: "gone ${Math.random()}", name: "Gone", type: INCOME, active: false }) { id }
    }`);
    const [customerId, branchId, accountId] = [data?.customer?.id, data?.branch?.id, data?.account?.id];
    const { errors } = await books.client.graphql(`mutation {
      updateCustomer(input: { customerId: ${customerId}, active: false }) { id }
      updateBranch(input: { branchId: ${branchId}, active: false }) { id }
    }`);
    expect(errors).toBeUndefined();
    return { customerId, branchId, accountId };
  }

  it('createCreditNote with records that do not exist', async () => {
    const input = {
      number: (await books.creditNote('1.00', { date: '2026-02-01' })).number,
      ...{ customerId: MISSING, branchId: MISSING, date: '2099-01-01', lines: [{ accountId: MISSING, amount: '1.00' }] },
    };
    expect(await refusalsOf('createCreditNote', input)).toEqual([
      'createCreditNote CUSTOMER_NOT_FOUND customerId',
      'createCreditNote BRANCH_ID_NOT_FOUND branchId',
      'createCreditNote DATE_TOO_FAR_AHEAD date',
      'createCreditNote ACCOUNT_NOT_FOUND lines.0.accountId',
      'createCreditNote CREDIT_NOTE_NUMBER_NOT_UNIQUE number',
    ]);
  });

  it('createCreditNote with inactive records, a wrong rate and wrong amounts on a locked day', async () => {
    const { customerId, branchId, accountId } = await inactive();
    const lines = [
      { accountId, amount: '1.001' },
      { accountId: books.ids.sales, amount: '2.00' },
      { accountId: books.ids.bank, amount: '3.001' },
    ];
    const input = { customerId, branchId, date: '2026-01-20', exchangeRate: '1.5', lines, open: true };
    expect(await refusalsOf('createCreditNote', input)).toEqual([
      'createCreditNote CUSTOMER_INACTIVE customerId',
      'createCreditNote BRANCH_INACTIVE branchId',
      'createCreditNote TRANSACTIONS_DATE_LOCKED date',
      'createCreditNote EXCHANGE_RATE_INVALID exchangeRate',
      'createCreditNote ACCOUNT_INACTIVE lines.0.accountId',
      'createCreditNote ACCOUNT_INVALID_TYPE lines.2.accountId',
      'createCreditNote AMOUNT_PRECISION lines.0.amount',
      'createCreditNote AMOUNT_PRECISION lines.2.amount',
    ]);
  });

  it('updateCreditNote', async () => {
    const { customerId, branchId, accountId } = await inactive();
    const { id: creditNoteId } = await books.creditNote('100.00', { open: false });
    const { number } = await books.creditNote('1.00', { date: '2026-02-01' });
    const input = {
      ...{ creditNoteId, number, customerId, branchId, date: '2099-01-01', exchangeRate: '2' },
      lines: [{ accountId, amount: '0.001' }],
    };
    expect(await refusalsOf('updateCreditNote', input)).toEqual([
      'updateCreditNote CUSTOMER_INACTIVE customerId',
      'updateCreditNote BRANCH_INACTIVE branchId',
      'updateCreditNote DATE_TOO_FAR_AHEAD date',
      'updateCreditNote EXCHANGE_RATE_INVALID exchangeRate',
      'updateCreditNote ACCOUNT_INACTIVE lines.0.accountId',
      'updateCreditNote AMOUNT_PRECISION lines.0.amount',
      'updateCreditNote CREDIT_NOTE_NUMBER_NOT_UNIQUE number',
    ]);
  });

  it('cancelRemaining', async () => {
    const input = { creditNoteId: note, date: '2026-01-20', reason: 'Agreed', expectedRemaining: '7' };
    expect(await refusalsOf('cancelRemaining', input)).toEqual([
      'cancelRemaining CREDIT_NOTE_CHANGED expectedRemaining',
      'cancelRemaining TRANSACTIONS_DATE_LOCKED date',
    ]);
  });

  it('createAccount', async () => {
    const { data } = await books.client.graphql<{ account: { code: string } }, object>(
      `{ account(id: ${books.ids.bank}) { code } }`,
    );
    const input = { code: ` ${data?.account.code.toLowerCase()} `, name: 'Second', type: 'BANK', currencyCode: 'XXX' };
    expect(await refusalsOf('createAccount', input)).toEqual([
      'createAccount CURRENCY_NOT_FOUND currencyCode',
      'createAccount ACCOUNT_CODE_NOT_UNIQUE code',
    ]);
  });

  it('updateAccount and updateBranch', async () => {
    const { data } = await books.client.graphql<{ account: { code: string }; createBranch: { code: string } }, object>(
      `{ account(id: ${books.ids.bank}) { code } }`,
    );
    const added = await books.client.graphql<{ createBranch: { code: string } }, object>(
      'mutation { createBranch(input: { code: "N", name: "North" }) { code } }',
    );
    expect(await refusalsOf('updateAccount', { accountId: books.ids.receivable, code: data?.account.code, active: false })).toEqual(
      ['updateAccount ACCOUNT_CODE_NOT_UNIQUE code', 'updateAccount RECORD_IS_NEEDED active'],
    );
    expect(
      await refusalsOf('updateBranch', { branchId: books.ids.branch, code: added.data?.createBranch.code, active: false }),
    ).toEqual(['updateBranch BRANCH_CODE_NOT_UNIQUE code', 'updateBranch RECORD_IS_NEEDED active']);
  });

  it('openCreditNote, whose records were deactivated since', async () => {
    const { customerId, branchId } = await inactive();
    await books.client.graphql(`mutation {
      customer: updateCustomer(input: { customerId: ${customerId}, active: true }) { id }
      branch: updateBranch(input: { branchId: ${branchId}, active: true }) { id }
    }`);
    const { id } = await books.creditNote('100.00', { open: false, customerId: String(customerId), branchId: String(branchId) });
    await books.client.graphql(`mutation {
      customer: updateCustomer(input: { customerId: ${customerId}, active: false }) { id }
      branch: updateBranch(input: { branchId: ${branchId}, active: false }) { id }
    }`);
    const { errors } = await books.client.graphql(`mutation { openCreditNote(id: ${id}) { id } }`);
    expect(errors?.map(({ extensions: { code, field } }) => [code, field])).toEqual([
      ['CUSTOMER_INACTIVE', 'id'],
      ['BRANCH_INACTIVE', 'id'],
      ['TRANSACTIONS_DATE_LOCKED', 'id'],
    ]);
  });
});

it('a draft may be sent back with the number, and a record with the code, that it has', async () => {
  const { id, number } = await books.creditNote('100.00', { open: false });
  const { data, errors } = await books.client.graphql<unknown, unknown>(
    `mutation($id: ID!, $number: String!) {
       updateCreditNote(input: { creditNoteId: $id, number: $number }) { number }
       updateAccount(input: { accountId: ${books.ids.bank}, name: "Bank" }) { name }
     }`,
    { id, number },
  );
  expect([errors, data]).toEqual([undefined, { updateCreditNote: { number }, updateAccount: { name: 'Bank' } }]);
});

it('REST names a malformed key together with the wrong fields of the body', async () => {
  const path = `/api/credit-notes/${note}/refunds`;
  const body = books.restBody({ amount: -1, date: 'yesterday' });
  const headers = { 'idempotency-key': 'two words' };
  const legacy = await books.client.rest(path, body, headers);
  const problem = await books.client.rest(path, body, { ...headers, accept: 'application/problem+json' });
  const fields = ['amount', 'date', 'Idempotency-Key'];
  expect(legacy.json.message.map(({ property }: { property: string }) => property).sort()).toEqual([...fields].sort());
  expect(problem.json.errors.map(({ field }: { field: string }) => field).sort()).toEqual([...fields].sort());
});

it('REST names a malformed key before an account that is none, and is a 400', async () => {
  const path = `/api/credit-notes/${note}/refunds`;
  const body = books.restBody({ fromAccountId: 0 });
  const { status, json } = await books.client.rest(path, body, { 'idempotency-key': '""' });
  expect([status, json.message.map(({ property }: { property: string }) => property)]).toEqual([400, ['Idempotency-Key']]);
  expect(json.errors.map(({ type, statusCode }: Record<string, unknown>) => [type, statusCode])).toEqual([
    ['VALIDATION_ERROR', 400],
    ['ACCOUNT_NOT_FOUND', 400],
  ]);
});
