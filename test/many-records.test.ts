import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from '@jest/globals';
import { signJwt } from '../src/auth/jwt.js';
import { Role } from '../src/entities/access.js';
import { addMember } from '../src/services/organizations/members.js';
import { columnsOf } from './helpers/database.js';
import { Client, JWT, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { MUTATIONS, mutate, mutationCase } from './helpers/mutations.js';
import { EXPLAIN, type Executed, plantRows, watchPlans } from './helpers/plans.js';

/** What concerns one record reads as many rows of an organization with thousands of records as of one with a few. */

const COPIES = 5_000;

/** Rows that one statement may read: the names of all time zones, and no 1,000 records. */
const FEW = 700;

const gateway = sharedGateway({ settings: EXPLAIN });
const books = sharedBooks(gateway);
let executed: Executed[];
/** The values of the names in a query or a path. */
let ids: Readonly<Record<string, string>>;

beforeAll(async () => {
  await addRecords();
  executed = await watchPlans(gateway);
});

/** Copies one row of each table, with other ids and keys. */
async function addRecords(): Promise<void> {
  const [customer, account] = [await books.customer(), await books.account('BANK')];
  const { id, number } = await books.creditNote('100.00', { customerId: customer });
  const refund = await books.refund(id, { fromAccountId: account, amount: '1.00' });
  ids = {
    NUMBER: String(number),
    NOTE: id,
    REFUND: String(refund?.id),
    CUSTOMER: customer,
    ACCOUNT: account,
    BRANCH: books.ids.branch,
  };
  await books.client.graphql(
    'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input, idempotencyKey: "k") { id } }',
    { input: books.refundInput(id) },
  );
  await books.client.graphql('mutation { updateOrganization(input: { name: "Acme Ltd" }) { id } }');
  const unique: Readonly<Record<string, string>> = {
    accounts: `'code', 'copy ' || more, 'system_role', null`,
    branches: `'code', 'copy ' || more, 'is_primary', false`,
    customers: `'email', more || '@example.com'`,
    api_keys: `'hash', lpad(to_hex(more), 64, '0')`,
    idempotency_keys: `'key', 'copy ' || more`,
    audit_events: `'request_id', 'copy ' || more`,
    refunds: `'journal_entry_id', 1000000000 + more`,
  };
  const copies = Object.entries(unique).map(async ([table, changes]) => {
    const columns = await columnsOf(gateway.database.superuser, table);
    return `
      insert into ${table} (${columns})
      select ${columns} from (
        select copy.* from (select * from ${table} where organization_id = ${books.organization.id} limit 1) original, generate_series(1, ${COPIES}) more,
          jsonb_populate_record(null::${table}, to_jsonb(original) || jsonb_build_object('id', 1000000000 + more, ${changes})) copy
      ) copies`;
  });
  await plantRows(
    gateway,
    ...(await Promise.all(copies)),
    `insert into users (subject, name) select 'user ' || more, 'Ann' from generate_series(1, ${COPIES}) more`,
    `insert into memberships (organization_id, user_id, role) select ${books.organization.id}, id, 'VIEWER' from users where subject like 'user %'`,
    `insert into balance_snapshots select organization_id, id, 'YEAR', '2026-01-01', 1, 1, 0, 0 from accounts where code like 'copy %' and organization_id = ${books.organization.id}`,
  );
}

function named(text: string): string {
  return text.replaceAll(/[A-Z]{4,}/g, (name) => ids[name] ?? name);
}

/** PostgreSQL keeps a plan for all values after five executions. */
async function expectFewRows(request: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < 7; count += 1) {
    executed.length = 0;
    await request();
    expect(executed.length).toBeGreaterThan(0);
    expect(executed.filter(({ rows }) => rows > FEW)).toEqual([]);
  }
}

it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('the mutation %s', async (name, mutation) => {
  await expectFewRows(async () => {
    const { errors } = await mutate(books.client, mutation, await mutationCase(name).fields(books), {
      'idempotency-key': randomUUID(),
    });
    expect(errors).toBeUndefined();
  });
});

it('a refund of a note with thousands of refunds, and its reversal', async () => {
  await expectFewRows(async () => {
    const refund = await books.refund(String(ids.NOTE), { amount: '1.00' });
    const { errors } = await books.client.graphql('mutation($input: ReverseRefundInput!) { reverseRefund(input: $input) { id } }', {
      input: { refundId: refund?.id, date: '2026-02-02', reason: 'It came back' },
    });
    expect(errors).toBeUndefined();
  });
});

it.each([
  'account(id: ACCOUNT) { name balance currencyBalance lines(first: 1) { nodes { id } } }',
  'branch(id: BRANCH) { name }',
  'customer(id: CUSTOMER) { displayName balance creditNotes(first: 1) { nodes { id } } }',
  'creditNote(id: NOTE) { number customer { displayName } branch { name } lines { account { name } } refunds(first: 1) { nodes { id } } cancellations { id } journalEntry { id } }',
  'creditNote(id: NOTE) { refundability { allowed accounts { id } } }',
  'creditNoteByNumber(number: "NUMBER") { id }',
  'refund(id: REFUND) { fromAccount { name balance } branch { name } journalEntry { lines { account { name } } } provenance { createdBy } }',
  'previewRefund(input: { creditNoteId: NOTE, fromAccountId: ACCOUNT, amount: "1.00", exchangeRate: "1", referenceNo: "x", description: "x", date: "2026-02-01", branchId: BRANCH }) { refusals { code } }',
  'me { role organization { name lockDate } }',
  'accounts(first: 1) { nodes { name balance } }',
  'branches(first: 1) { nodes { name } }',
  'customers(first: 1) { nodes { displayName balance } }',
  'auditEvents(first: 1) { nodes { id } }',
  'journalEntries(first: 1) { nodes { id } }',
])('the query %s', async (query) => {
  await expectFewRows(async () => {
    const { errors } = await books.client.graphql(`{ ${named(query)} }`);
    expect(errors).toBeUndefined();
  });
});

it.each([
  '/accounts/ACCOUNT',
  '/accounts/transactions?account_id=ACCOUNT&page_size=1',
  '/accounts/types',
  '/branches/BRANCH',
  '/customers/CUSTOMER',
  '/credit-notes/NOTE',
  '/credit-notes/NOTE/refunds?page_size=1',
  '/credit-notes/refunds/REFUND',
  '/organization/current',
  '/currencies',
  '/settings',
  '/transactions-locking',
  '/reports/transactions-by-reference?reference_type=RefundCreditNote&reference_id=REFUND',
  '/auth/account',
  '/auth/meta',
  '/dashboard/boot',
])('the route GET %s', async (path) => {
  await expectFewRows(async () => {
    const { statusCode, body } = await gateway.app.inject({ url: `/api${named(path)}`, headers: books.client.headers });
    expect([statusCode, body]).toEqual([200, body]);
  });
});

it('a member who has a token', async () => {
  const { database, app } = gateway;
  const ann = { subject: 'ann', name: 'Ann', role: Role.VIEWER };
  await database.asOperator((em) => addMember(em, books.organization, ann, { by: 'the test' }));
  const headers = {
    authorization: `Bearer ${await signJwt('ann', JWT.key, '1h')}`,
    'organization-id': books.organization.publicId,
  };
  await expectFewRows(async () => {
    expect((await new Client(app, headers).graphql('{ me { role } }')).errors).toBeUndefined();
  });
});
