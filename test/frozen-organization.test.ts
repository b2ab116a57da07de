import { describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import { createKey, revokeKey } from '../src/services/organizations/api-keys.js';
import { addMember, changeMember, endMembership, listMembers } from '../src/services/organizations/members.js';
import { freezeOrganization, unfreezeOrganization } from '../src/services/organizations/move.js';
import { OperatorRefusal } from '../src/services/organizations/operator-command.js';
import { AuditEventsDocument, CreditNoteDocument, PreviewRefundDocument, RefundCreditNoteDocument } from './generated/documents.js';
import { type Books, Client, sharedGateway } from './helpers/gateway.js';
import { MUTATIONS, mutate, mutationCase } from './helpers/mutations.js';

const gateway = sharedGateway();

const OTTO = { by: 'Otto Operator' };
const freeze = ({ organization }: Books) => gateway.database.asOperator((em) => freezeOrganization(em, organization, {}, OTTO));
const unfreeze = ({ organization }: Books) => gateway.database.asOperator((em) => unfreezeOrganization(em, organization, {}, OTTO));

/** Books with members and a credit note of 100.00. */
async function booksWithNote(): Promise<{ books: Books; noteId: string }> {
  const books = await gateway.books();
  return { books, noteId: (await books.creditNote('100.00')).id };
}

describe('a frozen organization', () => {
  it.each(MUTATIONS)('refuses $name, and writes nothing', async (mutation) => {
    const books = await gateway.books();
    const fields = await mutationCase(mutation.name).fields(books);
    await freeze(books);
    const before = await books.everything();

    const { errors, headers } = await mutate(books.client, mutation, { ...fields, idempotencyKey: 'k' });

    expect(errors?.[0]?.extensions).toMatchObject({ code: 'ORGANIZATION_MOVING', retryable: true, retryAfter: 5 });
    expect(headers['retry-after']).toBe('5');
    expect(await books.everything()).toEqual(before);
  });

  it('refuses each refund of a list, and writes nothing', async () => {
    const { books, noteId } = await booksWithNote();
    await freeze(books);
    const before = await books.everything();
    const { data } = await books.client.graphql<{ it: { refusal: { code: string } }[] }, unknown>(
      `mutation($inputs: [RefundCreditNoteInput!]!) {
        it: refundCreditNotes(inputs: $inputs, mode: PER_ITEM) { refund { id } refusal { code } }
      }`,
      { inputs: [books.refundInput(noteId), books.refundInput(noteId, { amount: '10.00' })] },
    );
    expect(data?.it.map(({ refusal }) => refusal.code)).toEqual(['ORGANIZATION_MOVING', 'ORGANIZATION_MOVING']);
    expect(await books.everything()).toEqual(before);
  });

  it.each(['application/json', 'application/problem+json'])('answers REST with 503 and Retry-After, as %s', async (accept) => {
    const { books, noteId } = await booksWithNote();
    await freeze(books);
    const before = await books.everything();

    const { status, headers, json } = await books.client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody(), { accept });

    expect([status, headers['retry-after'], json.code ?? json.errors[0].type]).toEqual([503, '5', 'ORGANIZATION_MOVING']);
    expect(await books.everything()).toEqual(before);
  });

  it('is read as before, and its previews say that nothing can be refunded', async () => {
    const { books, noteId } = await booksWithNote();
    await books.refund(noteId);
    const before = await books.client.query(CreditNoteDocument, { id: noteId });
    await freeze(books);

    expect(await books.client.query(CreditNoteDocument, { id: noteId })).toEqual(before);
    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input: books.refundInput(noteId) });
    expect(previewRefund.refusals.map(({ code }) => code)).toEqual(['ORGANIZATION_MOVING']);
  });

  it('has no note that can be refunded, and the reason says when to ask again', async () => {
    const { books, noteId } = await booksWithNote();
    const query = '{ creditNotes { nodes { refundability { allowed maxAmount reasons { code retryable retryAfter } } } } }';
    const refundability = async () => (await books.client.graphql<{ creditNotes: object }, object>(query)).data?.creditNotes;
    const isAllowed = { nodes: [{ refundability: { allowed: true, maxAmount: '100.00', reasons: [] } }] };
    expect(await refundability()).toEqual(isAllowed);
    await freeze(books);

    const reasons = [{ code: 'ORGANIZATION_MOVING', retryable: true, retryAfter: 5 }];
    expect(await refundability()).toEqual({ nodes: [{ refundability: { allowed: false, maxAmount: '0.00', reasons } }] });

    await unfreeze(books);
    expect(await refundability()).toEqual(isAllowed);
    await books.refund(noteId);
  });

  it('refuses the commands of operators that would change it, and writes nothing', async () => {
    const books = await gateway.books();
    const { organization } = books;
    const { asOperator } = gateway.database;
    await asOperator((em) => addMember(em, organization, { subject: 'ann', name: 'Ann', role: Role.VIEWER }, OTTO));
    await freeze(books);
    const before = await books.everything();

    const commands = [
      asOperator((em) => createKey(em, organization, { name: 'another', role: Role.VIEWER, expires: undefined }, OTTO)),
      asOperator((em) => addMember(em, organization, { subject: 'bob', name: 'Bob', role: Role.VIEWER }, OTTO)),
      asOperator((em) => changeMember(em, organization, { subject: 'ann', role: Role.ADMIN }, OTTO)),
    ];

    for (const command of commands) await expect(command).rejects.toMatchObject({ code: 'ORGANIZATION_MOVING' });
    expect(await books.everything()).toEqual(before);
  });

  it('can be read no longer with a key that an operator revokes, nor by a member whose membership ends', async () => {
    const books = await gateway.books();
    const { organization } = books;
    const { asOperator } = gateway.database;
    const { key, apiKey } = await asOperator((em) =>
      createKey(em, organization, { name: 'k', role: Role.VIEWER, expires: undefined }, OTTO),
    );
    await asOperator((em) => addMember(em, organization, { subject: 'eve', name: 'Eve', role: Role.VIEWER }, OTTO));
    await freeze(books);

    await asOperator((em) => revokeKey(em, organization, { id: String(apiKey.id) }, OTTO));
    await asOperator((em) => endMembership(em, organization, { subject: 'eve' }, OTTO));

    const { errors } = await new Client(gateway.app, { authorization: `Bearer ${key}` }).graphql('{ organization { name } }');
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    const [eve] = await asOperator((em) => listMembers(em, organization));
    expect(eve?.endedAt).toBeInstanceOf(Date);
  });

  it('goes on after it is unfrozen; both leave an audit event', async () => {
    const { books, noteId } = await booksWithNote();
    await freeze(books);
    await unfreeze(books);

    await books.refund(noteId);

    const { auditEvents } = await books.client.query(AuditEventsDocument);
    expect(auditEvents.nodes.map(({ action, details }) => [action, details])).toEqual([
      ['organization freeze', OTTO],
      ['organization unfreeze', OTTO],
    ]);
  });

  it('is neither frozen again nor, once it goes on, unfrozen', async () => {
    const books = await gateway.books();
    await expect(unfreeze(books)).rejects.toThrow(new OperatorRefusal(`${books.organization.publicId} is not frozen`));
    await freeze(books);
    await expect(freeze(books)).rejects.toThrow(new OperatorRefusal(`${books.organization.publicId} is frozen already`));
  });

  it('does not affect other organizations', async () => {
    const [frozen, { books, noteId }] = [await gateway.books(), await booksWithNote()];
    await freeze(frozen);
    await expect(books.refund(noteId)).resolves.toMatchObject({ amount: '40.00' });
  });
});

describe('freezing', () => {
  it('waits for running commands, and refuses all that wait behind it', async () => {
    const { books, noteId } = await booksWithNote();
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query(`select pg_advisory_xact_lock_shared(hashtextextended('period', $1))`, [books.organization.id]);
    const frozen = freeze(books);
    await gateway.database.untilWaiting(1);
    const input = books.refundInput(noteId);
    const queued = Promise.all([
      books.client.graphql(RefundCreditNoteDocument, { input }),
      books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey: 'k' }),
      books.client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody()),
    ]);
    await gateway.database.untilWaiting(2);
    await sql.query('commit');
    await frozen;

    const [one, keyed, rest] = await queued;
    expect([one, keyed].map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(Array(2).fill('ORGANIZATION_MOVING'));
    expect([rest.status, rest.json.errors[0].type]).toEqual([503, 'ORGANIZATION_MOVING']);
    const { creditNote } = await books.client.query(CreditNoteDocument, { id: noteId });
    expect(creditNote?.refunded).toBe('0.00');
  });
});

describe('the database', () => {
  /** SQL that changes the books with this id, by the name of the table. */
  const CHANGES: Readonly<Record<string, (id: number) => string>> = {
    accounts: (id) => `update accounts set active = false where organization_id = ${id}`,
    api_keys: (id) =>
      `insert into api_keys (organization_id, name, role, prefix, hash) values (${id}, 'k', 'ADMIN', 'bc_', repeat('0', 64))`,
    branches: (id) => `insert into branches (organization_id, code, name) values (${id}, '2', 'Two')`,
    credit_note_counters: (id) => `insert into credit_note_counters (organization_id, next) values (${id}, 100)`,
    credit_notes: (id) => `update credit_notes set voided_at = now() where organization_id = ${id}`,
    customers: (id) => `insert into customers (organization_id, display_name, currency_code) values (${id}, 'Dora', 'USD')`,
    journal_entries: (id) =>
      `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-02-01', 'REFUND', '')`,
    memberships: (id) => `update memberships set role = 'ADMIN' where organization_id = ${id}`,
    organizations: (id) => `update organizations set lock_date = '2026-01-01' where id = ${id}`,
  };

  it.each(Object.keys(CHANGES))('refuses changes of %s while the organization is frozen, also to a superuser', async (table) => {
    const { books } = await booksWithNote();
    await books.creditNote('10.00', { open: false });
    const { id } = books.organization;
    await gateway.database.asOperator((em) =>
      addMember(em, books.organization, { subject: `of ${id}`, name: 'Ann', role: Role.VIEWER }, OTTO),
    );
    await freeze(books);
    await expect(gateway.database.superuser.query(CHANGES[table]?.(id) ?? '')).rejects.toThrow(/is frozen, because it moves/);
  });

  it('accepts neither a freeze nor its end without an audit event', async () => {
    const { books } = await booksWithNote();
    const { superuser } = gateway.database;
    const set = (value: string) =>
      superuser.query(`update organizations set frozen_at = ${value} where id = ${books.organization.id}`);
    await expect(set('now()')).rejects.toThrow('without an audit event');
    await freeze(books);
    await expect(set('null')).rejects.toThrow('without an audit event');
  });

  it('has a guard on every table of an organization, but for those that go on', async () => {
    const { rows } = await gateway.database.superuser.query<{ name: string }>(`
      select class.relname as name from pg_class class join pg_attribute on attrelid = class.oid and attname = 'organization_id'
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and not exists (select from pg_trigger where tgrelid = class.oid and tgname = 'accepts_changes') order by 1`);
    expect(rows.map(({ name }) => name)).toEqual([
      // The trail of changes, of which there are none.
      'audit_events',
      // Sums of what is booked already.
      ...['balance_snapshots', 'balance_watermarks'],
      // Without a new entry, which the trigger books_are_open refuses, there is no cancellation.
      'credit_note_cancellations',
      'customer_balance_snapshots',
      // The sweep goes on.
      'idempotency_keys',
      // Neither is there an entry, a line, a refund or a reversal.
      ...['journal_entries', 'journal_lines', 'refund_reversals', 'refunds'],
      // Reads go on, and are counted.
      'rest_usage',
    ]);
  });
});
