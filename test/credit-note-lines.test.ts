import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccountDocument,
  CancelRemainingDocument,
  CreateCreditNoteDocument,
  ReverseRefundDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { freshBooks, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);
let fees: string;
let tax: string;
beforeEach(async () => {
  fees = await books.account('OTHER_INCOME');
  tax = await books.account('TAX_PAYABLE');
});

const line = (accountId: string, amount: string) => ({ accountId, amount });

const balance = async (id: string) => (await books.client.query(AccountDocument, { id })).account?.balance;

async function cancelled(creditNoteId: string, date = '2026-03-01') {
  const input = { creditNoteId, date, reason: 'Agreed with Carol' };
  return (await books.client.query(CancelRemainingDocument, { input })).cancelRemaining;
}

describe('a line on a tax account and a negative line', () => {
  it('post on their sides: a tax line debits, a restocking fee credits', async () => {
    const lines = [line(fees, '-10.00'), line(books.ids.sales, '100.00'), line(tax, '19.00')];
    const note = await books.creditNote('0', { lines });
    expect(note).toMatchObject({ total: '109.00', remaining: '109.00' });
    expect(note.lines.map(({ amount }) => amount)).toEqual(['-10.00', '100.00', '19.00']);
    expect(ledger(note.journalEntry)).toEqual([
      'credit OTHER_INCOME 10.00',
      'debit Sales 100.00',
      'debit TAX_PAYABLE 19.00',
      'credit Accounts Receivable 109.00',
    ]);
    expect(await books.faults()).toEqual([]);
  });

  it('are rounded so that they add up in the base currency, and are refunded as one amount', async () => {
    const lines = [line(books.ids.sales, '0.15'), line(fees, '-0.05'), line(fees, '-0.05')];
    const { id, journalEntry } = await books.creditNote('0', { currencyCode: 'EUR', exchangeRate: '1.10', lines });
    expect(ledger(journalEntry)).toEqual([
      'debit Sales 0.17 (0.15 EUR)',
      'credit OTHER_INCOME 0.06 (0.05 EUR)',
      'credit OTHER_INCOME 0.05 (0.05 EUR)',
      'credit Accounts Receivable 0.06 (0.05 EUR)',
    ]);
    await books.refund(id, { amount: '0.05', exchangeRate: '1.1' });
    expect(await balance(books.ids.receivable)).toBe('0.00');
    expect(await books.faults()).toEqual([]);
  });

  it('are mirrored when the note is voided', async () => {
    const { id } = await books.creditNote('0', { lines: [line(books.ids.sales, '100.00'), line(fees, '-10.00')] });
    await books.client.query(VoidCreditNoteDocument, { id });
    expect([await balance(books.ids.sales), await balance(fees), await balance(books.ids.receivable)]).toEqual([
      '0.00',
      '0.00',
      '0.00',
    ]);
    expect(await books.faults()).toEqual([]);
  });

  it('are cancelled in proportion to what remains', async () => {
    const lines = [line(fees, '-10.00'), line(books.ids.sales, '100.00'), line(tax, '10.00')];
    const { id } = await books.creditNote('0', { currencyCode: 'EUR', exchangeRate: '2', lines });
    await books.refund(id, { amount: '75.00', exchangeRate: '2' });
    const note = await cancelled(id);
    expect(ledger(note?.cancellations[0]?.journalEntry)).toEqual([
      'debit Accounts Receivable 50.00 (25.00 EUR)',
      'debit OTHER_INCOME 5.00 (2.50 EUR)',
      'credit Sales 50.00 (25.00 EUR)',
      'credit TAX_PAYABLE 5.00 (2.50 EUR)',
    ]);
    expect(await balance(books.ids.receivable)).toBe('0.00');
    expect(await books.faults()).toEqual([]);
  });

  it('leave nothing on any account when the whole note is cancelled, even if its total is worth nothing in the base currency', async () => {
    const lines = [line(books.ids.sales, '100'), line(fees, '-99')];
    const note = await books.creditNote('0', { currencyCode: 'JPY', exchangeRate: '0.0033', lines });
    expect(ledger(note.journalEntry)).toEqual([
      'debit Sales 0.33 (100 JPY)',
      'credit OTHER_INCOME 0.33 (99 JPY)',
      'credit Accounts Receivable 0.00 (1 JPY)',
    ]);
    expect(ledger((await cancelled(note.id))?.cancellations[0]?.journalEntry)).toEqual([
      'debit Accounts Receivable 0.00 (1 JPY)',
      'credit Sales 0.33 (100 JPY)',
      'debit OTHER_INCOME 0.33 (99 JPY)',
    ]);
    expect([await balance(books.ids.sales), await balance(fees)]).toEqual(['0.00', '0.00']);
    expect(await books.faults()).toEqual([]);
  });

  it.each([
    ['JPY', '0.0067', ['1', '-1', '-7', '150', '-3'], '3'],
    ['KWD', '3.2511', ['-0.001', '0.003', '-7.777', '9.999'], '0.005'],
    ['EUR', '1.0999', ['99999.97', '-0.01', '-66666.66', '0.01'], '11111.11'],
    ['EUR', '1.137', ['10000.00', '-9999.97'], '0.01'],
    ['USD', '1', ['-33.33', '100.00', '-33.33'], '11.11'],
  ])(
    'leave exactly zero on the receivable, whatever is refunded, reversed and cancelled: %s %s',
    async (currencyCode, exchangeRate, amounts, amount) => {
      const lines = amounts.map((each, index) => line([books.ids.sales, fees, tax][index % 3] ?? fees, each));
      const { id } = await books.creditNote('0', { currencyCode, exchangeRate, lines });
      const { id: refundId } = await books.refund(id, { amount, exchangeRate });
      expect(await cancelled(id)).toMatchObject({ status: 'CLOSED' });
      expect(await balance(books.ids.receivable)).toBe('0.00');
      expect(await books.faults()).toEqual([]);

      await books.client.query(ReverseRefundDocument, { input: { refundId, date: '2026-03-05', reason: 'It came back' } });
      expect(await cancelled(id, '2026-03-06')).toMatchObject({ status: 'CLOSED', refunded: expect.stringMatching(/^0/) });
      expect(await balance(books.ids.receivable)).toBe('0.00');
      const { rows } = await gateway.database.sql.query(
        `select sum(case side when 'DEBIT' then foreign_amount else -foreign_amount end)::float8 as foreign from journal_lines
       where organization_id = ${books.organization.id} and customer_id is not null`,
      );
      expect(rows).toEqual([{ foreign: currencyCode === 'USD' ? null : 0 }]);
      expect(await books.faults()).toEqual([]);
    },
  );
});

describe('a credit note is refused', () => {
  it.each<[string, string, string, () => { accountId: string; amount: string }[]]>([
    ['whose lines add up to zero', 'AMOUNT_NOT_POSITIVE', 'lines', () => [line(fees, '-1.00'), line(books.ids.sales, '1.00')]],
    ['whose lines add up to less', 'AMOUNT_NOT_POSITIVE', 'lines', () => [line(fees, '-1.01'), line(books.ids.sales, '1.00')]],
    ['with a line of zero', 'AMOUNT_NOT_POSITIVE', 'lines.1.amount', () => [line(books.ids.sales, '1.00'), line(fees, '-0.00')]],
    ['with half a cent', 'AMOUNT_PRECISION', 'lines.1.amount', () => [line(books.ids.sales, '1.00'), line(fees, '-0.005')]],
    ['with too many digits', 'AMOUNT_TOO_LARGE', 'lines.0.amount', () => [line(fees, '-12345678901234.56')]],
    ['with a bank account', 'ACCOUNT_INVALID_TYPE', 'lines.1.accountId', () => [line(tax, '2.00'), line(books.ids.bank, '-1.00')]],
  ])('%s', async (_, code, field, lines) => {
    const input = { customerId: await books.customer(), date: '2026-01-15', open: true, lines: lines() };
    const before = await books.snapshot();
    const { errors } = await books.client.graphql(CreateCreditNoteDocument, { input });
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.extensions).toMatchObject({ code, field });
    expect(errors?.[0]?.message).not.toMatch(/amount must be a positive/);
    expect(await books.snapshot()).toEqual(before);
  });
});

it('the database refuses a negative line that is posted on the side of a positive one', async () => {
  const { id } = await books.creditNote('0', { open: false, lines: [line(books.ids.sales, '100.00'), line(fees, '-10.00')] });
  const { sql } = gateway.database;
  const opened = async (...lines: string[]) => {
    const organization = books.organization.id;
    const entry = books.newest('journal_entries');
    const note = `organization_id = ${organization} and id = ${id}`;
    const customer = `(select customer_id from credit_notes where ${note})`;
    const rows = [...lines, `'CREDIT', ${books.ids.receivable}, 90, ${customer}`];
    const values = rows.map((row) => `(${organization}, ${entry}, '2026-01-15', ${books.ids.branch}, ${row})`);
    try {
      await sql.query('begin');
      await sql.query(
        `insert into journal_entries (organization_id, posting_date, source, memo) values (${organization}, '2026-01-15', 'CREDIT_NOTE', '')`,
      );
      await sql.query(`insert into journal_lines (organization_id, journal_entry_id, posting_date, branch_id, side, account_id, amount, customer_id)
        values ${values.join(', ')}`);
      await sql.query(`update credit_notes set opened_at = now(), journal_entry_id = ${entry} where ${note}`);
      await sql.query('commit');
      return 'accepted';
    } catch (error) {
      await sql.query('rollback');
      return String(error);
    }
  };
  const { sales } = books.ids;
  expect(await opened(`'DEBIT', ${sales}, 100, null`, `'DEBIT', ${fees}, 10, null`)).toContain('does not balance');
  expect(await opened(`'DEBIT', ${sales}, 90, null`)).toContain('is not what its journal entry says');
  expect(await opened(`'DEBIT', ${fees}, 100, null`, `'CREDIT', ${sales}, 10, null`)).toContain(
    'is not what its journal entry says',
  );
  expect(await opened(`'DEBIT', ${sales}, 100, null`, `'CREDIT', ${fees}, 10, null`)).toBe('accepted');
  expect(await books.faults()).toEqual([]);
});
