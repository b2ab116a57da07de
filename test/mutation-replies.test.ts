import { describe, expect, it } from '@jest/globals';
import { getNamedType, isNonNullType } from 'graphql';
import { Role } from '../src/entities/access.js';
import { CreditNoteDocument } from './generated/documents.js';
import { type Client, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { invocation, MUTATIONS, mutationCase } from './helpers/mutations.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

async function refundLiteral(of = books): Promise<string> {
  const input = of.refundInput((await of.creditNote('50.00')).id);
  return `{ ${Object.entries(input)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ')} }`;
}

/** A correct selection of the mutation's type, and one with a wrong nested argument if the type has any. */
const SELECTIONS: Record<string, { right: string; wrong?: string; variables?: Record<string, unknown> }> = {
  Account: { right: 'id', wrong: 'balance(asOf: $asOf)', variables: { asOf: '2021-02-30' } },
  Branch: { right: 'id' },
  Customer: { right: 'id' },
  CreditNote: { right: 'id', wrong: 'id refunds(first: 101) { nodes { id } }' },
  Refund: { right: 'id', wrong: 'id creditNote { refunds(first: 101) { nodes { id } } }' },
  RefundOutcome: { right: 'refund { id }', wrong: 'refund { id creditNote { refunds(after: "x") { nodes { id } } } }' },
  Organization: { right: 'id' },
};

it.each(MUTATIONS.map(({ name, type }) => [name, type] as const))(
  '%s may be null, so that a refusal beside it does not hide what it has done',
  (_name, type) => {
    expect(isNonNullType(type)).toBe(false);
  },
);

it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
  '%s has done what it says it has, whatever is refused after it',
  async (name, mutation) => {
    const { declared, given } = invocation(mutation);
    const { right } = SELECTIONS[getNamedType(mutation.type).name] ?? {};
    const { data, errors, status, extensions } = await books.client.graphql<Record<string, unknown>, unknown>(
      `mutation(${declared}) { done: ${name}(${given}) { ${right} } refused: openCreditNote(id: 999999) { id } }`,
      await mutationCase(name).fields(books),
    );
    expect([status, errors?.map(({ path, extensions }) => [path, extensions.code])]).toEqual([
      200,
      [[['refused'], 'CREDIT_NOTE_NOT_FOUND']],
    ]);
    expect(data).toEqual({ done: expect.anything(), refused: null });
    const ids = [data?.done].flat().map(() => expect.any(String));
    expect(extensions?.written).toEqual({ done: { type: expect.any(String), ids } });
  },
);

describe('a wrong argument anywhere in the document refuses the whole document before anything is written, and is named:', () => {
  async function refused(text: string, variables: Record<string, unknown> = {}, client: Client = books.client) {
    const before = await everything();
    const reply = await client.graphql(text, variables);
    expect(await everything()).toEqual(before);
    expect(reply.data ?? null).toBeNull();
    return { ...reply.errors?.[0]?.extensions, path: reply.errors?.[0]?.path, status: reply.status };
  }

  const everything = async (): Promise<unknown> => {
    const counts = [
      'accounts',
      'branches',
      'customers',
      'credit_notes',
      'refunds',
      'journal_entries',
      'refund_reversals',
      'audit_events',
      'idempotency_keys',
    ];
    const { rows } = await gateway.database.superuser.query(
      `select ${counts.map((table) => `(select count(*) from ${table}) as ${table}`).join()}, (select max(lock_date) from organizations) as locked`,
    );
    return rows;
  };

  const nested = MUTATIONS.flatMap((mutation) => {
    const { wrong, variables = {} } = SELECTIONS[getNamedType(mutation.type).name] ?? {};
    return wrong === undefined ? [] : [{ name: mutation.name, mutation, wrong, variables }];
  });

  it.each(nested)('below $name', async ({ name, mutation, wrong, variables }) => {
    const { declared, given } = invocation(mutation);
    const more = 'asOf' in variables ? ', $asOf: PostingDate' : '';
    const text = `mutation(${declared}${more}) { it: ${name}(${given}) { ${wrong} } }`;
    const error = await refused(text, { ...(await mutationCase(name).fields(books)), ...variables });
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', status: 400, field: expect.stringMatching(/^(first|after|asOf)$/) });
    expect(error.path?.[0] ?? 'it').toBe('it');
  });

  it.each<[string, string, string, Record<string, unknown>]>([
    [
      'in fragments',
      'first',
      'mutation { refundCreditNote(input: INPUT) { ...f } } fragment f on Refund { creditNote { ...g } } fragment g on CreditNote { refunds(first: 0) { nodes { id } } }',
      {},
    ],
    [
      'in an inline fragment',
      'first',
      'mutation { refundCreditNote(input: INPUT) { ... on Refund { creditNote { ... { refunds(first: 0) { nodes { id } } } } } } }',
      {},
    ],
    [
      'in a variable that is null',
      'orderBy',
      'mutation($order: RefundOrder = ID_ASC) { refundCreditNote(input: INPUT) { creditNote { refunds(orderBy: $order) { nodes { id } } } } }',
      { order: null },
    ],
    [
      'in a default value',
      'first',
      'mutation($n: Int = 101) { refundCreditNote(input: INPUT) { creditNote { refunds(first: $n) { nodes { id } } } } }',
      {},
    ],
    [
      'in a selection that a variable includes',
      'first',
      'mutation($n: Int!, $yes: Boolean!) { refundCreditNote(input: INPUT) { creditNote { refunds(first: $n) @include(if: $yes) { nodes { id } } } } }',
      { n: 101, yes: true },
    ],
    [
      'in a directive',
      'if',
      'mutation($yes: Boolean = true) { refundCreditNote(input: INPUT) { id @skip(if: $yes) } }',
      { yes: null },
    ],
    [
      'in a field of a literal',
      'provenance.createdBy',
      'query($x: String) { refunds(filter: { provenance: { createdBy: $x } }) { nodes { id } } }',
      { x: 7 },
    ],
    [
      'in a day beyond the calendar of the organization',
      'asOf',
      'mutation { refundCreditNote(input: INPUT) { fromAccount { balance(asOf: "9999-12-31T23:30:00Z") } } }',
      {},
    ],
    [
      'in the key of another command',
      'idempotencyKey',
      'mutation { refundCreditNote(input: INPUT) { id } createBranch(input: { code: "k", name: "k" }, idempotencyKey: "a b") { id } }',
      {},
    ],
    [
      'in the key of a list',
      'idempotencyKey',
      `mutation { refundCreditNote(input: INPUT) { id } refundCreditNotes(inputs: [INPUT], mode: ATOMIC, idempotencyKey: "${'k'.repeat(254)}") { refund { id } } }`,
      {},
    ],
  ])('%s', async (_where, field, text, variables) => {
    const tokyo = await gateway.books({ timeZone: 'Asia/Tokyo' });
    const input = await refundLiteral(tokyo);
    expect(await refused(text.replaceAll('INPUT', input), variables, tokyo.client)).toMatchObject({
      code: 'BAD_USER_INPUT',
      field,
    });
  });

  it('except where it is skipped', async () => {
    const { data } = await books.client.graphql(
      `mutation($no: Boolean!) { refundCreditNote(input: ${await refundLiteral()}) { id creditNote { refunds(first: 101) @include(if: $no) { nodes { id } } } } }`,
      { no: false },
    );
    expect(data).toEqual({ refundCreditNote: { id: expect.any(String), creditNote: {} } });
  });

  it('in the second of two mutations, with the path of each', async () => {
    const text = `mutation($a: RefundCreditNoteInput!, $b: RefundCreditNoteInput!) { a: refundCreditNote(input: $a) { id } b: refundCreditNote(input: $b) { id } }`;
    const { id } = await books.creditNote('100.00');
    const good = books.refundInput(id);
    expect(await refused(text, { a: good, b: { ...good, amount: 0 } })).toMatchObject({
      code: 'AMOUNT_NOT_POSITIVE',
      field: 'amount',
      path: ['b'],
    });
    const { errors } = await books.client.graphql(text, { a: { ...good, branchId: 'x' }, b: { ...good, amount: 'x' } });
    expect(errors?.map(({ path, extensions }) => [path, extensions.field]).sort()).toEqual([
      [['a'], 'branchId'],
      [['b'], 'amount'],
    ]);
  });

  it("or a mutation that the caller's role forbids", async () => {
    const accountant = await gateway.client(books.organization, Role.ACCOUNTANT);
    const text = `mutation { createBranch(input: { code: "role", name: "x" }) { id } lockTransactions(input: { lockDate: "2025-12-31", reason: "x" }) { id } }`;
    expect(await refused(text, {}, accountant)).toMatchObject({ code: 'FORBIDDEN', path: ['lockTransactions'], status: 403 });
  });

  it('or in a query', async () => {
    expect(await refused('{ me { name } creditNotes(first: 3) { nodes { refunds(first: 101) { nodes { id } } } } }')).toMatchObject(
      {
        field: 'first',
        path: ['creditNotes', 'nodes', 'refunds'],
      },
    );
  });
});

describe('a mutation that has committed returns the ids that it wrote, although reading its reply fails:', () => {
  /** Runs the work while the table is renamed, so that nothing can read it. */
  async function without<T>(table: string, work: () => Promise<T>): Promise<T> {
    const { superuser } = gateway.database;
    await superuser.query(`alter table ${table} rename to ${table}_away`);
    try {
      return await work();
    } finally {
      await superuser.query(`alter table ${table}_away rename to ${table}`);
    }
  }

  const TEXT =
    'mutation($input: RefundCreditNoteInput!, $key: String) { it: refundCreditNote(input: $input, idempotencyKey: $key) { id creditNote { customer { displayName } } } }';

  it('the first time, and when it is replayed with its key', async () => {
    const { id } = await books.creditNote('100.00');
    const variables = { input: books.refundInput(id), key: `unreadable-${id}` };
    const [first, again] = await without('customers', async () => [
      await books.client.graphql(TEXT, variables),
      await books.client.graphql(TEXT, variables),
    ]);
    const { refunds } = (
      await books.client.graphql<{ refunds: { nodes: { id: string; creditNote: { id: string } }[] } }, undefined>(
        '{ refunds { nodes { id creditNote { id } } } }',
      )
    ).data ?? { refunds: { nodes: [] } };
    const made = refunds.nodes.filter(({ creditNote }) => creditNote.id === id).map((refund) => refund.id);
    expect(made).toHaveLength(1);

    for (const { data, errors, extensions, status } of [first, again]) {
      expect([status, data]).toEqual([200, { it: null }]);
      expect(errors).toEqual([
        expect.objectContaining({
          message: expect.stringMatching(/was done/),
          path: ['it', 'creditNote', 'customer'],
          extensions: {
            code: 'REPLY_INCOMPLETE',
            written: { type: 'Refund', ids: made },
            details: { cause: 'INTERNAL_SERVER_ERROR' },
            retryable: false,
            requestId: expect.any(String),
          },
        }),
      ]);
      expect(extensions?.written).toEqual({ it: { type: 'Refund', ids: made } });
    }
    expect([first.extensions?.idempotency, again.extensions?.idempotency]).toEqual([{ replayed: false }, { replayed: true }]);
  });

  it('when the connection is lost while the reply is read', async () => {
    const { id } = await books.creditNote('100.00');
    const { superuser } = gateway.database;
    await superuser.query('begin');
    await superuser.query('lock table balance_snapshots in access exclusive mode');
    const waiting = books.client.graphql(
      'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id fromAccount { balance } } }',
      { input: books.refundInput(id) },
    );
    await gateway.database.untilWaiting(1);
    await superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    const { data, errors, status, headers } = await waiting;
    await superuser.query('rollback');

    expect([status, data]).toEqual([200, { refundCreditNote: null }]);
    expect(errors?.[0]?.extensions).toEqual({
      code: 'REPLY_INCOMPLETE',
      written: { type: 'Refund', ids: [expect.any(String)] },
      details: { cause: 'SERVICE_UNAVAILABLE' },
      retryable: false,
      requestId: expect.any(String),
    });
    expect(headers['retry-after']).toBeUndefined();
    expect(await refundedOf(id)).toBe('40.00');
  });

  it('for each refund of a list with its own outcome', async () => {
    const { id } = await books.creditNote('100.00');
    const { superuser, sql } = gateway.database;
    const role = (await sql.query('select current_user as name')).rows[0].name;
    const { rows } = await superuser.query(
      `select string_agg(column_name, ', ') as names from information_schema.columns where table_name = 'refunds' and column_name <> 'description'`,
    );
    await superuser.query(`revoke select on refunds from ${role}`);
    await superuser.query(`grant select (${rows[0].names}) on refunds to ${role}`);
    const { data, errors } = await books.client.graphql(
      'mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: PER_ITEM) { refund { id amount } refusal { code } } }',
      { inputs: [books.refundInput(id), books.refundInput(id, { amount: '999.00' })] },
    );
    await superuser.query(`grant select on refunds to ${role}`);

    expect(gateway.logged).toContainEqual(
      expect.objectContaining({ level: 50, msg: 'unexpected error', err: expect.objectContaining({ code: '42501' }) }),
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      refundCreditNotes: [
        { refund: { id: expect.any(String), amount: '40.00' }, refusal: null },
        { refund: null, refusal: { code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT' } },
      ],
    });
    expect(await refundedOf(id)).toBe('40.00');
  });

  const refundedOf = async (id: string) => (await books.client.query(CreditNoteDocument, { id })).creditNote.refunded;
});
