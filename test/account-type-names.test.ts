import { beforeAll, expect, it } from '@jest/globals';
import { CreateCreditNoteDocument, RefundCreditNoteDocument, RefundCreditNotesDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let creditNoteId: string;
beforeAll(async () => {
  creditNoteId = (await books.creditNote('100.00')).id;
});

const PAYING = ['BANK', 'CASH', 'FIXED_ASSET'];

it('a refusal names the types of accounts as the schema does, wherever GraphQL has it', async () => {
  const { client, ids } = books;
  const input = books.refundInput(creditNoteId, { fromAccountId: ids.expense });
  const details = { type: 'OTHER_EXPENSE', allowed: PAYING };

  const refund = await client.graphql(RefundCreditNoteDocument, { input });
  expect(refund.errors?.[0]).toMatchObject({
    message: 'Account Other Expenses is of type other expense; this needs one of: bank, cash, fixed asset',
    extensions: { code: 'ACCOUNT_INVALID_TYPE', details },
  });
  const several = await client.graphql(RefundCreditNotesDocument, { inputs: [input], mode: 'PER_ITEM' });
  expect(several.data?.refundCreditNotes?.[0]?.refusal?.details).toEqual(details);
  const query = 'query Preview($input: RefundCreditNoteInput!) { previewRefund(input: $input) { refusals { details } } }';
  const preview = await client.graphql<{ previewRefund: { refusals: { details: unknown }[] } }, object>(query, { input });
  expect(preview.data?.previewRefund.refusals).toContainEqual({ details });
});

it('so does each of several refusals', async () => {
  const { client, ids } = books;
  const lines = [{ accountId: ids.bank, amount: '1.00' }];
  const customerId = await books.customer();
  const { errors } = await client.graphql(CreateCreditNoteDocument, {
    input: { customerId, number: 'T-1', date: '2026-01-01', branchId: '999', lines },
  });
  expect(errors?.map(({ extensions }) => extensions.details)).toContainEqual({
    type: 'BANK',
    allowed: ['INCOME', 'OTHER_INCOME', 'TAX_PAYABLE'],
  });
});

it("a legacy client gets the keys that the legacy API's accounts have", async () => {
  const { client, ids } = books;
  const body = books.restBody({ fromAccountId: Number(ids.expense) });
  const { json } = await client.rest(`/api/credit-notes/${creditNoteId}/refunds`, body);
  expect(json.errors[0].payload).toMatchObject({ type: 'other-expense', allowed: ['bank', 'cash', 'fixed-asset'] });
});
