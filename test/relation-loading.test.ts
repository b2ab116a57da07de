import { beforeAll, describe, expect, it } from '@jest/globals';
import { ListsDocument, RefundsPageDocument } from './generated/documents.js';
import { columnsOf } from './helpers/database.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

it('loads a page of 100 refunds with its relations in as many statements as a page of two', async () => {
  const books = await gateway.books();
  for (let index = 0; index < 10; index += 1) await tenRefunds(books);

  const two = await statementsOf(() => books.client.query(RefundsPageDocument, { first: 2 }));
  const hundred = await statementsOf(() => books.client.query(RefundsPageDocument, { first: 100 }));

  expect(hundred.result.refunds.nodes).toHaveLength(100);
  expect(new Set(hundred.result.refunds.nodes.map(({ creditNote }) => creditNote.number)).size).toBe(10);
  expect(hundred.count).toBe(two.count);
  // The page and the balances are read in a transaction each, in one round trip: three statements for each.
  expect(hundred.count).toBeLessThanOrEqual(7);
});

it('loads refunds with their reversals in the statement of the page, whether they are reversed or not', async () => {
  const books = await gateway.books();
  const note = await tenRefunds(books);
  const { id } = await books.refund(note, { amount: '1.00' });
  const reversal = `mutation { reverseRefund(input: { refundId: ${id}, date: "2026-02-02", reason: "Bounced" }) { id } }`;
  expect((await books.client.graphql(reversal)).errors).toBeUndefined();
  const query = '{ refunds { nodes { status reversal { reason } journalEntry { lines { side account { name } } } } } }';

  const { result, count } = await statementsOf(() => books.client.graphql<{ refunds: { nodes: object[] } }, never>(query));

  const lines = [
    { side: 'DEBIT', account: { name: 'Accounts Receivable' } },
    { side: 'CREDIT', account: { name: 'Bank' } },
  ];
  const posted = { status: 'POSTED', reversal: null, journalEntry: { lines } };
  const reversed = { status: 'REVERSED', reversal: { reason: 'Bounced' }, journalEntry: { lines } };
  expect(result.data?.refunds.nodes).toEqual([...Array(10).fill(posted), reversed]);
  // The credential, the refunds and the lines of their entries.
  expect(count).toBe(3);
});

it('looks for rows on the other side of the cursor only if the field that says so is selected', async () => {
  const books = await gateway.books();
  await tenRefunds(books);
  const page = (args: string, field: string) =>
    statementsOf(() =>
      books.client.graphql<{ refunds: { pageInfo: Record<string, string> } }, never>(
        `{ refunds(${args}) { nodes { id } pageInfo { cursor: endCursor ${field} } } }`,
      ),
    );
  const cursor = (await page('first: 5', '')).result.data?.refunds.pageInfo.cursor;

  const [after, before] = [`first: 2, after: "${cursor}"`, `last: 2, before: "${cursor}"`];
  for (const [args, here, beyond] of [
    [after, 'hasNextPage', 'hasPreviousPage'],
    [before, 'hasPreviousPage', 'hasNextPage'],
  ] as const) {
    const [known, asked] = [await page(args, here), await page(args, beyond)];
    expect([known.count, asked.count]).toEqual([2, 3]);
    expect(known.result.data?.refunds.pageInfo).toMatchObject({ [here]: true });
    expect(asked.result.data?.refunds.pageInfo).toMatchObject({ [beyond]: true });
  }
});

it('lets PostgreSQL plan the statements of a page once, and use the plans again', async () => {
  const books = await gateway.books();
  await tenRefunds(books);

  for (let index = 0; index < 8; index += 1) await books.client.query(RefundsPageDocument, { first: 2 });

  // These queries ran one after the other, so all used the connection that was released last.
  const [plans] = await gateway.database.orm.em
    .fork()
    .execute('select sum(custom_plans)::int as again, sum(generic_plans)::int as kept from pg_prepared_statements');
  expect(plans).toEqual({ again: 0, kept: expect.any(Number) });
  expect(plans?.kept).toBeGreaterThanOrEqual(2 * 8);
});

it('loads a credit note with its customer in one statement, after the one for the credential', async () => {
  const books = await gateway.books();
  const { id } = await books.creditNote('100.00');
  const query = `{ creditNote(id: ${id}) { remaining customer { displayName } } }`;

  const { result, count } = await statementsOf(() => books.client.graphql(query));

  expect(result.data).toEqual({ creditNote: { remaining: '100.00', customer: { displayName: 'Carol' } } });
  expect(count).toBe(2);
});

it('loads relations that are selected by fragments and aliases, and none that are skipped', async () => {
  const books = await gateway.books();
  await books.refund((await books.creditNote('100.00')).id);
  const query = `query ($no: Boolean = false) {
    refunds { nodes { ...Around ... on Refund { branch { name } } fromAccount @include(if: $no) { name } } }
  }
  fragment Around on Refund { first: creditNote { customer { displayName } } second: creditNote { branch { name } } }`;

  const { result, count } = await statementsOf(() => books.client.graphql(query));

  const branch = { name: 'Head Office' };
  const refund = { first: { customer: { displayName: 'Carol' } }, second: { branch }, branch };
  expect(result.data).toEqual({ refunds: { nodes: [refund] } });
  expect(count).toBe(2);
  expect(gateway.database.statements.at(-1)).not.toContain('accounts');
});

it('loads relations at any depth of the selection', async () => {
  const books = await gateway.books();
  const { id } = await books.refund((await books.creditNote('100.00')).id);
  const reverse = `mutation { reverseRefund(input: { refundId: ${id}, date: "2026-02-02", reason: "Bounced" }) { id } }`;
  expect((await books.client.graphql(reverse)).errors).toBeUndefined();
  const query = `{ refund(id: ${id}) { status reversal {
    journalEntry { reversalOf { reversedBy { reversalOf { memo lines { customer { displayName } } } } } }
    refund { creditNote { remaining lines { amount account { name } } customer { displayName } } }
  } } }`;

  const { data } = await books.client.graphql<{ refund: Record<string, unknown> }, never>(query);

  const customer = { displayName: 'Carol' };
  const entry = { memo: expect.stringMatching(/^Refund of credit note /), lines: [{ customer }, { customer: null }] };
  const note = { remaining: '100.00', lines: [{ amount: '100.00', account: { name: 'Sales' } }], customer };
  expect(data?.refund).toEqual({
    status: 'REVERSED',
    reversal: { journalEntry: { reversalOf: { reversedBy: { reversalOf: entry } } }, refund: { creditNote: note } },
  });
});

it('returns for each mutation of a document the note as it was after that mutation', async () => {
  const books = await gateway.books();
  const { id } = await books.creditNote('100.00');
  const document = `mutation ($input: RefundCreditNoteInput!) {
    a: refundCreditNote(input: $input) { creditNote { remaining refunds { nodes { creditNote { remaining } } } } }
    b: refundCreditNote(input: $input) { creditNote { remaining refunds { nodes { creditNote { remaining } } } } }
  }`;

  const { data } = await books.client.graphql(document, { input: books.refundInput(id) });

  const [after1, after2] = ['60.00', '20.00'].map((remaining) => ({ remaining, refunds: { creditNote: { remaining } } }));
  expect(data).toEqual({
    a: { creditNote: { ...after1, refunds: { nodes: [after1?.refunds] } } },
    b: { creditNote: { ...after2, refunds: { nodes: [after2?.refunds, after2?.refunds] } } },
  });
});

it('returns two pages of one note in one request', async () => {
  const books = await gateway.books();
  const id = await tenRefunds(books);
  const query = `{ creditNote(id: ${id}) { a: refunds(first: 2) { nodes { id } } b: refunds(first: 4) { nodes { id } } } }`;

  const { data } = await books.client.graphql<{ creditNote: Record<'a' | 'b', { nodes: { id: string }[] }> }, never>(query);

  expect([data?.creditNote.a.nodes.length, data?.creditNote.b.nodes.length]).toEqual([2, 4]);
});

it.each([0, 101])('refuses a page of %i rows', async (first) => {
  const books = await gateway.books();
  const { errors } = await books.client.graphql(RefundsPageDocument, { first });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'first' });
});

it("lists only the rows of the caller's organization", async () => {
  const books = await gateway.books();
  await tenRefunds(await gateway.books());
  const lists = await books.client.query(ListsDocument);
  expect([
    lists.creditNotes.nodes.length,
    lists.refunds.nodes.length,
    lists.accounts.nodes.length,
    lists.branches.nodes.length,
    lists.customers.nodes.length,
  ]).toEqual([0, 0, 7, 1, 0]);
});

describe('beside an organization that has nearly all rows', () => {
  const own = sharedGateway();
  beforeAll(async () => {
    const { id } = await (await own.books()).creditNote('100.00');
    const { superuser } = own.database;
    const columns = await columnsOf(superuser, 'credit_notes');
    await superuser.query('set session_replication_role = replica');
    await superuser.query(
      `insert into credit_notes (${columns}) select ${columns} from (
         select (jsonb_populate_record(
           original, jsonb_build_object('id', original.id + n, 'number', 'CN-' || n, 'journal_entry_id', -n)
         )).* from credit_notes original, generate_series(1, 20000) n where original.id = $1
       ) copies`,
      [id],
    );
    await superuser.query('analyze credit_notes');
  });

  it('an index finds the first page of a new organization', async () => {
    const { client } = await own.books();
    const { database } = own;

    const { data } = await client.graphql<{ creditNotes: { nodes: unknown[] } }, never>('{ creditNotes { nodes { number } } }');

    expect(data?.creditNotes.nodes).toEqual([]);
    const [statement] = /select root.*limit \$\d+/s.exec(database.statements.at(-1) ?? '') ?? [];
    // The generic plan, which does not depend on the organization.
    const { rows } = await database.superuser.query(`explain (generic_plan) ${statement}`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Cond: \(organization_id = \$1\)/);
  });
});

async function tenRefunds(books: Books): Promise<string> {
  const { id } = await books.creditNote('100.00');
  for (let index = 0; index < 10; index += 1) await books.refund(id, { amount: '1.00' });
  return id;
}

async function statementsOf<T>(work: () => Promise<T>): Promise<{ result: T; count: number }> {
  const before = gateway.database.statements.length;
  const result = await work();
  return { result, count: gateway.database.statements.length - before };
}
