import { describe, expect, it } from '@jest/globals';
import { AccountDocument, CreditNoteDocument, RefundDocument } from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

describe('a refund in the base currency', () => {
  it('debits the receivable and credits the bank', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');

    const refund = await books.refund(note.id, { amount: '40.00' });

    expect(ledger(refund.journalEntry)).toEqual(['debit Accounts Receivable 40.00', 'credit Bank 40.00']);
    expect(refund).toMatchObject({
      amount: '40.00',
      currencyCode: 'USD',
      exchangeRate: '1',
      realizedGain: '0.00',
      referenceNo: 'REF-1',
      description: 'Paid back',
      date: '2026-02-01',
      status: 'POSTED',
      createdBy: 'key of ADMIN',
      creditNote: { status: 'OPEN', refunded: '40.00', remaining: '60.00' },
      fromAccount: { name: 'Bank', balance: '-40.00' },
      journalEntry: { postingDate: '2026-02-01', memo: `Refund of credit note ${note.number}` },
    });
    expect(refund.journalEntry.lines.map(({ customer }) => customer?.displayName)).toEqual(['Carol', undefined]);
  });

  it('closes the note with the last part, and leaves nothing on the receivable', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('0.30');

    for (const amount of ['0.1', 0.1, '0.10']) await books.refund(note.id, { amount });

    const { creditNote } = await books.client.query(CreditNoteDocument, { id: note.id });
    expect(creditNote).toMatchObject({ status: 'CLOSED', refunded: '0.30', remaining: '0.00' });
    expect(creditNote?.refunds?.nodes).toHaveLength(3);
    expect(await balance(books, books.ids.receivable)).toBe('0.00');
  });

  it.each([
    ['JPY', '1000', ['1', '333', '666']],
    ['KWD', '1.000', ['0.001', '0.333', '0.666']],
    ['CLF', '1.0000', ['0.0001', '0.9999']],
  ])('rounds to the decimals of %s', async (baseCurrency, total, amounts) => {
    const books = await gateway.books({ baseCurrency });
    const note = await books.creditNote(total);

    for (const amount of amounts) await books.refund(note.id, { amount });

    const { creditNote } = await books.client.query(CreditNoteDocument, { id: note.id });
    expect(creditNote).toMatchObject({ total, refunded: total, status: 'CLOSED' });
    expect(creditNote?.refunds?.nodes.map(({ amount }) => amount)).toEqual(amounts);
  });

  it('accepts the largest amount that a JSON number can hold', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('9999999999999.99');

    const refund = await books.refund(note.id, { amount: '9999999999999.99' });

    expect(ledger(refund.journalEntry)).toEqual(['debit Accounts Receivable 9999999999999.99', 'credit Bank 9999999999999.99']);
  });

  it('accepts the largest amount at the largest rate', async () => {
    const books = await gateway.books();
    const exchangeRate = '9999999999';
    const note = await books.creditNote('999999999999999', { currencyCode: 'JPY', exchangeRate });

    const refund = await books.refund(note.id, { amount: '999999999999999', exchangeRate });

    expect(refund.fromAccount.balance).toBe('-9999999998999990000000001.00');
  });

  it('can be paid from a cash account and from a fixed-asset account', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');

    await books.refund(note.id, { fromAccountId: books.ids.cash });
    await books.refund(note.id, { fromAccountId: await books.account('FIXED_ASSET') });

    expect((await books.client.query(CreditNoteDocument, { id: note.id })).creditNote?.remaining).toBe('20.00');
  });

  it('keeps references and descriptions unchanged, including emoji', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const texts = { referenceNo: `${'é'.repeat(254)}💸`, description: `Für Björn — ${'x'.repeat(900)} 🙏` };

    expect(await books.refund(note.id, texts)).toMatchObject(texts);
    expect(await books.refund(note.id, { referenceNo: '', description: '' })).toMatchObject({ referenceNo: '', description: '' });
  });
});

describe('a refund in a foreign currency', () => {
  const EURO = { currencyCode: 'EUR', exchangeRate: '1.10' };

  it('posts a realized FX loss when the bank pays more than the receivable was booked at', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000.00', EURO);

    const refund = await books.refund(note.id, { amount: '400.00', exchangeRate: '1.15' });

    expect(refund.realizedGain).toBe('-20.00');
    expect(ledger(refund.journalEntry)).toEqual([
      'debit Accounts Receivable 440.00 (400.00 EUR)',
      'credit Bank 460.00 (400.00 EUR)',
      'debit Exchange Gain or Loss 20.00',
    ]);
  });

  it('posts a realized FX gain when the bank pays less than the receivable was booked at', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000.00', EURO);
    const fromAccountId = await books.account('BANK', { currencyCode: 'EUR' });

    const refund = await books.refund(note.id, { fromAccountId, amount: '600.00', exchangeRate: '1' });

    expect(refund.realizedGain).toBe('60.00');
    expect(ledger(refund.journalEntry)).toEqual([
      'debit Accounts Receivable 660.00 (600.00 EUR)',
      'credit BANK EUR 600.00 (600.00 EUR)',
      'credit Exchange Gain or Loss 60.00',
    ]);
  });

  it('posts no FX gain or loss at the rate of the note', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000.00', EURO);

    const refund = await books.refund(note.id, { amount: '400.00', exchangeRate: '1.1000000000' });

    expect(ledger(refund.journalEntry)).toEqual([
      'debit Accounts Receivable 440.00 (400.00 EUR)',
      'credit Bank 440.00 (400.00 EUR)',
    ]);
  });

  it.each([
    ['USD', 'EUR', '0.3333333333', '10.00', ['3.33', '3.33', '3.34']],
    ['USD', 'JPY', '0.0067', '1000', ['1', '1', '1', '997']],
    ['JPY', 'USD', '149.5', '0.03', ['0.01', '0.01', '0.01']],
    ['KWD', 'USD', '0.3075', '1.00', ['0.33', '0.33', '0.34']],
    ['USD', 'IDR', '0.000063', '500.00', ['0.01', '249.99', '250.00']],
  ])(
    'leaves exactly nothing on the receivable in %s after the last part of a note in %s',
    async (baseCurrency, currencyCode, exchangeRate, total, parts) => {
      const books = await gateway.books({ baseCurrency });
      const note = await books.creditNote(total, { currencyCode, exchangeRate });

      for (const amount of parts) await books.refund(note.id, { amount, exchangeRate });

      expect(Number(await balance(books, books.ids.receivable))).toBe(0);
      expect(await foreignBalance(books.ids.receivable)).toBe('0');
    },
  );
});

describe('the posting date', () => {
  it.each([
    ['America/New_York', '2026-03-01T03:30:00Z', '2026-02-28'],
    ['Asia/Tokyo', '2026-02-01T23:30:00.000Z', '2026-02-02'],
    ['UTC', '2026-02-01T23:30:00-05:00', '2026-02-02'],
    ['Pacific/Kiritimati', '2026-02-01', '2026-02-01'],
  ])('is the calendar date in %s of %s', async (timeZone, date, expected) => {
    const books = await gateway.books({ timeZone });
    const note = await books.creditNote('100.00');

    const refund = await books.refund(note.id, { date });

    expect([refund.date, refund.journalEntry.postingDate]).toEqual([expected, expected]);
  });
});

it('returns the balances after each of several refunds in one document', async () => {
  const books = await gateway.books();
  const note = await books.creditNote('100.00');
  const one = (alias: string) => {
    const fields = Object.entries(books.refundInput(note.id, { amount: '1', referenceNo: alias })).map(
      ([name, value]) => `${name}: ${JSON.stringify(value)}`,
    );
    return `${alias}: refundCreditNote(input: { ${fields.join(', ')} }) { fromAccount { balance } creditNote { remaining } }`;
  };
  const { data } = await books.client.graphql(`mutation { ${one('a')} ${one('b')} ${one('c')} }`);
  expect(data).toEqual({
    a: { fromAccount: { balance: '-1.00' }, creditNote: { remaining: '99.00' } },
    b: { fromAccount: { balance: '-2.00' }, creditNote: { remaining: '98.00' } },
    c: { fromAccount: { balance: '-3.00' }, creditNote: { remaining: '97.00' } },
  });
});

it('returns a refund by its id', async () => {
  const books = await gateway.books();
  const { id, amount } = await books.refund((await books.creditNote('100.00')).id);
  expect(await books.client.query(RefundDocument, { id })).toEqual({ refund: { id, amount } });
});

async function balance(books: Books, id: string) {
  return (await books.client.query(AccountDocument, { id })).account?.balance;
}

async function foreignBalance(accountId: string): Promise<string> {
  const { rows } = await gateway.database.sql.query(
    `select trim_scale(sum(case side when 'DEBIT' then foreign_amount else -foreign_amount end))::text as sum from journal_lines where account_id = $1`,
    [accountId],
  );
  return rows[0].sum;
}
