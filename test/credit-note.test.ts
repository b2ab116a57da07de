import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  type CreateCreditNoteInput,
  CreateCustomerDocument,
  OpenCreditNoteDocument,
} from './generated/documents.js';
import { freshBooks, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);
let customerId: string;
beforeEach(async () => {
  customerId = await books.customer();
});

describe('opening a credit note', () => {
  it('debits the income accounts of its lines and credits the receivable, on its own date', async () => {
    const returns = await books.account('INCOME');
    const lines = [
      { accountId: books.ids.sales, amount: '60.00', description: 'Chair' },
      { accountId: returns, amount: '40.00' },
    ];

    const note = await books.creditNote('0', { lines, customerId });

    expect(note).toMatchObject({ number: 'CN-00001', status: 'OPEN', total: '100.00', refunded: '0.00', remaining: '100.00' });
    expect(note.journalEntry?.postingDate).toBe('2026-01-15');
    expect(ledger(note.journalEntry)).toEqual(['debit Sales 60.00', 'debit INCOME 40.00', 'credit Accounts Receivable 100.00']);
  });

  it('rounds lines in a foreign currency so that they add up to the rounded total in the base currency', async () => {
    const line = { accountId: books.ids.sales, amount: '0.05' };
    const note = await books.creditNote('0', { lines: [line, line, line], currencyCode: 'EUR', exchangeRate: '1.10' });
    expect(ledger(note.journalEntry)).toEqual([
      'debit Sales 0.06 (0.05 EUR)',
      'debit Sales 0.05 (0.05 EUR)',
      'debit Sales 0.06 (0.05 EUR)',
      'credit Accounts Receivable 0.17 (0.15 EUR)',
    ]);
  });

  it('posts the entry of a draft, which had none', async () => {
    const draft = await books.creditNote('100.00', { open: false });
    expect(draft).toMatchObject({ status: 'DRAFT', journalEntry: null });

    const { openCreditNote } = await books.client.query(OpenCreditNoteDocument, { id: draft.id });

    expect(openCreditNote).toMatchObject({ id: draft.id, status: 'OPEN' });
    expect(ledger(openCreditNote.journalEntry)).toEqual(['debit Sales 100.00', 'credit Accounts Receivable 100.00']);
  });

  it('succeeds only once for parallel requests', async () => {
    const { id } = await books.creditNote('100.00', { open: false });

    const replies = await Promise.all(Array.from({ length: 8 }, () => books.client.graphql(OpenCreditNoteDocument, { id })));

    expect(replies.filter(({ errors }) => errors === undefined)).toHaveLength(1);
    expect(new Set(replies.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code))).toEqual(
      new Set(['CREDIT_NOTE_ALREADY_OPENED']),
    );
  });

  it('is refused on the lock date', async () => {
    await books.lock('2026-01-15');
    const before = await books.snapshot();
    expect(await refusal({ open: true })).toMatchObject({ code: 'TRANSACTIONS_DATE_LOCKED', field: 'date' });
    expect(await books.snapshot()).toEqual(before);
  });

  it.each(['999999', 'abc', ''])('is refused for an unknown id: %p', async (id) => {
    const { errors } = await books.client.graphql(OpenCreditNoteDocument, { id });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CREDIT_NOTE_NOT_FOUND', field: 'id' });
  });
});

describe('recording a credit note', () => {
  it('defaults to the customer’s currency, the primary branch and the next number', async () => {
    const euro = await books.customer('EUR');
    const first = await books.creditNote('1.00', { customerId });
    const second = await books.creditNote('1.00', { customerId: euro, exchangeRate: 1.1 });
    expect([first.number, first.currencyCode, first.branch.id]).toEqual(['CN-00001', 'USD', books.ids.branch]);
    expect([second.number, second.currencyCode, second.exchangeRate]).toEqual(['CN-00002', 'EUR', '1.1']);
  });

  it.each<[string, string, string, () => Partial<CreateCreditNoteInput> | Promise<Partial<CreateCreditNoteInput>>]>([
    ['an unknown customer', 'CUSTOMER_NOT_FOUND', 'customerId', () => ({ customerId: '999999' })],
    ['an unknown branch', 'BRANCH_ID_NOT_FOUND', 'branchId', () => ({ branchId: '999999' })],
    ['an unknown account', 'ACCOUNT_NOT_FOUND', 'lines.0.accountId', () => ({ lines: [{ accountId: '999999', amount: '1' }] })],
    [
      'a bank account',
      'ACCOUNT_INVALID_TYPE',
      'lines.0.accountId',
      () => ({ lines: [{ accountId: books.ids.bank, amount: '1' }] }),
    ],
    [
      'an amount with half a cent',
      'AMOUNT_PRECISION',
      'lines.0.amount',
      () => ({ lines: [{ accountId: books.ids.sales, amount: '0.005' }] }),
    ],
    [
      'an amount of zero',
      'AMOUNT_NOT_POSITIVE',
      'lines.0.amount',
      () => ({ lines: [{ accountId: books.ids.sales, amount: '0' }] }),
    ],
    ['no lines', 'BAD_USER_INPUT', 'lines', () => ({ lines: [] })],
    [
      'lines whose total is too large',
      'AMOUNT_TOO_LARGE',
      'lines',
      () => ({ lines: Array(2).fill({ accountId: books.ids.sales, amount: '9999999999999.99' }) }),
    ],
    ['a rate other than 1 in the base currency', 'EXCHANGE_RATE_INVALID', 'exchangeRate', () => ({ exchangeRate: '1.1' })],
    [
      'no rate in a foreign currency',
      'EXCHANGE_RATE_INVALID',
      'exchangeRate',
      async () => ({ customerId: await books.customer('EUR') }),
    ],
    ['a blank number', 'BAD_USER_INPUT', 'number', () => ({ number: ' ' })],
  ])('refuses %s', async (_name, code, field, changes) => {
    const given = await changes();
    const before = await books.snapshot();
    expect(await refusal(given)).toMatchObject({ code, field });
    expect(await books.snapshot()).toEqual(before);
  });

  it('refuses a number that the organization has already used, and accepts it in another organization', async () => {
    await books.creditNote('1.00', { number: 'A-1' });
    expect(await refusal({ number: 'A-1' })).toMatchObject({ code: 'CREDIT_NOTE_NUMBER_NOT_UNIQUE', field: 'number' });
    expect(await (await gateway.books()).creditNote('1.00', { number: 'A-1' })).toMatchObject({ number: 'A-1' });
  });
});

describe('creating accounts, branches and customers', () => {
  it('returns what was created', async () => {
    const account = { code: 'X1', name: 'Till', type: 'CASH' as const };
    expect((await books.client.query(CreateAccountDocument, { input: account })).createAccount).toMatchObject({
      ...account,
      currencyCode: 'USD',
      active: true,
      balance: '0.00',
    });
    const branch = { code: 'B2', name: 'South' };
    expect((await books.client.query(CreateBranchDocument, { input: branch })).createBranch).toMatchObject({
      ...branch,
      isPrimary: false,
    });
    const customer = { displayName: 'Zoë', email: 'zoe@example.com', currencyCode: 'KWD' };
    expect((await books.client.query(CreateCustomerDocument, { input: customer })).createCustomer).toMatchObject(customer);
  });

  it('refuses a code that is taken, an unknown currency and a wrong e-mail address', async () => {
    const account = { code: '10001', name: 'Bank again', type: 'BANK' as const };
    const code = await books.client.graphql(CreateAccountDocument, { input: account });
    const branch = await books.client.graphql(CreateBranchDocument, { input: { code: '1', name: 'Again' } });
    const currency = await books.client.graphql(CreateAccountDocument, { input: { ...account, code: 'new', currencyCode: 'XYZ' } });
    const email = await books.client.graphql(CreateCustomerDocument, { input: { displayName: 'A', email: 'nobody' } });
    const refusals = [code, branch, currency, email].map(({ errors }) => [
      errors?.[0]?.extensions.code,
      errors?.[0]?.extensions.field,
    ]);
    expect(refusals).toEqual([
      ['ACCOUNT_CODE_NOT_UNIQUE', 'code'],
      ['BRANCH_CODE_NOT_UNIQUE', 'code'],
      ['CURRENCY_NOT_FOUND', 'currencyCode'],
      ['BAD_USER_INPUT', 'email'],
    ]);
  });
});

/** The refusal of a valid credit note with the changes. */
async function refusal(changes: Partial<CreateCreditNoteInput>) {
  const input = { customerId, date: '2026-01-15', lines: [{ accountId: books.ids.sales, amount: '1.00' }], ...changes };
  const { errors } = await books.client.graphql(CreateCreditNoteDocument, { input });
  return errors?.[0]?.extensions;
}
