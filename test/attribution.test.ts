import { beforeEach, describe, expect, it } from '@jest/globals';
import { createApiKey, revokeApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { addMember, changeMember, endMembership } from '../src/services/organizations/members.js';
import { RefundCreditNoteDocument, ReverseRefundDocument } from './generated/documents.js';
import { Client, freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';
import { untilWaiting } from './helpers/until-waiting.js';

/** The database refuses refunds and reversals, sent as SQL in the gateway's role, that name a key or member without the right. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let noteId: string;
beforeEach(async () => {
  noteId = (await books.creditNote('100.00')).id;
});

/** Runs the statements in one transaction; returns "accepted" or the database's error message. */
function refusal(...statements: string[]): Promise<string> {
  return outcomeOf(gateway.database.sql, ...statements);
}

const entry = (source: string, reversalOf: string, [debit, credit]: readonly [string, string]) => `
  with entry as (
    insert into journal_entries (organization_id, posting_date, source, memo, reversal_of_id)
    values (${books.organization.id}, '2026-02-01', '${source}', 'by hand', ${reversalOf}) returning id
  )
  insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount)
  select ${books.organization.id}, id, '2026-02-01', side, account, case account when ${books.ids.receivable} then
    (select max(id) from customers where organization_id = ${books.organization.id}) end, ${books.ids.branch}, 40
  from entry, (values ('DEBIT', ${debit}), ('CREDIT', ${credit})) line (side, account)`;

type Maker = { readonly api_key_id: number | null; readonly user_id: number | null };

const refundBy = ({ api_key_id, user_id }: Maker) =>
  refusal(
    entry('REFUND', 'null', [books.ids.receivable, books.ids.bank]),
    books.refundBySql(noteId, { api_key_id: String(api_key_id), user_id: String(user_id) }),
  );

const reversalBy = (refundId: string, { api_key_id, user_id }: Maker) =>
  refusal(
    entry('REVERSAL', `(select journal_entry_id from refunds where id = ${refundId})`, [books.ids.bank, books.ids.receivable]),
    `insert into refund_reversals (organization_id, refund_id, journal_entry_id, date, reason, created_by, api_key_id, user_id, request_id, protocol)
     values (${books.organization.id}, ${refundId}, ${books.newest('journal_entries')}, '2026-02-01', 'x', 'psql', ${api_key_id}, ${user_id}, 'psql', 'INTERNAL')`,
  );

const BY = { by: 'the test' };

async function key(role: Role, expiresAt?: string): Promise<Maker & { key: string }> {
  const made = await gateway.database.asOperator((em) => createApiKey(em, books.organization, { name: 'k', role }));
  if (expiresAt === undefined) return { api_key_id: made.apiKey.id, user_id: null, key: made.key };
  // The table's own trigger does not allow a key that has already expired.
  const { superuser } = gateway.database;
  await gateway.database.withoutRules(() =>
    superuser.query(`update api_keys set expires_at = ${expiresAt} where id = ${made.apiKey.id}`),
  );
  return { api_key_id: made.apiKey.id, user_id: null, key: made.key };
}

async function member(role: Role): Promise<Maker & { subject: string }> {
  const subject = `ann of ${books.organization.id}`;
  await gateway.database.asOperator((em) => addMember(em, books.organization, { subject, name: 'Ann', role }, BY));
  const { rows } = await gateway.database.sql.query('select id from users where subject = $1', [subject]);
  return { api_key_id: null, user_id: Number(rows[0].id), subject };
}

const MAY_NOT: readonly (readonly [string, () => Promise<Maker>])[] = [
  ['a key of a viewer', () => key(Role.VIEWER)],
  [
    'a revoked key',
    async () => {
      const made = await key(Role.ADMIN);
      await gateway.database.asOperator((em) => revokeApiKey(em, books.organization, Number(made.api_key_id)));
      return made;
    },
  ],
  ['an expired key', () => key(Role.ADMIN, `now() - interval '1 second'`)],
  ['a viewer', () => member(Role.VIEWER)],
  [
    'a member whose role became lower',
    async () => {
      const made = await member(Role.ADMIN);
      await gateway.database.asOperator((em) =>
        changeMember(em, books.organization, { subject: made.subject, role: Role.VIEWER }, BY),
      );
      return made;
    },
  ],
  [
    'a member that has left',
    async () => {
      const made = await member(Role.ADMIN);
      await gateway.database.asOperator((em) => endMembership(em, books.organization, { subject: made.subject }, BY));
      return made;
    },
  ],
];

describe('a refund and its reversal are refused when they are attributed to', () => {
  it.each(MAY_NOT)('%s', async (_who, make) => {
    const { id } = await books.refund(noteId, { amount: '40.00', date: '2026-02-01' });
    const made = await make();
    const before = await books.snapshot();

    expect(await refundBy(made)).toContain('attributed to a key or a member that may not make it');
    expect(await reversalBy(id, made)).toContain('attributed to a key or a member that may not make it');
    expect(await books.snapshot()).toEqual(before);
  });
});

describe('a refund and its reversal are accepted when they are attributed to', () => {
  it.each<[string, () => Promise<Maker>]>([
    ['an accountant’s key', () => key(Role.ACCOUNTANT)],
    ['a key that expires tomorrow', () => key(Role.ADMIN, `now() + interval '1 day'`)],
    ['a member', () => member(Role.ACCOUNTANT)],
  ])('%s', async (_who, make) => {
    const made = await make();
    expect(await refundBy(made)).toBe('accepted');
    const { rows } = await gateway.database.sql.query(`select ${books.newest('refunds')} as id`);
    expect(await reversalBy(rows[0].id, made)).toBe('accepted');
  });
});

describe('a command whose key is revoked after authentication and before the insert', () => {
  it.each(['refunds', 'refund_reversals'])('is refused and writes nothing: %s', async (table) => {
    const made = await key(Role.ADMIN);
    const client = new Client(gateway.app, { authorization: `Bearer ${made.key}` });
    const { id: refundId } = await books.refund(noteId, { amount: '10.00' });
    const before = await books.snapshot();
    const { superuser, operator } = gateway.database;
    // The revocation commits while the command waits to write.
    await operator.query('begin');
    await operator.query(`update api_keys set revoked_at = now() where id = ${made.api_key_id}`);
    await superuser.query('begin');
    await superuser.query(`lock table ${table} in share mode`);

    const reply =
      table === 'refunds'
        ? client.graphql(RefundCreditNoteDocument, { input: books.refundInput(noteId) })
        : client.graphql(ReverseRefundDocument, { input: { refundId, reason: 'x', date: '2026-02-05' } });
    await untilWaiting(superuser, 1);
    await operator.query('commit');
    await superuser.query('commit');

    expect((await reply).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await books.snapshot()).toEqual(before);
  });
});
