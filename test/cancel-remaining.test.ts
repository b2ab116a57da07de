import { describe, expect, it } from '@jest/globals';
import {
  AccountDocument,
  CancelRemainingDocument,
  type CancelRemainingInput,
  CreditNoteDocument,
  RefundCreditNoteDocument,
  ReverseRefundDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

const gateway = sharedGateway();

const REASON = { date: '2026-03-01', reason: 'Agreed with Carol' };

function cancel(books: Books, creditNoteId: string, changes: Partial<CancelRemainingInput> = {}) {
  return books.client.graphql(CancelRemainingDocument, { input: { creditNoteId, ...REASON, ...changes } });
}

async function cancelled(books: Books, creditNoteId: string, changes: Partial<CancelRemainingInput> = {}) {
  const { data, errors } = await cancel(books, creditNoteId, changes);
  expect(errors).toBeUndefined();
  return data?.cancelRemaining;
}

async function refusal(books: Books, creditNoteId: string, changes: Partial<CancelRemainingInput> = {}) {
  const before = await books.everything();
  const { errors } = await cancel(books, creditNoteId, changes);
  expect(await books.everything()).toEqual(before);
  return errors?.[0]?.extensions;
}

const balance = async (books: Books, id: string) => (await books.client.query(AccountDocument, { id })).account?.balance;

describe('cancelling what remains of a credit note', () => {
  it('posts the note’s entry in reverse for the rest, closes the note, and leaves nothing on the receivable', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    await books.refund(id, { amount: '40.00' });

    const note = await cancelled(books, id);

    expect(note).toMatchObject({ status: 'CLOSED', refunded: '40.00', cancelled: '60.00', remaining: '0.00' });
    const { journalEntry, ...cancellation } = note?.cancellations[0] ?? {};
    expect(cancellation).toEqual({ amount: '60.00', ...REASON, createdBy: 'key of ADMIN', creditNote: { id } });
    expect(ledger(journalEntry)).toEqual(['debit Accounts Receivable 60.00', `credit Sales 60.00`]);
    expect(await balance(books, books.ids.receivable)).toBe('0.00');
    expect(await balance(books, books.ids.sales)).toBe('-40.00');
    expect(await books.faults()).toEqual([]);
  });

  it('shares the rest among the lines by steps between running totals, in both currencies', async () => {
    const books = await gateway.books();
    const fees = await books.account('INCOME');
    const line = (accountId: string, amount: string) => ({ accountId, amount });
    const { id } = await books.creditNote('0', {
      currencyCode: 'EUR',
      exchangeRate: '1.137',
      lines: [line(books.ids.sales, '33.33'), line(fees, '33.33'), line(books.ids.sales, '33.34')],
    });
    await books.refund(id, { amount: '0.01', exchangeRate: '1.2' });

    const note = await cancelled(books, id);

    // 99.99 EUR remain, and 113.69 of the 113.70 USD that the note took off the receivable.
    expect(ledger(note?.cancellations[0]?.journalEntry)).toEqual([
      'debit Accounts Receivable 113.69 (99.99 EUR)',
      'credit Sales 37.90 (33.33 EUR)',
      'credit INCOME 37.88 (33.32 EUR)',
      'credit Sales 37.91 (33.34 EUR)',
    ]);
    expect(await balance(books, books.ids.receivable)).toBe('0.00');
    expect(await books.faults()).toEqual([]);
  });

  it.each([
    ['JPY', '0.0067', ['1', '1', '1'], '1'],
    ['KWD', '3.2511', ['0.001', '0.003', '7.777'], '0.005'],
    ['EUR', '1.0999', ['0.01', '0.01', '0.01', '99999.97'], '33333.33'],
  ])('leaves exactly zero on the receivable, whatever was refunded: %s', async (currencyCode, exchangeRate, amounts, amount) => {
    const books = await gateway.books();
    const lines = amounts.map((each) => ({ accountId: books.ids.sales, amount: each }));
    const { id } = await books.creditNote('0', { currencyCode, exchangeRate, lines });
    await books.refund(id, { amount, exchangeRate });
    expect(await cancelled(books, id)).toMatchObject({ status: 'CLOSED' });
    expect(await balance(books, books.ids.receivable)).toBe('0.00');
    expect(await books.faults()).toEqual([]);
  });

  it('mirrors the whole entry of a note without refunds', async () => {
    const books = await gateway.books();
    const lines = ['0.05', '0.05', '0.05'].map((amount) => ({ accountId: books.ids.sales, amount }));
    const { id } = await books.creditNote('0', { currencyCode: 'EUR', exchangeRate: '1.1', lines });
    const note = await cancelled(books, id);
    expect(ledger(note?.cancellations[0]?.journalEntry)).toEqual([
      'debit Accounts Receivable 0.17 (0.15 EUR)',
      'credit Sales 0.06 (0.05 EUR)',
      'credit Sales 0.05 (0.05 EUR)',
      'credit Sales 0.06 (0.05 EUR)',
    ]);
  });

  it('a refund that is reversed afterwards remains again, and can be paid or cancelled', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1111' });
    const refund = await books.refund(id, { amount: '33.33', exchangeRate: '1.2' });
    await cancelled(books, id);

    await books.client.query(ReverseRefundDocument, { input: { refundId: refund.id, date: '2026-03-05', reason: 'It came back' } });

    const { creditNote } = await books.client.query(CreditNoteDocument, { id });
    expect(creditNote).toMatchObject({ status: 'OPEN', refunded: '0.00', remaining: '33.33' });
    expect(await refusal(books, id, { date: '2026-03-04' })).toMatchObject({ code: 'DATE_BEFORE_REFUND', field: 'date' });
    await books.refund(id, { amount: '10.00', exchangeRate: '1.2', date: '2026-03-06' });
    const note = await cancelled(books, id, { date: '2026-03-06' });
    expect(note).toMatchObject({ status: 'CLOSED', cancelled: '90.00', refunded: '10.00' });
    expect(note?.cancellations.map(({ amount }) => amount)).toEqual(['66.67', '23.33']);
    expect(await balance(books, books.ids.receivable)).toBe('0.00');
    expect(await books.faults()).toEqual([]);
  });

  it('is refused, and writes nothing, for a draft, a void and a closed note, and by the rules of dates', async () => {
    const books = await gateway.books();
    const draft = await books.creditNote('100.00', { open: false });
    const voided = await books.creditNote('100.00');
    await books.client.query(VoidCreditNoteDocument, { id: voided.id });
    const closed = await books.creditNote('100.00');
    await books.refund(closed.id, { amount: '100.00' });
    const open = await books.creditNote('100.00');
    await books.lock('2026-01-31');

    const field = 'creditNoteId';
    expect(await refusal(books, draft.id)).toMatchObject({ code: 'CREDIT_NOTE_IS_DRAFT', field });
    expect(await refusal(books, voided.id)).toMatchObject({ code: 'CREDIT_NOTE_IS_VOID', field });
    expect(await refusal(books, closed.id)).toMatchObject({ code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', field });
    expect(await refusal(books, '999999999999')).toMatchObject({ code: 'CREDIT_NOTE_NOT_FOUND', field });
    expect(await refusal(books, open.id, { date: '2026-01-31' })).toMatchObject({
      code: 'TRANSACTIONS_DATE_LOCKED',
      field: 'date',
    });
    expect(await refusal(books, open.id, { date: '2062-01-01' })).toMatchObject({ code: 'DATE_TOO_FAR_AHEAD', field: 'date' });
    expect(await refusal(books, open.id, { expectedRemaining: '99.00' })).toMatchObject({ code: 'CREDIT_NOTE_CHANGED' });
    // The caller may have seen a closed note.
    const details = { expectedRemaining: '0.00', remaining: '100.00', currencyCode: 'USD' };
    expect(await refusal(books, open.id, { expectedRemaining: '0.00' })).toMatchObject({ code: 'CREDIT_NOTE_CHANGED', details });
    expect(await refusal(books, open.id, { reason: ' ' })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('leaves nothing to refund or to void', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    await cancelled(books, id);
    const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(id) });
    expect(errors?.[0]?.extensions.code).toBe('CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
    const voiding = await books.client.graphql(VoidCreditNoteDocument, { id });
    expect(voiding.errors?.[0]?.extensions.code).toBe('CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS');
  });

  it('and parallel refunds never take more than the note has', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const refund = () => books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(id, { amount: '30.00' }) });
    await Promise.all([refund(), cancel(books, id), refund(), cancel(books, id), refund(), refund()]);
    const { creditNote } = await books.client.query(CreditNoteDocument, { id });
    expect(creditNote).toMatchObject({ status: 'CLOSED', remaining: '0.00' });
    expect(await balance(books, books.ids.receivable)).toBe('0.00');
    expect(await books.faults()).toEqual([]);
  });
});

describe('the database refuses', () => {
  /** Runs the statements in one transaction as the gateway's role; returns "accepted" or the error. */
  function outcome(...statements: string[]): Promise<string> {
    return outcomeOf(gateway.database.sql, ...statements);
  }

  /** SQL of a cancellation of 60.00 with its entry, with the changes of the test. */
  async function byHand(
    books: Books,
    changes: { amount?: string; base?: string; date?: string; credited?: string; source?: string },
  ) {
    const { amount = '60', base = '60', date = '2026-03-01', credited = base, source = 'CANCELLATION' } = changes;
    const { id: note } = await books.creditNote('100.00');
    await books.refund(note, { amount: '40.00' });
    const organization = books.organization.id;
    const entry = books.newest('journal_entries');
    const line = (side: string, account: string, value: string, customer: string) =>
      `(${organization}, ${entry}, '${date}', '${side}', ${account}, ${customer}, ${books.ids.branch}, ${value})`;
    const customer = `(select customer_id from credit_notes where organization_id = ${organization} and id = ${note})`;
    return [
      `insert into journal_entries (organization_id, posting_date, source, memo) values (${organization}, '${date}', '${source}', '')`,
      `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount)
       values ${line('DEBIT', books.ids.receivable, base, customer)}, ${line('CREDIT', books.ids.sales, credited, 'null')}`,
      `insert into credit_note_cancellations
         (organization_id, credit_note_id, journal_entry_id, amount, base_amount, date, reason, created_by, api_key_id, request_id, protocol)
       select ${organization}, ${note}, ${entry}, ${amount}, ${base}, '${date}', 'by hand', created_by, api_key_id, 'r', 'INTERNAL'
       from refunds where organization_id = ${organization} limit 1`,
    ];
  }

  it.each([
    ['less than what remains', { amount: '59', base: '59' }, 'breaks a rule of cancelling'],
    ['another part of the receivable', { base: '59' }, 'breaks a rule of cancelling'],
    ['a day before the note', { date: '2026-01-14' }, 'breaks a rule of cancelling'],
    ['an entry of another kind', { source: 'REFUND' }, 'breaks a rule of cancelling'],
    ['an entry that credits less', { credited: '59' }, 'does not balance'],
  ])('a cancellation of %s', async (_, changes, message) => {
    expect(await outcome(...(await byHand(await gateway.books(), changes)))).toContain(message);
  });

  it('an entry without its cancellation, and accepts both together', async () => {
    const books = await gateway.books();
    const statements = await byHand(books, {});
    expect(await outcome(...statements.slice(0, 2))).toContain('no document of its kind');
    expect(await outcome(...statements)).toBe('accepted');
    expect(await books.faults()).toEqual([]);
  });

  it('a change of what is cancelled without a cancellation, and of a cancellation', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const where = `where organization_id = ${books.organization.id}`;
    expect(await outcome(`update credit_notes set cancelled = 1 ${where} and id = ${id}`)).toContain('with its cancellations');
    await cancelled(books, id);
    const { superuser } = gateway.database;
    await expect(superuser.query(`update credit_note_cancellations set amount = 1 ${where}`)).rejects.toThrow('never changed');
    await expect(superuser.query(`delete from credit_note_cancellations ${where}`)).rejects.toThrow('never changed');
  });
});
