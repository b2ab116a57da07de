import { describe, expect, it } from '@jest/globals';
import {
  AccountDocument,
  LedgerHealthDocument,
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  type RefundCreditNoteInput,
  RefundCreditNotesDocument,
} from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

const RUPIAH = { currencyCode: 'IDR', exchangeRate: '0.000065' };

function paying(books: Books, noteId: string, paidAmount: string, changes: Partial<RefundCreditNoteInput> = {}) {
  return books.refundInput(noteId, { exchangeRate: null, paidAmount, ...changes });
}

describe('a refund with the paid amount in place of an exchange rate', () => {
  it('credits the bank with exactly that amount, and derives the rate from it', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000000000.00', RUPIAH);

    const input = paying(books, note.id, '65639.86', { amount: '1000000000.00' });
    const { refundCreditNote } = await books.client.query(RefundCreditNoteDocument, { input });

    expect(refundCreditNote.exchangeRate).toBe('0.00006563986');
    expect(refundCreditNote.paidAmount).toBe('65639.86');
    expect(ledger(refundCreditNote.journalEntry)).toEqual([
      'debit Accounts Receivable 65000.00 (1000000000.00 IDR)',
      'credit Bank 65639.86 (1000000000.00 IDR)',
      'debit Exchange Gain or Loss 639.86',
    ]);
  });

  it('has the rate of its note if that results in the paid amount, and then no FX gain', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('3.00', { currencyCode: 'EUR', exchangeRate: '1.005' });

    const refunds = [];
    for (const referenceNo of ['1', '2', '3']) {
      const input = paying(books, note.id, '1.01', { amount: '1.00', referenceNo });
      refunds.push((await books.client.query(RefundCreditNoteDocument, { input })).refundCreditNote);
    }

    expect(refunds.map(({ exchangeRate, realizedGain, paidAmount }) => [exchangeRate, realizedGain, paidAmount])).toEqual(
      [1, 2, 3].map(() => ['1.005', '0.00', '1.01']),
    );
    expect((await books.client.query(AccountDocument, { id: books.ids.bank })).account?.balance).toBe('-3.03');
    expect((await books.client.query(AccountDocument, { id: books.ids.receivable })).account?.balance).toBe('0.00');
  });

  it('keeps every digit of the amount, although the derived rate is rounded to fifteen digits', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('3.00', { currencyCode: 'EUR', exchangeRate: '333333333' });

    const input = paying(books, note.id, '1000000000.01', { amount: '3.00' });
    const { refundCreditNote } = await books.client.query(RefundCreditNoteDocument, { input });

    expect([refundCreditNote.exchangeRate, refundCreditNote.paidAmount]).toEqual(['333333333.336667', '1000000000.01']);
    const { ledgerHealth } = await books.client.query(LedgerHealthDocument);
    expect(ledgerHealth.healthy).toBe(true);
  });

  it('is accepted for a note in the base currency if the paid amount equals the amount', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');

    const { refundCreditNote } = await books.client.query(RefundCreditNoteDocument, { input: paying(books, note.id, '40.00') });

    expect([refundCreditNote.exchangeRate, refundCreditNote.paidAmount]).toEqual(['1', '40.00']);
  });

  it('is accepted in previews and in lists', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000000000.00', RUPIAH);
    const input = paying(books, note.id, '65639.86', { amount: '1000000000.00' });

    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input });
    const list = { inputs: [input], mode: 'PER_ITEM' as const };
    const { refundCreditNotes } = await books.client.query(RefundCreditNotesDocument, list);

    expect(previewRefund.realizedGain).toBe('-639.86');
    expect(ledger(refundCreditNotes[0]?.refund?.journalEntry)[1]).toBe('credit Bank 65639.86 (1000000000.00 IDR)');
  });

  it('has the paid amount in the fingerprint of its idempotency key', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    const send = (paidAmount: string) => {
      const input = paying(books, note.id, paidAmount, { amount: '10.00' });
      return books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey: 'k' });
    };

    const [first, again, other] = [await send('11.5'), await send('11.50'), await send('11.51')];

    expect(again.data?.refundCreditNote?.id).toBe(first.data?.refundCreditNote?.id);
    expect(other.errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });
});

describe('a refund is refused, and writes nothing, with', () => {
  const EURO = { currencyCode: 'EUR', exchangeRate: '1.1' };
  const cases: Record<string, { code: string; field: string; input: Partial<RefundCreditNoteInput>; note?: typeof EURO }> = {
    'neither an exchange rate nor a paid amount in another currency': {
      code: 'EXCHANGE_RATE_INVALID',
      field: 'exchangeRate',
      input: { exchangeRate: null },
      note: EURO,
    },
    'both an exchange rate and a paid amount': {
      code: 'BAD_USER_INPUT',
      field: 'paidAmount',
      input: { exchangeRate: '1', paidAmount: '40.00' },
    },
    'a paid amount that differs from the amount in the base currency': {
      code: 'PAID_AMOUNT_INVALID',
      field: 'paidAmount',
      input: { exchangeRate: null, paidAmount: '40.01' },
    },
    'a paid amount with more decimals than the base currency': {
      code: 'AMOUNT_PRECISION',
      field: 'paidAmount',
      input: { exchangeRate: null, paidAmount: '44.001' },
      note: EURO,
    },
    'a paid amount whose rate has eleven digits before the point': {
      code: 'PAID_AMOUNT_INVALID',
      field: 'paidAmount',
      input: { exchangeRate: null, paidAmount: '9999999999999.99', amount: '0.01' },
      note: EURO,
    },
  };

  it.each(Object.entries(cases))('%s', async (_, { code, field, input, note }) => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', note);
    const before = await books.snapshot();

    const reply = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(id, input) });

    expect(reply.errors?.[0]?.extensions).toMatchObject({ code, field });
    expect(await books.snapshot()).toEqual(before);
  });

  it('the paid amount for a bank account in the currency of the note, where the amount says it already', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', EURO);
    const fromAccountId = await books.account('BANK', { currencyCode: 'EUR' });

    const input = paying(books, id, '44', { fromAccountId });
    const reply = await books.client.graphql(RefundCreditNoteDocument, { input });

    expect(reply.errors?.[0]?.extensions).toMatchObject({
      code: 'PAID_AMOUNT_INVALID',
      field: 'paidAmount',
      details: { paidAmount: '44.00' },
    });
  });
});

describe('an exchange rate has up to fifteen significant digits', () => {
  it.each(['0.00006563986', '0.000000000123456789012345', '1234567890.12345', '1e-12', '0.0000000000012'])('%s', async (rate) => {
    const books = await gateway.books();
    const plain = rate === '1e-12' ? '0.000000000001' : rate;
    const note = await books.creditNote('2000.00', { currencyCode: 'IDR', exchangeRate: plain });
    const body = books.restBody({ amount: 1000, exchangeRate: plain });

    const byGraphQL = await books.refund(note.id, { amount: '1000.00', exchangeRate: plain });
    const byRest = await books.client.rest(
      `/api/credit-notes/${note.id}/refunds`,
      JSON.stringify(body).replace(`"${plain}"`, rate),
    );

    expect([note.exchangeRate, byGraphQL.exchangeRate]).toEqual([plain, plain]);
    expect([byRest.status, byRest.json.exchange_rate]).toEqual([201, Number(rate)]);
  });

  it.each(['1.234567890123456', '12345678901', '0.0000000000000000000000000000001'])(
    'and is refused with more digits or out of range: %s',
    async (rate) => {
      const books = await gateway.books();
      const { id } = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });

      const input = books.refundInput(id, { exchangeRate: rate });
      const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input });

      expect(errors?.[0]?.extensions.field ?? errors?.[0]?.message).toMatch(/exchangeRate/);
    },
  );
});
