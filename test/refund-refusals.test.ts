import { describe, expect, it } from '@jest/globals';
import { RefundCreditNoteDocument, type RefundCreditNoteInput, VoidCreditNoteDocument } from './generated/documents.js';
import { asRestBody, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const other = sharedBooks(gateway);

/** A refund of a new note of 100.00 that GraphQL and REST refuse with the same code. */
interface Refusal {
  code: string;
  /** Whether the rule concerns this field alone; REST then uses the legacy list of wrong fields. */
  isFieldRule?: boolean;
  field: string;
  status?: number;
  /** Prepares the fault, and returns the changes of a valid refund. */
  arrange: (note: { id: string }) => Promise<Partial<RefundCreditNoteInput>> | Partial<RefundCreditNoteInput>;
  note?: () => Promise<{ id: string }>;
}

/** SQL of the tables' owner, for changes that the gateway does not offer. */
const sql = (text: string, values: unknown[]) => gateway.database.superuser.query(text, values);

const REFUSALS: Record<string, Refusal> = {
  'a credit note that does not exist': {
    code: 'CREDIT_NOTE_NOT_FOUND',
    status: 404,
    field: 'creditNoteId',
    arrange: () => ({ creditNoteId: '999999' }),
  },
  "another organization's credit note": {
    code: 'CREDIT_NOTE_NOT_FOUND',
    status: 404,
    field: 'creditNoteId',
    arrange: async () => ({ creditNoteId: (await other.creditNote('100.00')).id }),
  },
  'a draft': {
    code: 'CREDIT_NOTE_IS_DRAFT',
    field: 'creditNoteId',
    note: () => books.creditNote('100.00', { open: false }),
    arrange: () => ({}),
  },
  'a void credit note': {
    code: 'CREDIT_NOTE_IS_VOID',
    field: 'creditNoteId',
    arrange: async ({ id }) => {
      await books.client.query(VoidCreditNoteDocument, { id });
      return {};
    },
  },
  'a closed credit note': {
    code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
    field: 'amount',
    arrange: async ({ id }) => {
      await books.refund(id, { amount: '100.00' });
      return { amount: '0.01' };
    },
  },
  'a cent more than remains': {
    code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
    field: 'amount',
    arrange: async ({ id }) => {
      await books.refund(id, { amount: '40.00' });
      return { amount: '60.01' };
    },
  },
  'more than remains after credit was applied to invoices': {
    code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
    field: 'amount',
    arrange: async ({ id }) => {
      await sql('update credit_notes set applied = 60 where id = $1', [id]);
      return { amount: '40.01' };
    },
  },
  'an amount of zero': { code: 'AMOUNT_NOT_POSITIVE', isFieldRule: true, field: 'amount', arrange: () => ({ amount: 0 }) },
  'a negative amount': { code: 'AMOUNT_NOT_POSITIVE', isFieldRule: true, field: 'amount', arrange: () => ({ amount: -1 }) },
  'half a cent': { code: 'AMOUNT_PRECISION', field: 'amount', arrange: () => ({ amount: 1.005 }) },
  'an amount that would round to nothing': { code: 'AMOUNT_PRECISION', field: 'amount', arrange: () => ({ amount: 0.0004 }) },
  'the sum of floats': { code: 'AMOUNT_TOO_LARGE', isFieldRule: true, field: 'amount', arrange: () => ({ amount: 0.1 + 0.2 }) },
  'more digits than a JSON number keeps': {
    code: 'AMOUNT_TOO_LARGE',
    isFieldRule: true,
    field: 'amount',
    arrange: () => ({ amount: 12_345_678_901_234.56 * 1.1 }),
  },
  'more digits than any number has': {
    code: 'AMOUNT_TOO_LARGE',
    isFieldRule: true,
    field: 'amount',
    arrange: () => ({ amount: '1'.repeat(16) }),
  },
  'an exchange rate of eleven digits before the point': {
    code: 'EXCHANGE_RATE_INVALID',
    isFieldRule: true,
    field: 'exchangeRate',
    arrange: () => ({ exchangeRate: 99_999_999_999 }),
  },
  'an account that does not exist': {
    code: 'ACCOUNT_NOT_FOUND',
    status: 404,
    field: 'fromAccountId',
    arrange: () => ({ fromAccountId: 999_999 }),
  },
  "another organization's account": {
    code: 'ACCOUNT_NOT_FOUND',
    status: 404,
    field: 'fromAccountId',
    arrange: () => ({ fromAccountId: other.ids.bank }),
  },
  'an inactive account': {
    code: 'ACCOUNT_INACTIVE',
    field: 'fromAccountId',
    arrange: async () => ({ fromAccountId: await books.account('BANK', { active: false }) }),
  },
  'an expense account': {
    code: 'ACCOUNT_INVALID_TYPE',
    field: 'fromAccountId',
    arrange: () => ({ fromAccountId: books.ids.expense }),
  },
  'the receivable itself': {
    code: 'ACCOUNT_INVALID_TYPE',
    field: 'fromAccountId',
    arrange: () => ({ fromAccountId: books.ids.receivable }),
  },
  'a credit card': {
    code: 'ACCOUNT_INVALID_TYPE',
    field: 'fromAccountId',
    arrange: async () => ({ fromAccountId: await books.account('CREDIT_CARD') }),
  },
  'a bank in a third currency': {
    code: 'ACCOUNT_CURRENCY_INVALID',
    field: 'fromAccountId',
    arrange: async () => ({ fromAccountId: await books.account('BANK', { currencyCode: 'GBP' }) }),
  },
  'an exchange rate other than 1 in the base currency': {
    code: 'EXCHANGE_RATE_INVALID',
    field: 'exchangeRate',
    arrange: () => ({ exchangeRate: 1.0001 }),
  },
  'an exchange rate of zero': {
    code: 'EXCHANGE_RATE_INVALID',
    isFieldRule: true,
    field: 'exchangeRate',
    arrange: () => ({ exchangeRate: 0 }),
  },
  'an exchange rate of sixteen significant digits': {
    code: 'EXCHANGE_RATE_INVALID',
    isFieldRule: true,
    field: 'exchangeRate',
    arrange: () => ({ exchangeRate: 1.000000000000001 }),
  },
  'a branch that does not exist': { code: 'BRANCH_ID_NOT_FOUND', field: 'branchId', arrange: () => ({ branchId: 999_999 }) },
  "another organization's branch": {
    code: 'BRANCH_ID_NOT_FOUND',
    field: 'branchId',
    arrange: () => ({ branchId: other.ids.branch }),
  },
  "the day before the credit note's": { code: 'DATE_BEFORE_CREDIT_NOTE', field: 'date', arrange: () => ({ date: '2026-01-14' }) },
  'a day that does not exist': { code: 'BAD_USER_INPUT', field: 'date', arrange: () => ({ date: '2026-02-30' }) },
  'a word for a date': { code: 'BAD_USER_INPUT', field: 'date', arrange: () => ({ date: 'tomorrow' }) },
  'a reference of 256 characters': {
    code: 'BAD_USER_INPUT',
    field: 'referenceNo',
    arrange: () => ({ referenceNo: 'x'.repeat(256) }),
  },
  'a description of 1001 characters': {
    code: 'BAD_USER_INPUT',
    field: 'description',
    arrange: () => ({ description: 'x'.repeat(1001) }),
  },
  'text that PostgreSQL cannot hold': { code: 'BAD_USER_INPUT', field: 'description', arrange: () => ({ description: 'a\0b' }) },
  'half an emoji': { code: 'BAD_USER_INPUT', field: 'referenceNo', arrange: () => ({ referenceNo: '\ud83d' }) },
};

describe.each(Object.entries(REFUSALS))(
  'refuses %s, and writes nothing,',
  (_name, { code, isFieldRule = code === 'BAD_USER_INPUT', field, status = 400, arrange, note }) => {
    async function refused(): Promise<{ input: RefundCreditNoteInput; before: unknown }> {
      const { id } = await (note ?? (() => books.creditNote('100.00')))();
      const input = books.refundInput(id, await arrange({ id }));
      return { input, before: await books.snapshot() };
    }

    it('over GraphQL', async () => {
      const { input, before } = await refused();

      const { data, errors } = await books.client.graphql(RefundCreditNoteDocument, { input });

      expect(data?.refundCreditNote ?? null).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors?.[0]?.extensions).toMatchObject({ code, field });
      expect(await books.snapshot()).toEqual(before);
    });

    it('over REST', async () => {
      const { input, before } = await refused();

      const reply = await books.client.rest(`/api/credit-notes/${input.creditNoteId}/refunds`, asRestBody(input));

      expect(reply.status).toBe(status);
      const types = [...(isFieldRule ? ['VALIDATION_ERROR'] : []), ...(code === 'BAD_USER_INPUT' ? [] : [code])];
      expect(reply.json.errors).toEqual(
        types.map((type) => expect.objectContaining({ type, statusCode: status, message: expect.any(String) })),
      );
      if (isFieldRule) expect(reply.json.message).toEqual([expect.objectContaining({ property: field })]);
      expect(await books.snapshot()).toEqual(before);
    });
  },
);

describe('a refund is accepted with', () => {
  it('the last cent', async () => {
    const note = await books.creditNote('100.00');
    await books.refund(note.id, { amount: '99.99' });
    expect((await books.refund(note.id, { amount: '0.01' })).creditNote.status).toBe('CLOSED');
  });

  it("the credit note's own day", async () => {
    const note = await books.creditNote('100.00');
    expect((await books.refund(note.id, { date: '2026-01-15' })).date).toBe('2026-01-15');
  });

  it('an exchange rate of ten decimals', async () => {
    const note = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    expect((await books.refund(note.id, { exchangeRate: '1.0000000001' })).exchangeRate).toBe('1.0000000001');
  });
});

describe('the lock date', () => {
  it('refuses a posting date on it, accepts the day after', async () => {
    const locked = await gateway.books();
    const note = await locked.creditNote('100.00');
    await locked.lock('2026-02-01');
    const before = await locked.snapshot();

    const { errors } = await locked.client.graphql(RefundCreditNoteDocument, {
      input: locked.refundInput(note.id, { date: '2026-02-01' }),
    });
    const rest = await locked.client.rest(`/api/credit-notes/${note.id}/refunds`, locked.restBody({ date: '2026-01-31' }));

    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'TRANSACTIONS_DATE_LOCKED',
      field: 'date',
      details: { lockDate: '2026-02-01' },
    });
    expect(rest.json).toEqual({
      errors: [
        {
          statusCode: 400,
          type: 'TRANSACTIONS_DATE_LOCKED',
          message: 'Transactions locked',
          payload: { lockedToDate: '2026-02-01', formattedLockedToDate: '2026/02/01' },
        },
      ],
    });
    expect(await locked.snapshot()).toEqual(before);
    expect((await locked.refund(note.id, { date: '2026-02-02' })).date).toBe('2026-02-02');
  });
});
