import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RefundCreditNoteDocument, RefundCreditNotesDocument } from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

/** A caller sees everything that is wrong with a request at once, each with its field, and nothing is written. */
let gateway: Gateway;
let books: Books;
let note: string;
beforeAll(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
  note = (await books.creditNote('100.00')).id;
  await books.lock('2026-01-20');
});
afterAll(() => gateway.stop());

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
