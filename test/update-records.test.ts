import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEventsDocument } from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway.stop());

/** Executes a mutation with an input; returns the result, or the first error. */
async function execute(books: Books, name: string, input: object, fields = 'id') {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation($input: ${type}!) { it: ${name}(input: $input) { ${fields} } }`;
  const { data, errors } = await books.client.graphql<{ it: { id: string } }, object>(document, { input });
  return errors?.[0]?.extensions ?? data?.it;
}

async function refusal(books: Books, name: string, input: object) {
  const before = await books.everything();
  const refused = await execute(books, name, input);
  expect(await books.everything()).toEqual(before);
  return refused;
}

async function branch(books: Books): Promise<string> {
  const made = await execute(books, 'createBranch', { code: 'W', name: 'West' });
  return String((made as { id: string }).id);
}

/** Opens a draft of 100.00 by SQL, past the gateway. */
async function openedBySql(books: Books, draftId: string): Promise<string> {
  const { sql } = gateway.database;
  const { ids, organization } = books;
  const entry = books.newest('journal_entries');
  const note = `organization_id = ${organization.id} and id = ${draftId}`;
  const line = (side: string, account: string, customer: string) =>
    `(${organization.id}, ${entry}, '2026-01-15', '${side}', ${account}, ${customer}, ${ids.branch}, 100)`;
  try {
    await sql.query('begin');
    await sql.query(`insert into journal_entries (organization_id, posting_date, source, memo)
      values (${organization.id}, '2026-01-15', 'CREDIT_NOTE', '')`);
    await sql.query(`insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount)
      values ${line('DEBIT', ids.sales, 'null')}, ${line('CREDIT', ids.receivable, `(select customer_id from credit_notes where ${note})`)}`);
    await sql.query(`update credit_notes set opened_at = now(), journal_entry_id = ${entry} where ${note}`);
    await sql.query('commit');
    return 'opened';
  } catch (error) {
    await sql.query('rollback');
    return String(error);
  }
}

describe('a record is changed', () => {
  it('in the fields that are given, with an event of the values before and after', async () => {
    const books = await gateway.books();
    const customerId = await books.customer();
    const fields = 'displayName email active';
    await execute(books, 'updateCustomer', { customerId, email: 'dora@example.com' });
    expect(await execute(books, 'updateCustomer', { customerId, displayName: ' Dora ' }, fields)).toEqual({
      displayName: 'Dora',
      email: 'dora@example.com',
      active: true,
    });
    expect(await execute(books, 'updateCustomer', { customerId, email: null }, fields)).toMatchObject({ email: null });
    // There is no address any more, so that nothing changes.
    expect(await execute(books, 'updateCustomer', { customerId, email: null }, fields)).toMatchObject({ email: null });
    const accountId = books.ids.receivable;
    expect(await execute(books, 'updateAccount', { accountId, name: 'Debtors', code: '1100' }, 'name code active')).toEqual({
      name: 'Debtors',
      code: '1100',
      active: true,
    });

    const { auditEvents } = await books.client.query(AuditEventsDocument, {});
    expect(auditEvents.nodes.filter(({ action }) => action === 'updateCustomer').map(({ details }) => details)).toEqual([
      { id: customerId, emailBefore: '', emailAfter: 'dora@example.com' },
      { id: customerId, displayNameBefore: 'Carol', displayNameAfter: 'Dora' },
      { id: customerId, emailBefore: 'dora@example.com', emailAfter: '' },
      { id: customerId },
    ]);
  });

  it('and refused, and nothing written, if another has its code, or there is none', async () => {
    const books = await gateway.books();
    const branchId = await branch(books);
    expect(await refusal(books, 'updateBranch', { branchId, code: '1' })).toMatchObject({
      code: 'BRANCH_CODE_NOT_UNIQUE',
      field: 'code',
    });
    const { bank: accountId } = books.ids;
    expect(await refusal(books, 'updateAccount', { accountId, code: '50001' })).toMatchObject({ code: 'ACCOUNT_CODE_NOT_UNIQUE' });
    expect(await refusal(books, 'updateAccount', { accountId: '999999999999' })).toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
    expect(await refusal(books, 'updateBranch', { branchId: '999999999999' })).toMatchObject({ code: 'BRANCH_ID_NOT_FOUND' });
    expect(await refusal(books, 'updateCustomer', { customerId: '999999999999' })).toMatchObject({ code: 'CUSTOMER_NOT_FOUND' });
  });
});

describe('an inactive record is refused in new documents, and its history stays', () => {
  it('a customer gets no credit note, no draft is opened, and the credit can be paid', async () => {
    const books = await gateway.books();
    const customerId = await books.customer();
    const note = await books.creditNote('100.00', { customerId });
    const draft = await books.creditNote('100.00', { customerId, open: false });
    expect(await execute(books, 'updateCustomer', { customerId, active: false }, 'active')).toEqual({ active: false });

    const input = { customerId, date: '2026-01-15', lines: [{ accountId: books.ids.sales, amount: '5' }] };
    expect(await refusal(books, 'createCreditNote', input)).toMatchObject({ code: 'CUSTOMER_INACTIVE', field: 'customerId' });
    const { errors } = await books.client.graphql(`mutation { openCreditNote(id: ${draft.id}) { id } }`);
    expect(errors?.[0]?.extensions.code).toBe('CUSTOMER_INACTIVE');
    expect(await books.refund(note.id)).toMatchObject({ status: 'POSTED' });

    await execute(books, 'updateCustomer', { customerId, active: true });
    expect(await execute(books, 'createCreditNote', input)).toMatchObject({ id: expect.anything() });
  });

  it('a branch gets neither refunds nor credit notes', async () => {
    const books = await gateway.books();
    const branchId = await branch(books);
    const { id } = await books.creditNote('100.00', { branchId });
    await execute(books, 'updateBranch', { branchId, active: false });
    const refused = { code: 'BRANCH_INACTIVE', field: 'branchId' };
    expect(await refusal(books, 'refundCreditNote', books.refundInput(id, { branchId }))).toMatchObject(refused);
    const reply = await books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody({ branchId: Number(branchId) }));
    expect(reply.status).toBe(400);
    const input = {
      customerId: await books.customer(),
      branchId,
      date: '2026-01-15',
      lines: [{ accountId: books.ids.sales, amount: '5' }],
    };
    expect(await refusal(books, 'createCreditNote', input)).toMatchObject(refused);
    expect(await books.refund(id)).toMatchObject({ status: 'POSTED' });
  });

  it('an account pays no refund, and no draft that debits it is opened', async () => {
    const books = await gateway.books();
    const { bank, sales } = books.ids;
    const { id } = await books.creditNote('100.00');
    const draft = await books.creditNote('100.00', { open: false });
    for (const accountId of [bank, sales]) await execute(books, 'updateAccount', { accountId, active: false });
    expect(await refusal(books, 'refundCreditNote', books.refundInput(id))).toMatchObject({ code: 'ACCOUNT_INACTIVE' });
    const { errors } = await books.client.graphql(`mutation { openCreditNote(id: ${draft.id}) { id } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'ACCOUNT_INACTIVE', field: 'id' });
    expect(await openedBySql(books, draft.id)).toContain('has an inactive customer, branch or account');
    await execute(books, 'updateAccount', { accountId: sales, active: true });
    expect(await openedBySql(books, draft.id)).toBe('opened');
  });

  it('the primary branch and the system accounts stay active', async () => {
    const books = await gateway.books();
    const needed = { code: 'RECORD_IS_NEEDED', field: 'active' };
    expect(await refusal(books, 'updateBranch', { branchId: books.ids.branch, active: false })).toMatchObject(needed);
    expect(await refusal(books, 'updateAccount', { accountId: books.ids.receivable, active: false })).toMatchObject(needed);
  });
});
