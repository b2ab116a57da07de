import { describe, expect, it } from '@jest/globals';
import { sweepIdempotencyKeys } from '../src/services/unit-of-work/idempotency-sweep.js';
import { AccountDocument, CreditNoteDocument, RefundCreditNoteDocument, ReverseRefundDocument } from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

describe('50 parallel refunds whose sum exceeds the credit', () => {
  it('succeed as far as the credit lasts, and the others are refused because nothing remains', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');

    const replies = await refundAtOnce(books, note.id, 50, '7.00');

    const refused = replies.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code);
    expect(replies.filter(({ errors }) => errors === undefined)).toHaveLength(14);
    expect(refused).toEqual(Array(36).fill('CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT'));
    await expectBooks(books, note.id, { refunded: '98.00', refunds: 14, receivable: '-2.00', bank: '-98.00' });
  });

  it('close the note when they use it up exactly', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('10.00', { currencyCode: 'EUR', exchangeRate: '0.3333333333' });

    await refundAtOnce(books, note.id, 50, '0.40', '0.3333333333');

    await expectBooks(books, note.id, { refunded: '10.00', refunds: 25, receivable: '0.00' });
  });

  it('share the credit over GraphQL and REST', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const body = books.restBody({ amount: 30 });

    const rest = Array.from({ length: 10 }, () => books.client.rest(`/api/credit-notes/${note.id}/refunds`, body));
    await Promise.all([...rest, refundAtOnce(books, note.id, 10, '30.00')]);

    await expectBooks(books, note.id, { refunded: '90.00', refunds: 3, receivable: '-10.00', bank: '-90.00' });
  });
});

describe('an idempotency key', () => {
  it('pays once for ten parallel copies, and returns the same refund to each', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const input = books.refundInput(note.id);

    const replies = await Promise.all(
      Array.from({ length: 10 }, () => books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey: 'once' })),
    );

    expect(new Set(replies.map(({ data }) => data?.refundCreditNote?.id)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(9);
    await expectBooks(books, note.id, { refunded: '40.00', refunds: 1, receivable: '-60.00', bank: '-40.00' });
  });

  it('is shared by GraphQL and REST, and the same command may be written in different formats', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const input = books.refundInput(note.id, { amount: '40.00', date: '2026-02-01T10:00:00Z' });
    const { data } = await books.client.graphql(RefundCreditNoteDocument, { input }, { 'idempotency-key': 'k' });

    const body = books.restBody({ date: '2026-02-01' });
    const replay = await books.client.rest(`/api/credit-notes/${note.id}/refunds`, body, { 'idempotency-key': 'k' });

    expect([replay.status, String(replay.json.id)]).toEqual([201, data?.refundCreditNote?.id]);
    expect(replay.headers['idempotency-replayed']).toBe('true');
  });

  it('refuses a different command as a reused key', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const input = books.refundInput(note.id);
    await books.client.query(RefundCreditNoteDocument, { input, idempotencyKey: 'k' });

    const { errors } = await books.client.graphql(RefundCreditNoteDocument, {
      input: { ...input, amount: '40.01' },
      idempotencyKey: 'k',
    });

    expect(errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
    await expectBooks(books, note.id, { refunded: '40.00', refunds: 1, receivable: '-60.00' });
  });

  it('may be any word, even one that the gateway uses in its own locks', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const replies = await Promise.all(
      Array.from({ length: 4 }, () =>
        books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id), idempotencyKey: 'period' }),
      ),
    );
    expect(replies.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  });

  it('may be used again after a refusal, and by another organization', async () => {
    const books = await gateway.books();
    const other = await gateway.books();
    const note = await books.creditNote('100.00');
    const elsewhere = await other.creditNote('100.00');
    const input = books.refundInput(note.id, { amount: '100.01' });
    await books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey: 'k' });

    await books.client.query(RefundCreditNoteDocument, { input: { ...input, amount: '100.00' }, idempotencyKey: 'k' });
    await other.client.query(RefundCreditNoteDocument, { input: other.refundInput(elsewhere.id), idempotencyKey: 'k' });

    await expectBooks(books, note.id, { refunded: '100.00', refunds: 1, receivable: '0.00' });
    await expectBooks(other, elsewhere.id, { refunded: '40.00', refunds: 1, receivable: '-60.00' });
  });

  it('is reported as replayed or not in the extensions', async () => {
    const books = await gateway.books();
    const input = books.refundInput((await books.creditNote('100.00')).id);
    const send = (headers = {}) => books.client.graphql(RefundCreditNoteDocument, { input }, headers);

    const replies = [await send(), await send({ 'idempotency-key': 'k' }), await send({ 'idempotency-key': 'k' })];

    expect(replies.map(({ extensions }) => extensions)).toEqual([
      undefined,
      { idempotency: { replayed: false } },
      { idempotency: { replayed: true } },
    ]);
  });

  it('replays with the selection of the repeated request and current data', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const { id } = await books.refund(note.id, { amount: '1.00' });
    const fields = Object.entries(books.refundInput(note.id)).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    const send = (selection: string) =>
      books.client.graphql(`mutation { refundCreditNote(input: { ${fields.join(', ')} }, idempotencyKey: "k") { ${selection} } }`);
    await send('id');
    await books.client.query(ReverseRefundDocument, { input: { refundId: id, date: '2026-02-01', reason: 'x' } });

    expect((await send('amount creditNote { refunded }')).data).toEqual({
      refundCreditNote: { amount: '40.00', creditNote: { refunded: '40.00' } },
    });
  });

  it('works for every other mutation, too', async () => {
    const books = await gateway.books();
    const draft = await books.creditNote('5.00', { open: false });
    const open = await books.creditNote('5.00');
    const refund = await books.refund((await books.creditNote('50.00')).id);
    const line = `{ accountId: ${books.ids.sales}, amount: 1 }`;
    const mutations = [
      'createCustomer(input: { displayName: "C" }, idempotencyKey: "1") { id }',
      'createAccount(input: { code: "A", name: "A", type: CASH }, idempotencyKey: "2") { id }',
      'createBranch(input: { code: "B", name: "B" }, idempotencyKey: "3") { id }',
      `createCreditNote(input: { customerId: ${await books.customer()}, date: "2026-01-15", lines: [${line}] }, idempotencyKey: "4") { id }`,
      `openCreditNote(id: ${draft.id}, idempotencyKey: "5") { id }`,
      `voidCreditNote(id: ${open.id}, idempotencyKey: "6") { id }`,
      `reverseRefund(input: { refundId: ${refund.id}, date: "2026-02-01", reason: "x" }, idempotencyKey: "7") { id }`,
      'lockTransactions(input: { lockDate: "2020-01-01", reason: "x" }, idempotencyKey: "8") { id }',
      'unlockTransactions(input: { reason: "x" }, idempotencyKey: "9") { id }',
    ];
    const send = (mutation: string) => books.client.graphql<Record<string, { id: string }>, never>(`mutation { ${mutation} }`);

    for (const mutation of mutations) {
      const [first, second] = [await send(mutation), await send(mutation)];
      expect(first.errors).toBeUndefined();
      expect([second.data, second.extensions]).toEqual([first.data, { idempotency: { replayed: true } }]);
    }
  });

  it('in the header is refused for several mutations in one request, and nothing is written', async () => {
    const books = await gateway.books();
    const before = await books.snapshot();
    const document =
      'mutation { a: createCustomer(input: { displayName: "A" }) { id } b: createCustomer(input: { displayName: "B" }) { id } }';
    const { data, errors } = await books.client.graphql(document, undefined, { 'idempotency-key': 'k' });
    expect([data ?? null, errors?.[0]?.extensions.code, errors?.[0]?.extensions.field]).toEqual([
      null,
      'BAD_USER_INPUT',
      'idempotencyKey',
    ]);
    expect(await books.snapshot()).toEqual(before);
  });

  it('in the header is refused for mutations with other keys of their own, and for several without one in a fragment', async () => {
    const books = await gateway.books();
    const before = await books.snapshot();
    const create = (alias: string, key: string) => `${alias}: createCustomer(input: { displayName: "A" }${key}) { id }`;
    const send = (document: string) => books.client.graphql(document, undefined, { 'idempotency-key': 'k' });

    const own = await send(
      `mutation { ${create('a', ', idempotencyKey: "a"')} ${create('b', ', idempotencyKey: "b"')} __typename }`,
    );
    const hidden = await send(`mutation { ...F } fragment F on Mutation { ${create('a', '')} ${create('b', '')} }`);

    expect([own, hidden].map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    expect(await books.snapshot()).toEqual(before);
  });

  it.each([
    ['stands in a fragment', (create: string) => `mutation { ...F } fragment F on Mutation { ${create} }`],
    ['is written twice, and so executed once', (create: string) => `mutation { ${create} ${create} }`],
    [
      'is the only one that is not skipped',
      (create: string) => `mutation { ${create} other: createCustomer(input: { displayName: "B" }) @skip(if: true) { id } }`,
    ],
  ])('in the header is that of a single mutation that %s', async (_what, document) => {
    const books = await gateway.books();
    const create = 'a: createCustomer(input: { displayName: "A" }) { id }';
    const send = () => books.client.graphql(document(create), undefined, { 'idempotency-key': 'k' });
    const replies = [await send(), await send()];
    expect(replies.map(({ errors, extensions }) => [errors, extensions])).toEqual([
      [undefined, { idempotency: { replayed: false } }],
      [undefined, { idempotency: { replayed: true } }],
    ]);
  });

  it('in the header is refused for a mutation whose own key is the default of a variable, unless it is the same', async () => {
    const books = await gateway.books();
    const create = (alias: string) => `${alias}: createCustomer(input: { displayName: "A" }, idempotencyKey: $${alias}) { id }`;
    const document = `mutation ($a: String = "one") { ${create('a')} }`;
    const send = (key: string) => books.client.graphql(document, undefined, { 'idempotency-key': key });
    expect((await send('two')).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'idempotencyKey' });
    expect((await send('one')).errors).toBeUndefined();
  });

  it('in the header is refused for several mutations whose own keys are null', async () => {
    const books = await gateway.books();
    const create = (alias: string) => `${alias}: createCustomer(input: { displayName: "A" }, idempotencyKey: $key) { id }`;
    const document = `mutation($key: String) { ${create('a')} ${create('b')} }`;
    const { errors } = await books.client.graphql(document, { key: null }, { 'idempotency-key': 'k' });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('expires after its retention, and not earlier', async () => {
    const books = await gateway.books();
    const input = books.refundInput((await books.creditNote('200.00')).id);
    const send = (idempotencyKey: string) => books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey });
    await send('old');
    await send('young');
    await gateway.database.superuser.query(
      `update idempotency_keys set created_at = now() - interval '31 days' where organization_id = $1 and key = 'old'`,
      [books.organization.id],
    );

    await sweepIdempotencyKeys(gateway.database.orm.em.fork());

    expect((await send('old')).extensions).toMatchObject({ idempotency: { replayed: false } });
    expect((await send('young')).extensions).toMatchObject({ idempotency: { replayed: true } });
  });

  it.each([
    ['', 'empty'],
    ['x'.repeat(256), 'too long'],
    ['a b', 'with a space'],
  ])('is refused when it is %p', async (idempotencyKey) => {
    const books = await gateway.books();
    const input = books.refundInput((await books.creditNote('100.00')).id);
    const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'idempotencyKey' });
  });
});

it('parallel credit notes without a number get successive numbers, and skip one in use', async () => {
  const books = await gateway.books();
  const customerId = await books.customer();
  await books.creditNote('1.00', { customerId, number: 'CN-00003' });

  const notes = await Promise.all(Array.from({ length: 8 }, () => books.creditNote('1.00', { customerId })));

  expect(notes.map(({ number }) => number).sort()).toEqual([1, 2, 4, 5, 6, 7, 8, 9].map((n) => `CN-0000${n}`));
});

function refundAtOnce(books: Books, creditNoteId: string, count: number, amount: string, exchangeRate = '1') {
  const input = books.refundInput(creditNoteId, { amount, exchangeRate });
  return Promise.all(Array.from({ length: count }, () => books.client.graphql(RefundCreditNoteDocument, { input })));
}

/** Expects that the note, its refunds and the account balances agree. */
async function expectBooks(
  books: Books,
  id: string,
  expected: { refunded: string; refunds: number; receivable: string; bank?: string },
): Promise<void> {
  const { creditNote } = await books.client.query(CreditNoteDocument, { id });
  const receivable = await books.client.query(AccountDocument, { id: books.ids.receivable });
  const bank = await books.client.query(AccountDocument, { id: books.ids.bank });
  const cents = creditNote?.refunds?.nodes.reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n);
  expect(creditNote).toMatchObject({ refunded: expected.refunded });
  expect(creditNote?.refunds?.nodes).toHaveLength(expected.refunds);
  expect(cents).toBe(BigInt(expected.refunded.replace('.', '')));
  expect(receivable.account?.balance).toBe(expected.receivable);
  if (expected.bank !== undefined) expect(bank.account?.balance).toBe(expected.bank);
}
