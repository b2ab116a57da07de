import { describe, expect, it } from '@jest/globals';
import {
  AccountDocument,
  AuditEventsDocument,
  CreditNoteDocument,
  OpenCreditNoteDocument,
  RefundCreditNoteDocument,
  ReverseRefundDocument,
  type ReverseRefundInput,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

const REVERSAL = { date: '2026-02-05', reason: 'The transfer came back' };

function reverse(books: Books, refundId: string, changes: Partial<ReverseRefundInput> = {}) {
  return books.client.graphql(ReverseRefundDocument, { input: { refundId, ...REVERSAL, ...changes } });
}

async function refusal(books: Books, refundId: string, changes: Partial<ReverseRefundInput> = {}) {
  const before = await books.snapshot();
  const { errors } = await reverse(books, refundId, changes);
  expect(await books.snapshot()).toEqual(before);
  return errors?.[0]?.extensions;
}

describe('reversing a refund', () => {
  it('posts the mirror entry, restores the credit, reopens the note, and links both entries', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000.00', { currencyCode: 'EUR', exchangeRate: '1.10' });
    const refund = await books.refund(note.id, { amount: '1000.00', exchangeRate: '1.15' });
    expect(refund.creditNote.status).toBe('CLOSED');

    const { data } = await reverse(books, refund.id);

    const reversed = data?.reverseRefund;
    expect(reversed).toMatchObject({
      id: refund.id,
      status: 'REVERSED',
      creditNote: { status: 'OPEN', refunded: '0.00', remaining: '1000.00' },
    });
    expect(reversed?.reversal).toMatchObject({ ...REVERSAL, createdBy: 'key of ADMIN', refund: { id: refund.id } });
    expect(reversed?.reversal?.journalEntry.reversalOf?.id).toBe(reversed?.journalEntry.id);
    expect(reversed?.journalEntry.reversedBy).toEqual(expect.anything());
    expect(ledger(reversed?.reversal?.journalEntry)).toEqual([
      'credit Accounts Receivable 1100.00 (1000.00 EUR)',
      'debit Bank 1150.00 (1000.00 EUR)',
      'credit Exchange Gain or Loss 50.00',
    ]);
  });

  it('is accepted in an open period when the refund’s own period is locked, and refused in a locked period', async () => {
    const books = await gateway.books();
    const refund = await books.refund((await books.creditNote('100.00')).id);
    await books.lock('2026-02-03');

    expect(await refusal(books, refund.id, { date: '2026-02-03' })).toMatchObject({
      code: 'TRANSACTIONS_DATE_LOCKED',
      field: 'date',
    });
    expect((await reverse(books, refund.id, { date: '2026-02-04' })).errors).toBeUndefined();
  });

  it('succeeds for exactly one of several parallel reversals', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const refund = await books.refund(note.id);

    const replies = await Promise.all(Array.from({ length: 10 }, () => reverse(books, refund.id)));

    expect(replies.filter(({ errors }) => errors === undefined)).toHaveLength(1);
    const codes = replies.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code);
    expect(codes).toEqual(Array(9).fill('REFUND_ALREADY_REVERSED'));
    expect((await books.client.query(CreditNoteDocument, { id: note.id })).creditNote?.refunded).toBe('0.00');
    expect((await books.client.query(AccountDocument, { id: books.ids.bank })).account?.balance).toBe('0.00');
  });

  it('allows new refunds of the restored credit, until nothing remains on the receivable', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('10.00', { currencyCode: 'EUR', exchangeRate: '0.3333333333' });
    const rate = { exchangeRate: '0.3333333333' };
    const first = await books.refund(note.id, { amount: '3.33', ...rate });
    await books.refund(note.id, { amount: '3.34', ...rate });

    await reverse(books, first.id);
    await books.refund(note.id, { amount: '3.33', ...rate });
    await books.refund(note.id, { amount: '3.33', ...rate });

    expect((await books.client.query(AccountDocument, { id: books.ids.receivable })).account?.balance).toBe('0.00');
  });

  it('is refused before the refund’s date, without a reason, and for refunds of other organizations', async () => {
    const books = await gateway.books();
    const other = await gateway.books();
    const refund = await books.refund((await books.creditNote('100.00')).id);
    const elsewhere = await other.refund((await other.creditNote('100.00')).id);
    expect(await refusal(books, refund.id, { date: '2026-01-31' })).toMatchObject({ code: 'DATE_BEFORE_REFUND', field: 'date' });
    expect(await refusal(books, refund.id, { reason: ' ' })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'reason' });
    expect(await refusal(books, elsewhere.id)).toMatchObject({ code: 'REFUND_CREDIT_NOTE_NOT_FOUND', field: 'refundId' });
    expect(await refusal(books, '999999')).toMatchObject({ code: 'REFUND_CREDIT_NOTE_NOT_FOUND', field: 'refundId' });
  });

  it('is refused by the database if its entry is not the mirror of the refund’s entry', async () => {
    const books = await gateway.books();
    const refund = await books.refund((await books.creditNote('100.00')).id);
    const columns = 'organization_id, refund_id, journal_entry_id, date, reason, created_by, api_key_id, request_id, protocol';
    const statement = `insert into refund_reversals (${columns})
      select organization_id, id, journal_entry_id, date, '', '', api_key_id, '', 'INTERNAL' from refunds where id = $1`;
    await expect(gateway.database.sql.query(statement, [refund.id])).rejects.toThrow('rule of reversing');
  });
});

describe('voiding a credit note', () => {
  it('posts the mirror of its opening entry', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');

    const { voidCreditNote } = await books.client.query(VoidCreditNoteDocument, { id: note.id, date: '2026-01-20' });

    expect(voidCreditNote.status).toBe('VOID');
    expect(voidCreditNote.journalEntry?.reversedBy?.postingDate).toBe('2026-01-20');
    expect(ledger(voidCreditNote.journalEntry?.reversedBy)).toEqual(['credit Sales 100.00', 'debit Accounts Receivable 100.00']);
    const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id) });
    expect(errors?.[0]?.extensions.code).toBe('CREDIT_NOTE_IS_VOID');
  });

  it('posts no entry for a draft', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00', { open: false });
    expect((await books.client.query(VoidCreditNoteDocument, { id })).voidCreditNote).toMatchObject({
      status: 'VOID',
      journalEntry: null,
    });
    const { errors } = await books.client.graphql(OpenCreditNoteDocument, { id });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CREDIT_NOTE_IS_VOID', field: 'id' });
  });

  it('is refused while the note has posted refunds, and accepted after their reversal', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const refund = await books.refund(id);
    const before = await books.snapshot();

    const { errors } = await books.client.graphql(VoidCreditNoteDocument, { id });

    expect(errors?.[0]?.extensions.code).toBe('CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS');
    expect(await books.snapshot()).toEqual(before);
    await reverse(books, refund.id);
    expect((await books.client.query(VoidCreditNoteDocument, { id })).voidCreditNote.status).toBe('VOID');
    const again = await books.client.graphql(VoidCreditNoteDocument, { id });
    expect(again.errors?.[0]?.extensions.code).toBe('CREDIT_NOTE_IS_VOID');
  });

  it('is refused before the date of a reversal, and writes an audit event', async () => {
    const books = await gateway.books();
    const { id, number } = await books.creditNote('100.00');
    await reverse(books, (await books.refund(id)).id);
    const { errors } = await books.client.graphql(VoidCreditNoteDocument, { id, date: '2026-02-04' });
    expect(errors?.[0]).toMatchObject({
      message: "2026-02-04 is before the reversal of one of the credit note's refunds, 2026-02-05",
      extensions: { code: 'DATE_BEFORE_REFUND', field: 'date', details: { date: '2026-02-04', reversalDate: '2026-02-05' } },
    });
    await books.client.query(VoidCreditNoteDocument, { id, date: '2026-02-05' });
    const {
      auditEvents: { nodes: auditEvents },
    } = await books.client.query(AuditEventsDocument);
    expect(auditEvents.map(({ action, details }) => [action, details])).toEqual([['voidCreditNote', { number }]]);
  });

  it('without a date, is posted on the day of a reversal that lies ahead', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const ahead = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    await reverse(books, (await books.refund(id)).id, { date: ahead });

    expect((await books.client.query(VoidCreditNoteDocument, { id })).voidCreditNote.status).toBe('VOID');
    const { rows } = await gateway.database.sql.query(
      'select posting_date::text from journal_entries where id = (select void_entry_id from credit_notes where id = $1)',
      [id],
    );
    expect(rows).toEqual([{ posting_date: ahead }]);
  });

  it('is refused before the note’s own date and on the lock date, and accepted on the day after', async () => {
    const books = await gateway.books();
    const { id } = await books.creditNote('100.00');
    const refusal = async (date: string) =>
      (await books.client.graphql(VoidCreditNoteDocument, { id, date })).errors?.[0]?.extensions;
    const before = await books.snapshot();

    expect(await refusal('2026-01-14')).toMatchObject({ code: 'DATE_BEFORE_CREDIT_NOTE', field: 'date' });
    await books.lock('2026-01-20');
    expect(await refusal('2026-01-20')).toMatchObject({ code: 'TRANSACTIONS_DATE_LOCKED', field: 'date' });
    expect(await books.snapshot()).toEqual(before);
    expect((await books.client.query(VoidCreditNoteDocument, { id, date: '2026-01-21' })).voidCreditNote.status).toBe('VOID');
  });
});
