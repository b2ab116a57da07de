import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  type RefundCreditNoteInput,
  RefundCreditNotesDocument,
} from './generated/documents.js';
import { freshBooks, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);
let note: string;
beforeEach(async () => {
  note = (await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.10' })).id;
});

const send = (changes: Partial<RefundCreditNoteInput>, allowUnusualRate = false) =>
  books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note, changes), allowUnusualRate });

describe('an exchange rate far from that of the note', () => {
  it.each(['110', '2.21', '0.54', '0.011'])('is refused: %s', async (exchangeRate) => {
    const before = await books.snapshot();

    const { errors } = await send({ exchangeRate });

    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'EXCHANGE_RATE_UNUSUAL',
      field: 'exchangeRate',
      details: { exchangeRate, creditNoteRate: '1.1', factor: 2 },
    });
    expect(await books.snapshot()).toEqual(before);
  });

  it.each(['2.2', '0.55', '1.5'])('is only one beyond twice or below half of the note’s rate: %s', async (exchangeRate) => {
    expect((await send({ exchangeRate })).data?.refundCreditNote?.exchangeRate).toBe(exchangeRate);
  });

  it('is accepted with allowUnusualRate, over GraphQL and REST', async () => {
    const { data } = await send({ amount: '1.00', exchangeRate: '110' }, true);
    const body = books.restBody({ date: '2026-02-02', amount: 1, exchangeRate: 110 });
    const path = `/api/credit-notes/${note}/refunds`;
    const refused = await books.client.rest(path, body);
    const allowed = await books.client.rest(path, body, { 'allow-unusual-rate': 'true' });

    expect(ledger(data?.refundCreditNote?.journalEntry)[1]).toBe('credit Bank 110.00 (1.00 EUR)');
    expect([refused.status, refused.json.errors[0].type]).toEqual([400, 'EXCHANGE_RATE_UNUSUAL']);
    expect([allowed.status, allowed.json.exchange_rate]).toEqual([201, 110]);
  });

  it.each(['ATOMIC', 'PER_ITEM'] as const)('is refused in a list, and accepted there with allowUnusualRate: %s', async (mode) => {
    const inputs = [books.refundInput(note, { exchangeRate: '110' })];

    const refused = await books.client.graphql(RefundCreditNotesDocument, { inputs, mode });
    const allowed = await books.client.query(RefundCreditNotesDocument, { inputs, mode, allowUnusualRate: true });

    expect(JSON.stringify(refused)).toContain('EXCHANGE_RATE_UNUSUAL');
    expect(allowed.refundCreditNotes[0]?.refund?.amount).toBe('40.00');
  });

  it('is a warning in the preview, which shows the journal lines', async () => {
    const input = books.refundInput(note, { exchangeRate: '110' });
    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input });
    const usual = await books.client.query(PreviewRefundDocument, { input: { ...input, exchangeRate: '1.2' } });

    expect(previewRefund.refusals).toEqual([]);
    expect(previewRefund.warnings.map(({ code, field }) => [code, field])).toEqual([['EXCHANGE_RATE_UNUSUAL', 'exchangeRate']]);
    expect(previewRefund.lines.map(({ side, amount }) => `${side} ${amount}`)).toEqual([
      'DEBIT 44.00',
      'CREDIT 4400.00',
      'DEBIT 4356.00',
    ]);
    expect(usual.previewRefund.warnings).toEqual([]);
  });

  it('is refused if it follows from the paid amount, but not if one cent of rounding explains it', async () => {
    const slip = await send({ exchangeRate: null, paidAmount: '4400.00' });
    const cent = await send({ exchangeRate: null, paidAmount: '0.02', amount: '0.01' });
    const fewCents = await send({ exchangeRate: null, paidAmount: '0.04', amount: '0.01' });

    expect(slip.errors?.[0]?.extensions).toMatchObject({ code: 'EXCHANGE_RATE_UNUSUAL', field: 'paidAmount' });
    expect(cent.data?.refundCreditNote?.paidAmount).toBe('0.02');
    expect(fewCents.errors?.[0]?.extensions.code).toBe('EXCHANGE_RATE_UNUSUAL');
  });
});
