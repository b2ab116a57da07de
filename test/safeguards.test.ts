import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { Role } from '../src/entities/access.js';
import {
  AuditEventsDocument,
  CreditNoteDocument,
  LockTransactionsDocument,
  PreviewRefundDocument,
  ProvenancesDocument,
  RefundabilityDocument,
  RefundCreditNoteDocument,
  UnlockTransactionsDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

/** Safeguards against accidental duplicates, stale data, unexpected effects and later postings. */
const gateway = sharedGateway({ duplicateWindowSeconds: 1000 });

describe('the duplicate check', () => {
  it('pays once for a double click without a key, and names the existing refund', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const input = books.refundInput(note.id);

    const replies = await Promise.all([1, 2].map(() => books.client.graphql(RefundCreditNoteDocument, { input })));

    const [refunded] = replies.flatMap(({ data }) => data?.refundCreditNote ?? []);
    const [error] = replies.flatMap(({ errors }) => errors ?? []);
    expect(error?.extensions).toMatchObject({ code: 'POSSIBLE_DUPLICATE_REFUND', details: { refundId: refunded?.id } });
    expect((await books.client.query(CreditNoteDocument, { id: note.id })).creditNote?.refunded).toBe('40.00');
  });

  it('names the existing refund, although it used up the credit or changed the expected remaining credit', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('40.00');
    const { id } = await books.refund(note.id);
    const input = books.refundInput(note.id);
    const replies = [
      await books.client.graphql(RefundCreditNoteDocument, { input }),
      await books.client.graphql(RefundCreditNoteDocument, { input, expectedRemaining: '40.00' }),
    ];
    for (const { errors } of replies)
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'POSSIBLE_DUPLICATE_REFUND', details: { refundId: id } });
    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input });
    expect(previewRefund.refusals.map(({ code }) => code)).toEqual(['POSSIBLE_DUPLICATE_REFUND']);
  });

  it('can be switched off for a preview, too, which then has the lines of the second refund', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    await books.refund(note.id);

    const { previewRefund } = await books.client.query(PreviewRefundDocument, {
      input: books.refundInput(note.id),
      allowDuplicate: true,
    });

    expect(previewRefund).toMatchObject({ allowed: true, refusals: [], remainingAfter: '20.00' });
    expect(previewRefund.lines).toHaveLength(2);
  });

  it('covers GraphQL and REST, and can be switched off per request', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000.00');
    const path = `/api/credit-notes/${note.id}/refunds`;
    await books.refund(note.id);

    const refused = await books.client.rest(path, books.restBody());
    const allowed = await books.client.rest(path, books.restBody(), { 'allow-duplicate': 'true' });
    const { errors } = await books.client.graphql(RefundCreditNoteDocument, {
      input: books.refundInput(note.id),
      allowDuplicate: true,
    });

    expect([refused.status, refused.json.errors[0].type]).toEqual([400, 'POSSIBLE_DUPLICATE_REFUND']);
    expect([allowed.status, errors]).toEqual([201, undefined]);
  });

  it.each([{ amount: '40.01' }, { referenceNo: 'REF-2' }, { date: '2026-02-02' }])(
    'accepts a refund that differs in %p',
    async (change) => {
      const books = await gateway.books();
      const note = await books.creditNote('1000.00');
      await books.refund(note.id);
      expect((await books.refund(note.id, change)).status).toBe('POSTED');
    },
  );

  it('accepts a refund with an idempotency key of its own', async () => {
    const books = await gateway.books();
    const input = books.refundInput((await books.creditNote('100.00')).id);
    await books.client.query(RefundCreditNoteDocument, { input, idempotencyKey: '1' });
    expect((await books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey: '2' })).errors).toBeUndefined();
  });
});

describe('a refund with the remaining credit that the caller expects', () => {
  it('is made only if that credit remains, as expectedRemaining says in GraphQL', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const input = books.refundInput(note.id);
    const send = (expectedRemaining: string) => books.client.graphql(RefundCreditNoteDocument, { input, expectedRemaining });

    expect((await send('7')).errors?.[0]).toMatchObject({
      message: '100.00 USD remain on credit note CN-00001, not 7.00',
      extensions: { code: 'CREDIT_NOTE_CHANGED', details: { remaining: '100.00', expectedRemaining: '7.00' } },
    });
    expect((await send('100')).data?.refundCreditNote?.creditNote.remaining).toBe('60.00');
  });

  it('is made for one of several parallel callers with the same expectation', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        books.client.graphql(RefundCreditNoteDocument, {
          input: books.refundInput(note.id, { referenceNo: `${index}` }),
          expectedRemaining: 100,
        }),
      ),
    );
    expect(replies.filter(({ errors }) => errors === undefined)).toHaveLength(1);
  });

  it('names the credit by the ETag of an earlier reply over REST', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const path = `/api/credit-notes/${note.id}/refunds`;
    const { creditNote } = await books.client.query(RefundabilityDocument, { id: note.id });

    const first = await books.client.rest(path, books.restBody({ amount: 10 }), { 'if-match': String(creditNote?.etag) });
    const second = await books.client.rest(path, books.restBody({ amount: 20 }), { 'if-match': String(creditNote?.etag) });
    const third = await books.client.rest(path, books.restBody({ amount: 20 }), { 'if-match': String(first.headers.etag) });
    const wrong = await books.client.rest(path, books.restBody({ amount: 30 }), { 'if-match': '"1"' });

    expect([first.status, second.status, third.status, wrong.status]).toEqual([201, 412, 201, 412]);
    expect(second.json.errors[0].type).toBe('CREDIT_NOTE_CHANGED');
  });
});

describe('a preview', () => {
  it('returns the result of the refund, and writes nothing', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('1000.00', { currencyCode: 'EUR', exchangeRate: '1.10' });
    const input = books.refundInput(note.id, { amount: '400.00', exchangeRate: '1.15' });
    await books.refund(note.id, { amount: '1.00', exchangeRate: '1.1' });
    const before = await books.snapshot();

    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input });

    expect(await books.snapshot()).toEqual(before);
    const refund = await books.refund(note.id, input);
    expect(previewRefund).toMatchObject({
      allowed: true,
      refusals: [],
      postingDate: '2026-02-01',
      remainingBefore: '999.00',
      remainingAfter: '599.00',
    });
    expect(previewRefund.realizedGain).toBe(refund.realizedGain);
    expect(previewRefund.lines).toEqual(refund.journalEntry.lines);
    const ids = (await books.client.query(ProvenancesDocument, {})).refunds.nodes.map(({ id }) => Number(id));
    expect(ids[1]).toBe(Number(ids[0]) + 1);
  });

  it('returns a refusal to viewers', async () => {
    const books = await gateway.books();
    const input = books.refundInput((await books.creditNote('100.00')).id);
    const viewer = await gateway.client(books.organization, Role.VIEWER);
    expect((await viewer.query(PreviewRefundDocument, { input })).previewRefund.refusals.map(({ code }) => code)).toEqual([
      'FORBIDDEN',
    ]);
  });

  it('returns the refusal as data', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const input = books.refundInput(note.id, { amount: '100.01' });
    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input });
    expect(previewRefund).toMatchObject({
      allowed: false,
      lines: [],
      refusals: [{ code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', field: 'amount' }],
    });
  });
});

describe('refundability', () => {
  async function refundabilityOf(books: Books, id: string, client = books.client) {
    const { creditNote } = await client.query(RefundabilityDocument, { id });
    const { allowed, maxAmount, reasons, accounts } = creditNote?.refundability ?? { reasons: [], accounts: [] };
    return { allowed, maxAmount, codes: reasons.map(({ code }) => code), accounts: accounts.map(({ name }) => name) };
  }

  it('returns the remaining credit and the accounts that can pay the refund', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
    await books.refund(note.id, { exchangeRate: '1.1' });
    await books.account('BANK', { currencyCode: 'GBP' });
    await books.account('BANK', { currencyCode: 'EUR', active: false });
    await books.account('CASH', { currencyCode: 'EUR' });
    const { accounts, ...rest } = await refundabilityOf(books, note.id);
    expect(rest).toEqual({ allowed: true, maxAmount: '60.00', codes: [] });
    expect(accounts.sort()).toEqual(['Bank', 'CASH EUR', 'Petty Cash']);
  });

  it('returns the reason: draft, closed, void, lock date or role', async () => {
    const books = await gateway.books();
    const draft = await books.creditNote('1.00', { open: false });
    const closed = await books.creditNote('1.00');
    await books.refund(closed.id, { amount: '1.00' });
    const gone = await books.creditNote('1.00');
    await books.client.query(VoidCreditNoteDocument, { id: gone.id });
    const open = await books.creditNote('1.00');
    const viewer = await gateway.client(books.organization, Role.VIEWER);
    const details = `{ creditNote(id: ${closed.id}) { refundability { reasons { code details retryable retryAfter } } } }`;
    const { data } = await books.client.graphql<{ creditNote: unknown }, undefined>(details);
    const codes = async (id: string, client = books.client) => (await refundabilityOf(books, id, client)).codes;

    expect(await codes(draft.id)).toEqual(['CREDIT_NOTE_IS_DRAFT']);
    expect(await codes(closed.id)).toEqual(['CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT']);
    expect(data?.creditNote).toEqual({
      refundability: {
        reasons: [
          {
            code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
            details: { remaining: '0.00', currencyCode: 'USD' },
            retryable: false,
            retryAfter: null,
          },
        ],
      },
    });
    expect(await codes(gone.id)).toEqual(['CREDIT_NOTE_IS_VOID']);
    expect(await codes(open.id, viewer)).toEqual(['FORBIDDEN']);
    const lockDate = Temporal.Now.plainDateISO('UTC').add({ days: 3 }).toString();
    await books.client.query(LockTransactionsDocument, { input: { lockDate, reason: 'x' } });
    expect(await refundabilityOf(books, open.id)).toMatchObject({
      allowed: false,
      maxAmount: '0.00',
      codes: ['TRANSACTIONS_DATE_LOCKED'],
    });
  });
});

describe('the lock date', () => {
  it('can be set and removed by admins only, and each change has an audit event with its reason', async () => {
    const books = await gateway.books();
    const accountant = await gateway.client(books.organization, Role.ACCOUNTANT);
    const input = { lockDate: '2026-01-31', reason: 'January is filed' };

    const refused = await accountant.graphql(LockTransactionsDocument, { input });
    const { lockTransactions } = await books.client.query(LockTransactionsDocument, { input });
    const { unlockTransactions } = await books.client.query(UnlockTransactionsDocument, { input: { reason: 'A late invoice' } });

    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect([lockTransactions.lockDate, unlockTransactions.lockDate]).toEqual(['2026-01-31', null]);
    const {
      auditEvents: { nodes: auditEvents },
    } = await books.client.query(AuditEventsDocument);
    expect(auditEvents.map(({ action, createdBy, details }) => [action, createdBy, details])).toEqual([
      ['lockTransactions', 'key of ADMIN', { before: 'none', after: '2026-01-31', reason: 'January is filed' }],
      ['unlockTransactions', 'key of ADMIN', { before: '2026-01-31', after: 'none', reason: 'A late invoice' }],
    ]);
    expect((await accountant.graphql(AuditEventsDocument)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('waits for refunds in flight, and later refunds wait for it', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = $1 for update', [note.id]);

    // The first refund holds the period lock and waits for the note. The lock date waits for the refund.
    const refund = books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id) });
    await gateway.database.untilWaiting(1);
    const lock = books.client.graphql(LockTransactionsDocument, { input: { lockDate: '2026-02-01', reason: 'x' } });
    await gateway.database.untilWaiting(2);
    const late = books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id, { amount: '1.00' }) });
    await gateway.database.untilWaiting(3);
    await sql.query('commit');

    expect((await refund).errors).toBeUndefined();
    expect((await lock).data?.lockTransactions?.lockDate).toBe('2026-02-01');
    expect((await late).errors?.[0]?.extensions.code).toBe('TRANSACTIONS_DATE_LOCKED');
  });
});

describe('provenance', () => {
  it('contains the caller, the client, the address and the request; admins can read it and filter by it', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const headers = {
      'x-request-id': 'req-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'apollographql-client-name': 'web',
      'apollographql-client-version': '1.2',
    };
    await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id) }, headers);
    await books.client.rest(`/api/credit-notes/${note.id}/refunds`, books.restBody({ amount: 1 }));

    const { refunds } = await books.client.query(ProvenancesDocument, { provenance: { clientName: 'web' } });
    const rest = await books.client.query(ProvenancesDocument, { provenance: { protocol: 'REST' } });
    const viewer = await (await gateway.client(books.organization, Role.VIEWER)).graphql(ProvenancesDocument, {});

    expect(refunds.nodes.map(({ provenance }) => provenance)).toEqual([
      {
        createdBy: 'key of ADMIN',
        requestId: 'req-1',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        clientName: 'web',
        clientVersion: '1.2',
        operationName: 'RefundCreditNote',
        protocol: 'GRAPHQL',
        ip: '127.0.0.1',
      },
    ]);
    expect(rest.refunds.nodes.map(({ provenance }) => provenance?.operationName)).toEqual([null]);
    expect(viewer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const probe = await (await gateway.client(books.organization, Role.VIEWER)).graphql(ProvenancesDocument, {
      provenance: { clientName: 'web' },
    });
    expect([probe.data, probe.errors?.[0]?.extensions.code]).toEqual([{ refunds: null }, 'FORBIDDEN']);
    expect(viewer.data?.refunds?.nodes.map(({ provenance }) => provenance)).toEqual([null, null]);
  });
});
