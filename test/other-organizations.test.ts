import { describe, expect, it } from '@jest/globals';
import {
  AccountDocument,
  CreateCreditNoteDocument,
  CreditNoteDocument,
  ListsDocument,
  OpenCreditNoteDocument,
  RefundCreditNoteDocument,
  RefundDocument,
  ReverseRefundDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const other = sharedBooks(gateway);

describe("another organization's books", () => {
  it('cannot be read by id', async () => {
    const note = await other.creditNote('100.00');
    const refund = await other.refund(note.id);

    expect(await books.client.query(CreditNoteDocument, { id: note.id })).toEqual({ creditNote: null });
    expect(await books.client.query(RefundDocument, { id: refund.id })).toEqual({ refund: null });
    expect(await books.client.query(AccountDocument, { id: other.ids.bank })).toEqual({ account: null });
    expect((await other.client.query(RefundDocument, { id: refund.id })).refund).toEqual(expect.anything());
  });

  it('are in no list', async () => {
    await other.refund((await other.creditNote('100.00')).id);
    const theirs = await other.client.query(ListsDocument);
    const ours = await books.client.query(ListsDocument);

    for (const list of ['creditNotes', 'refunds', 'accounts', 'branches', 'customers'] as const) {
      const ids = new Set(ours[list].nodes.map(({ id }) => id));
      expect([list, theirs[list].nodes.length > 0, theirs[list].nodes.filter(({ id }) => ids.has(id))]).toEqual([list, true, []]);
    }
  });

  it('cannot be written to: their ids are not found', async () => {
    const ours = await books.creditNote('100.00');
    const draft = await other.creditNote('100.00', { open: false });
    const open = await other.creditNote('100.00');
    const refunded = await other.refund((await other.creditNote('100.00')).id);
    const [ourCustomer, theirCustomer] = [await books.customer(), await other.customer()];
    const before = [await books.snapshot(), await other.snapshot()];
    const refund = async (id: string, changes = {}) =>
      (await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(id, changes) })).errors?.[0]?.extensions
        .code;
    const create = async (customerId: string, accountId: string, branchId?: string) =>
      (
        await books.client.graphql(CreateCreditNoteDocument, {
          input: { customerId, date: '2026-01-15', lines: [{ accountId, amount: '1.00' }], ...(branchId && { branchId }) },
        })
      ).errors?.[0]?.extensions.code;

    expect(await refund(open.id)).toBe('CREDIT_NOTE_NOT_FOUND');
    expect(await refund(ours.id, { fromAccountId: other.ids.bank })).toBe('ACCOUNT_NOT_FOUND');
    expect(await refund(ours.id, { branchId: other.ids.branch })).toBe('BRANCH_ID_NOT_FOUND');
    expect(await create(theirCustomer, books.ids.sales)).toBe('CUSTOMER_NOT_FOUND');
    expect(await create(ourCustomer, other.ids.sales)).toBe('ACCOUNT_NOT_FOUND');
    expect(await create(ourCustomer, books.ids.sales, other.ids.branch)).toBe('BRANCH_ID_NOT_FOUND');
    const replies = [
      await books.client.graphql(OpenCreditNoteDocument, { id: draft.id }),
      await books.client.graphql(VoidCreditNoteDocument, { id: open.id, date: '2026-02-01' }),
      await books.client.graphql(ReverseRefundDocument, { input: { refundId: refunded.id, date: '2026-02-02', reason: 'x' } }),
    ];
    expect(replies.map(({ errors }) => errors?.[0]?.extensions)).toMatchObject([
      { code: 'CREDIT_NOTE_NOT_FOUND', field: 'id' },
      { code: 'CREDIT_NOTE_NOT_FOUND', field: 'id' },
      { code: 'REFUND_CREDIT_NOTE_NOT_FOUND', field: 'refundId' },
    ]);
    expect([await books.snapshot(), await other.snapshot()]).toEqual(before);
  });

  it('get the same REST reply as a note that does not exist', async () => {
    const { id } = await other.creditNote('100.00');
    const before = await other.snapshot();

    const theirs = await books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody());
    const nobodys = await books.client.rest('/api/credit-notes/999999/refunds', books.restBody());

    expect(theirs.status).toBe(404);
    expect(theirs.body.replaceAll(id, '999999')).toBe(nobodys.body);
    expect(await other.snapshot()).toEqual(before);
  });

  it('have idempotency keys of their own', async () => {
    const key = { 'idempotency-key': 'the-same-key' };
    const [ours, theirs] = [await books.creditNote('100.00'), await other.creditNote('100.00')];

    const first = await other.client.graphql(RefundCreditNoteDocument, { input: other.refundInput(theirs.id) }, key);
    const second = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(ours.id) }, key);

    expect(second.data?.refundCreditNote?.creditNote.id).toBe(ours.id);
    expect(second.data?.refundCreditNote?.id).not.toBe(first.data?.refundCreditNote?.id);
  });
});
