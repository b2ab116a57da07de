import { describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import { AccountType } from '../src/entities/account-type.js';
import { CancelRemainingDocument, MeDocument } from './generated/documents.js';
import { type Client, freshBooks, sharedGateway } from './helpers/gateway.js';

/**
 * What the drawers and dialogs of the legacy web app read besides the recorded paths. No replies of these paths are recorded: the shapes are those of the
 * legacy server's source.
 */
const gateway = sharedGateway();
const books = freshBooks(gateway);

async function get(url: string, client: Client = books.client) {
  const reply = await gateway.app.inject({ url, headers: client.headers });
  return { status: reply.statusCode, json: reply.json() };
}

describe('GET /api/reports/transactions-by-reference', () => {
  const path = '/api/reports/transactions-by-reference';

  /** The lines as an accountant writes them. */
  async function linesOf(type: string, id: string, client?: Client): Promise<string[]> {
    const { status, json } = await get(`${path}?reference_type=${type}&reference_id=${id}`, client);
    expect(status).toBe(200);
    return json.transactions.map(
      ({ debit, credit, account_name: name }: Record<string, never> & { debit: Amount; credit: Amount }) =>
        `${debit.amount > 0 ? 'debit' : 'credit'} ${name} ${debit.formatted_amount || credit.formatted_amount}`,
    );
  }

  interface Amount {
    readonly amount: number;
    readonly formatted_amount: string;
  }

  it('has the lines of a credit note and of a refund in the base currency', async () => {
    const note = await books.creditNote('1000.00', { currencyCode: 'EUR', exchangeRate: '1.2' });
    const refund = await books.refund(note.id, { amount: '100.00', exchangeRate: '1.2', date: '2026-02-01' });
    // The web app writes the type of a note with a small letter.
    expect(await linesOf('creditNote', note.id)).toEqual(['debit Sales 1,200.00', 'credit Accounts Receivable 1,200.00']);
    expect(await linesOf('RefundCreditNote', refund.id)).toEqual(['debit Accounts Receivable 120.00', 'credit Bank 120.00']);

    const { json } = await get(`${path}?referenceType=RefundCreditNote&referenceId=${refund.id}`);
    expect(json.transactions[0]).toEqual({
      date: { formatted_date: '2026-02-01', date: '2026-02-01T00:00:00.000Z' },
      formatted_date: '2026-02-01',
      credit: { amount: 0, formatted_amount: '', currency_code: 'USD' },
      debit: { amount: 120, formatted_amount: '120.00', currency_code: 'USD' },
      contact_type: null,
      formatted_contact_type: '',
      contact_id: expect.any(Number),
      reference_type: 'RefundCreditNote',
      formatted_reference_type: 'Refund Credit Note',
      reference_id: Number(refund.id),
      account_name: 'Accounts Receivable',
      account_code: expect.any(String),
      account_id: Number(books.ids.receivable),
    });
    expect(json.transactions[1].contact_id).toBeNull();
  });

  it('has what a cancellation of the remaining credit has posted', async () => {
    const { id } = await books.creditNote('100.00');
    const before = await linesOf('CreditNote', id);
    await books.client.query(CancelRemainingDocument, { input: { creditNoteId: id, reason: 'Too small', date: '2026-02-01' } });
    expect((await linesOf('CreditNote', id)).length).toBe(before.length + 2);
  });

  it('has no lines of what is gone, unknown, or of another organization', async () => {
    const note = await books.creditNote('100.00');
    const refund = await books.refund(note.id, { amount: '40.00' });
    const [draft, other] = [await books.creditNote('100.00', { open: false }), await gateway.books()];
    expect((await linesOf('RefundCreditNote', refund.id)).length).toBe(2);

    await gateway.app.inject({ method: 'DELETE', url: `/api/credit-notes/refunds/${refund.id}`, headers: books.client.headers });
    expect(await linesOf('RefundCreditNote', refund.id)).toEqual([]);
    expect(await linesOf('CreditNote', note.id, other.client)).toEqual([]);
    await gateway.app.inject({ method: 'DELETE', url: `/api/credit-notes/${note.id}`, headers: books.client.headers });
    for (const id of [note.id, draft.id, '999999999', '3abc', '-1'])
      expect([id, await linesOf('CreditNote', id)]).toEqual([id, []]);
    expect(await linesOf('SaleInvoice', note.id)).toEqual([]);
  });

  it('needs both parameters, and names those that are missing by the rules of the legacy server', async () => {
    const { status, json } = await get(`${path}?reference_type=`);
    expect([status, json.message]).toEqual([
      400,
      [
        expect.objectContaining({ property: 'reference_type', constraints: { isNotEmpty: 'reference_type should not be empty' } }),
        expect.objectContaining({
          property: 'reference_id',
          constraints: { isNotEmpty: 'reference_id should not be empty', isString: 'reference_id must be a string' },
        }),
      ],
    ]);
    expect((await get(`${path}?reference_type=CreditNote&reference_id=1&reference_id=2`)).status).toBe(400);
  });
});

it('GET /api/accounts/types lists each type of account with its label, its parent and its root', async () => {
  const { status, json } = await get('/api/accounts/types');
  expect([status, json.map(({ key }: { key: string }) => key)]).toEqual([200, Object.values(AccountType)]);
  expect(json.find(({ key }: { key: string }) => key === 'bank')).toEqual({
    ...{ label: 'Bank', key: 'bank', normal: 'debit', root_type: 'asset', parent_type: 'current-asset' },
    ...{ multi_currency: true, balance_sheet: true, income_sheet: false },
  });
  expect(json.find(({ key }: { key: string }) => key === 'other-income')).toEqual({
    ...{ label: 'Other Income', key: 'other-income', normal: 'credit', root_type: 'income', parent_type: 'income' },
    ...{ balance_sheet: false, income_sheet: true },
  });
});

it('GET /api/branches/{id} returns the branch as the list has it', async () => {
  const [listed] = (await get('/api/branches')).json;
  expect(await get(`/api/branches/${books.ids.branch}`)).toEqual({ status: 200, json: listed });
  const other = await gateway.books();
  for (const unknown of ['999999999', '3abc', other.ids.branch]) {
    const { status, json } = await get(`/api/branches/${unknown}`);
    expect([status, json.message]).toEqual([404, 'NotFoundError']);
  }
});

it('GET /api/credit-notes/state names no template: the gateway prints nothing', async () => {
  expect(await get('/api/credit-notes/state')).toEqual({ status: 200, json: { default_template_id: null } });
});

it('the lines of a credit note are for items with a name, which the drawer shows', async () => {
  const lines = [
    { accountId: books.ids.sales, amount: '60.00' },
    { accountId: books.ids.sales, amount: '40.00', description: 'Broken lamp' },
  ];
  const { id } = await books.creditNote('100.00', { lines });
  const { json: one } = await get(`/api/credit-notes/${id}`);
  expect(one.entries.map(({ item }: { item: object }) => item)).toMatchObject([
    { id: null, name: 'Sales', sell_account_id: Number(books.ids.sales), type: null },
    { id: null, name: 'Broken lamp', sell_account_id: Number(books.ids.sales), type: null },
  ]);
  expect((await get('/api/credit-notes')).json.credit_notes[0].entries).toEqual(one.entries);
});

describe('what the web app reads before it shows a screen', () => {
  it('GET /api/auth/account is the caller by its name', async () => {
    const { me } = await books.client.query(MeDocument);
    expect((await get('/api/auth/account')).json).toEqual({
      ...{ id: 0, first_name: me.name, last_name: '', email: null, active: true, language: 'en', tenant_id: 1, verified: true },
    });
  });

  it('GET /api/auth/meta says that nobody can sign up here', async () => {
    expect(await get('/api/auth/meta')).toEqual({ status: 200, json: { signup_disabled: true } });
  });

  it.each([Role.VIEWER, Role.ACCOUNTANT, Role.ADMIN])('GET /api/dashboard/boot says what a %s may do', async (role) => {
    const { json } = await get('/api/dashboard/boot', await gateway.client(books.organization, role));
    const may = json.abilities.map(({ subject, action }: Record<string, string>) => `${action} ${subject}`);
    const reads = ['View CreditNote', 'View Customer', 'View Account'];
    expect(may).toEqual(role === Role.VIEWER ? reads : [...reads, 'Refund CreditNote', 'Delete CreditNote']);
    expect(json.features).toEqual([
      { name: 'warehouses', is_accessible: false, default_accessible: false },
      { name: 'branches', is_accessible: true, default_accessible: false },
      { name: 'BankSyncing', is_accessible: false, default_accessible: false },
    ]);
  });

  it('each view of the credit notes can be asked for, and they can be filtered by nothing', async () => {
    const { json: views } = await get('/api/views/resource/credit_notes');
    expect(views.map(({ name, slug }: Record<string, string>) => [name, slug])).toEqual([
      ['Draft', 'draft'],
      ['Published', 'published'],
      ['Open', 'open'],
      ['Closed', 'closed'],
    ]);
    for (const { slug } of views) expect((await get(`/api/credit-notes?view_slug=${slug}`)).status).toBe(200);
    expect((await get('/api/resources/credit_notes/meta')).json.resource_meta.fields).toEqual({});
  });
});
