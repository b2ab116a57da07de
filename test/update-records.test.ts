import { describe, expect, it } from '@jest/globals';
import { AuditEventsDocument } from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

const gateway = sharedGateway();

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

  it('no draft gets an inactive customer or branch by SQL', async () => {
    const books = await gateway.books();
    const [customerId, branchId] = [await books.customer(), await branch(books)];
    const kept = await books.creditNote('100.00', { customerId, branchId, open: false });
    const other = await books.creditNote('100.00', { open: false });
    await execute(books, 'updateCustomer', { customerId, active: false });
    await execute(books, 'updateBranch', { branchId, active: false });
    const { superuser } = gateway.database;
    const own = `organization_id = ${books.organization.id}`;
    const columns = 'organization_id, date, currency_code, exchange_rate, total, reference_no, note, created_by';

    for (const [column, id] of [
      ['customer_id', customerId],
      ['branch_id', branchId],
    ] as const) {
      const changed = `update credit_notes set ${column} = ${id} where ${own} and id = ${other.id}`;
      await expect(superuser.query(changed)).rejects.toThrow('cannot get an inactive customer or branch');
      const copied = `insert into credit_notes (${columns}, number, customer_id, branch_id)
        select ${columns}, 'copy', ${column === 'customer_id' ? id : 'customer_id'}, ${column === 'branch_id' ? id : 'branch_id'}
        from credit_notes where ${own} and id = ${other.id}`;
      await expect(superuser.query(copied)).rejects.toThrow('cannot get an inactive customer or branch');
    }
    // The draft that had them before may still be changed.
    await superuser.query(
      `update credit_notes set note = 'Call first', customer_id = ${customerId} where ${own} and id = ${kept.id}`,
    );
  });

  it('and one can be left out of a list', async () => {
    const books = await gateway.books();
    const [customerId, branchId, accountId] = [await books.customer(), await branch(books), await books.account('BANK')];
    await execute(books, 'updateCustomer', { customerId, active: false });
    await execute(books, 'updateBranch', { branchId, active: false });
    await execute(books, 'updateAccount', { accountId, active: false });
    const kept = await books.customer();
    const lists = (active: boolean) =>
      ['customers', 'branches', 'accounts'].map((list) => `${list}(filter: { active: ${active} }) { nodes { id } totalCount }`);
    const inactive = await books.client.graphql(`{ ${lists(false).join(' ')} }`);
    expect(inactive.data).toEqual({
      customers: { nodes: [{ id: customerId }], totalCount: 1 },
      branches: { nodes: [{ id: branchId }], totalCount: 1 },
      accounts: { nodes: [{ id: accountId }], totalCount: 1 },
    });
    const active = await books.client.graphql(`{ ${lists(true).join(' ')} }`);
    expect(active.data).toMatchObject({
      customers: { nodes: [{ id: kept }] },
      branches: { nodes: [{ id: books.ids.branch }] },
    });
  });

  it('the primary branch and the system accounts stay active', async () => {
    const books = await gateway.books();
    const needed = { code: 'RECORD_IS_NEEDED', field: 'active' };
    expect(await refusal(books, 'updateBranch', { branchId: books.ids.branch, active: false })).toMatchObject(needed);
    expect(await refusal(books, 'updateAccount', { accountId: books.ids.receivable, active: false })).toMatchObject(needed);
  });
});

describe('a change by SQL needs an audit event in its transaction', () => {
  /** Runs the statements in one transaction; returns "accepted" or the database's error message. */
  function outcome(...statements: string[]): Promise<string> {
    return outcomeOf(gateway.database.sql, ...statements);
  }

  it.each<[string, (books: Books) => Promise<string> | string, string, string, object]>([
    ['accounts', ({ ids }) => ids.bank, `name = 'Other bank'`, 'updateAccount', { nameAfter: 'Other bank' }],
    ['accounts', ({ ids }) => ids.bank, 'active = false', 'updateAccount', { activeAfter: 'false' }],
    ['branches', ({ ids }) => ids.branch, `code = 'HQ'`, 'updateBranch', { codeAfter: 'HQ' }],
    ['customers', (books) => books.customer(), `email = 'dora@example.com'`, 'updateCustomer', { emailAfter: 'dora@example.com' }],
    [
      'organizations',
      ({ organization }) => String(organization.id),
      'credit_card_refunds = true',
      'updateOrganization',
      { creditCardRefundsAfter: 'true' },
    ],
    [
      'organizations',
      ({ organization }) => String(organization.id),
      `rest_contract = 'observed'`,
      'updateOrganization',
      { restContractAfter: 'observed' },
    ],
    [
      'organizations',
      ({ organization }) => String(organization.id),
      `name = 'Other Ltd'`,
      'updateOrganization',
      { nameAfter: 'Other Ltd' },
    ],
  ])('of %s', async (table, idOf, change, action, after) => {
    const books = await gateway.books();
    const id = await idOf(books);
    const where = table === 'organizations' ? `id = ${id}` : `organization_id = ${books.organization.id} and id = ${id}`;
    const update = `update ${table} set ${change} where ${where}`;
    const event = (
      details: object,
      name = action,
    ) => `insert into audit_events (organization_id, action, details, created_by, request_id)
      values (${books.organization.id}, '${name}', '${JSON.stringify(details)}', 'psql', 'psql')`;
    const named = table === 'organizations' ? {} : { id };

    expect(await outcome(update)).toContain(`changes without an event of ${action}`);
    expect(await outcome(event({ ...named, ...after }, 'createBranch'), update)).toContain('without an event');
    expect(await outcome(event({ ...named, other: 'x' }), update)).toContain('without an event');
    if (table !== 'organizations') expect(await outcome(event({ id: '1000', ...after }), update)).toContain('without an event');
    expect(await outcome(event({ ...named, ...after }))).toBe('accepted');
    expect(await outcome(update)).toContain('without an event');
    expect(await outcome(update, event({ ...named, ...after }))).toBe('accepted');
  });
});

it.each(['accounts', 'branches', 'customers', 'organizations'])(
  'each column of %s that the gateway may change is among those that need an event',
  async (table) => {
    const { rows } = await gateway.database.sql.query(
      `select attname as name from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and has_column_privilege($1, attname, 'update') order by attname`,
      [table],
    );
    const { rows: triggers } = await gateway.database.sql.query(
      `select pg_get_triggerdef(oid) as text from pg_trigger where tgrelid = $1::regclass and tgname = 'change_leaves_trail'`,
      [table],
    );
    const watched = [...String(triggers[0]?.text).matchAll(/'(\w+) \w+After'/g)].map(([, column]) => column);
    // The lock date has an event of its own.
    const changeable = rows.map(({ name }) => name).filter((name) => name !== 'lock_date');
    expect(watched.sort()).toEqual(changeable);
  },
);
