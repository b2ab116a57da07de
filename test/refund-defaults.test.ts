import { describe, expect, it } from '@jest/globals';
import { CreateBranchDocument, PreviewRefundDocument, RefundCreditNoteDocument } from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

/** The fields that have no default. */
function least(books: Books, creditNoteId: string) {
  return { creditNoteId, fromAccountId: books.ids.bank, amount: '40.00', date: '2026-02-01' };
}

/** The same refund with each default written out. */
function whole(books: Books, creditNoteId: string) {
  return { ...least(books, creditNoteId), exchangeRate: '1', referenceNo: '', description: '', branchId: books.ids.branch };
}

describe('a refund with only the fields that have no default', () => {
  it('is posted at the rate 1 to the primary branch, with an empty reference and description', async () => {
    const books = await gateway.books();
    await books.client.query(CreateBranchDocument, { input: { code: '0', name: 'West' } });
    const { id } = await books.creditNote('100.00');

    const { data, errors } = await books.client.graphql(RefundCreditNoteDocument, { input: least(books, id) });

    expect(errors).toBeUndefined();
    const defaults = { exchangeRate: '1', referenceNo: '', description: '', branch: { id: books.ids.branch } };
    expect(data?.refundCreditNote).toMatchObject(defaults);
  });

  it('is previewed with the same defaults', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input: least(books, id) });
    expect(previewRefund).toMatchObject({ allowed: true, refusals: [], remainingAfter: '60.00' });
  });

  it('is refused in another currency, and writes nothing: only the base currency has a default rate', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    const before = await books.everything();

    const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input: least(books, id) });

    expect(errors?.[0]?.extensions).toMatchObject({ code: 'EXCHANGE_RATE_INVALID', field: 'exchangeRate' });
    expect(await books.everything()).toEqual(before);
  });
});

describe('an absent field and its default are one command', () => {
  it.each([
    ['with the defaults written out', least, whole],
    ['without them', whole, least],
    ['with nulls', whole, (books: Books, id: string) => ({ ...least(books, id), exchangeRate: null, branchId: null })],
  ])('%s, the refund is the first one', async (_, first, second) => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const made = await books.client.query(RefundCreditNoteDocument, { input: first(books, id), idempotencyKey: 'k' });
    const before = await books.everything();

    const again = await books.client.graphql(RefundCreditNoteDocument, { input: second(books, id), idempotencyKey: 'k' });

    expect([again.errors, again.data?.refundCreditNote]).toEqual([undefined, made.refundCreditNote]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await books.everything()).toEqual(before);
  });

  it('over REST, whose body has all seven fields, too', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const { refundCreditNote } = await books.client.query(RefundCreditNoteDocument, {
      input: least(books, id),
      idempotencyKey: 'k',
    });

    const body = books.restBody({ referenceNo: '', description: '' });
    const reply = await books.client.rest(`/api/credit-notes/${id}/refunds`, body, { 'idempotency-key': 'k' });

    expect([reply.status, String(reply.json.id)]).toEqual([201, refundCreditNote.id]);
  });

  it('in a list, for the list and for each of its refunds', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const refundAll = (input: object) =>
      books.client.graphql(
        `mutation($inputs: [RefundCreditNoteInput!]!) {
          refundCreditNotes(inputs: $inputs, mode: ATOMIC, idempotencyKey: "k") { refund { id } }
        }`,
        { inputs: [input] },
      );
    const first = await refundAll(least(books, id));
    const second = await refundAll(whole(books, id));
    expect(first.errors).toBeUndefined();
    expect([second.errors, second.data]).toEqual([undefined, first.data]);
  });

  it.each<[string, (books: Books) => object, (books: Books) => object]>([
    [
      'createCreditNote',
      ({ ids }) => ({ lines: [{ accountId: ids.sales, amount: '5' }] }),
      ({ ids }) => ({ lines: [{ accountId: ids.sales, amount: '5', description: '' }], branchId: ids.branch, exchangeRate: '1.0' }),
    ],
    ['createCustomer', () => ({ displayName: 'Dora' }), () => ({ displayName: 'Dora', currencyCode: 'USD', email: null })],
    [
      'createAccount',
      () => ({ code: '7', name: 'Till', type: 'CASH' }),
      () => ({ code: '7', name: 'Till', type: 'CASH', currencyCode: 'USD', active: true }),
    ],
  ])('in %s', async (name, first, second) => {
    const books = await gateway.books();
    const extra = name === 'createCreditNote' ? { customerId: await books.customer(), date: '2026-01-15' } : {};
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
    const send = (input: object) =>
      books.client.graphql<{ it: { id: string } }, object>(
        `mutation($input: ${type}!) { it: ${name}(input: $input, idempotencyKey: "k") { id } }`,
        { input: { ...extra, ...input } },
      );
    const { data, errors } = await send(first(books));
    expect(errors).toBeUndefined();
    expect(await send(second(books))).toMatchObject({ data });
  });
});

describe('in another currency than the base currency, an absent rate and the rate 1 are two commands', () => {
  const least = (books: Books, creditNoteId: string) => ({
    ...{ creditNoteId, fromAccountId: books.ids.bank, amount: '40.00', date: '2026-02-01' },
  });

  /** Sends the mutation with the rate 1, again in another notation, and then without the rate. */
  async function outcomes(books: Books, mutation: string, type: string, input: (rate: object) => unknown, fields = 'id') {
    const send = (rate: object) =>
      books.client.graphql<{ it: unknown }, object>(`mutation($input: ${type}) { it: ${mutation} { ${fields} } }`, {
        input: input(rate),
      });
    const [first, again] = [await send({ exchangeRate: '1' }), await send({ exchangeRate: '1.00' })];
    const before = await books.everything();
    const without = await send({});
    expect([first.errors, again.data]).toEqual([undefined, first.data]);
    expect(await books.everything()).toEqual(before);
    return without.errors?.map(({ extensions: { code, field } }) => [code, field]);
  }

  it('of a refund', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    const mutation = 'refundCreditNote(input: $input, idempotencyKey: "k")';
    const refused = await outcomes(books, mutation, 'RefundCreditNoteInput!', (rate) => ({ ...least(books, id), ...rate }));
    expect(refused).toEqual([['IDEMPOTENCY_KEY_REUSED', 'idempotencyKey']]);
  });

  it('of a refund in a list', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    const mutation = 'refundCreditNotes(inputs: $input, mode: ATOMIC, idempotencyKey: "k")';
    const input = (rate: object) => [{ ...least(books, id), ...rate }];
    const refused = await outcomes(books, mutation, '[RefundCreditNoteInput!]!', input, 'refund { id }');
    expect(refused).toEqual([['IDEMPOTENCY_KEY_REUSED', 'inputs.0.idempotencyKey']]);
  });

  it('of a credit note', async () => {
    const books = await gateway.books();
    const note = {
      customerId: await books.customer('EUR'),
      date: '2026-01-15',
      lines: [{ accountId: books.ids.sales, amount: '5' }],
    };
    const mutation = 'createCreditNote(input: $input, idempotencyKey: "k")';
    const refused = await outcomes(books, mutation, 'CreateCreditNoteInput!', (rate) => ({ ...note, ...rate }));
    expect(refused).toEqual([['IDEMPOTENCY_KEY_REUSED', 'idempotencyKey']]);
  });
});

it('a date-time is compared as the day that it meant when it was first sent, also after the time zone has changed', async () => {
  const books = await gateway.books({ timeZone: 'UTC' });
  const { id } = await books.creditNote('100.00');
  const send = (date: string, idempotencyKey: string) =>
    books.client.graphql(RefundCreditNoteDocument, { input: { ...least(books, id), date }, idempotencyKey });
  const [zoned, plain] = [await send('2026-02-01T23:30:00Z', 'zoned'), await send('2026-02-02', 'plain')];
  expect([zoned.errors, plain.errors]).toEqual([undefined, undefined]);
  await books.client.graphql('mutation { updateOrganization(input: { timeZone: "Europe/Berlin" }) { id } }');
  const before = await books.everything();

  expect((await send('2026-02-01T23:30:00Z', 'zoned')).data?.refundCreditNote?.id).toBe(zoned.data?.refundCreditNote?.id);
  expect((await send('2026-02-02', 'zoned')).errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await send('2026-02-01', 'zoned')).data?.refundCreditNote?.id).toBe(zoned.data?.refundCreditNote?.id);
  expect((await send('2026-02-02', 'plain')).data?.refundCreditNote?.id).toBe(plain.data?.refundCreditNote?.id);
  expect(await books.everything()).toEqual(before);
});

it('REST still requires each of its seven fields, and a decimal as the rate', async () => {
  const books = await gateway.books();
  const path = `/api/credit-notes/${(await books.creditNote('100.00')).id}/refunds`;
  const before = await books.everything();
  for (const field of Object.keys(books.restBody())) {
    const reply = await books.client.rest(path, { ...books.restBody(), [field]: undefined });
    expect([field, reply.status]).toEqual([field, 400]);
  }
  const reply = await books.client.rest(
    path,
    JSON.stringify(books.restBody()).replace('"exchangeRate":1', '"exchangeRate":1e999999'),
  );
  expect(reply.status).toBe(400);
  expect(await books.everything()).toEqual(before);
});
