import { beforeEach, describe, expect, it } from '@jest/globals';
import { createApiKey, revokeApiKey } from '../src/auth/api-keys.js';
import { signJwt } from '../src/auth/jwt.js';
import { Role } from '../src/entities/access.js';
import { addMember, changeMember, endMembership } from '../src/services/organizations/members.js';
import {
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
  LockTransactionsDocument,
  OpenCreditNoteDocument,
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  RefundCreditNotesDocument,
  ReverseRefundDocument,
  UnlockTransactionsDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { Client, freshBooks, JWT, sharedGateway } from './helpers/gateway.js';

/** The loss of a key, a membership or a role takes effect immediately, also for a request that waits for a lock. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let noteId: string;
beforeEach(async () => {
  noteId = (await books.creditNote('1000.00')).id;
});

interface Caller {
  readonly client: Client;
  /** Takes the caller's right away; returns the code of the refusals that follow. */
  lose(): Promise<string>;
}

const BY = { by: 'the test' };

async function keyed(): Promise<{ client: Client; id: number }> {
  const options = { name: 'a key', role: Role.ADMIN };
  const { key, apiKey } = await gateway.database.asOperator((em) => createApiKey(em, books.organization, options));
  return { client: new Client(gateway.app, { authorization: `Bearer ${key}` }), id: apiKey.id };
}

async function member(): Promise<{ client: Client; subject: string }> {
  const subject = `ann of ${books.organization.id}`;
  await gateway.database.asOperator((em) => addMember(em, books.organization, { subject, name: 'Ann', role: Role.ADMIN }, BY));
  const authorization = `Bearer ${await signJwt(subject, JWT.key, '1h')}`;
  return { client: new Client(gateway.app, { authorization, 'organization-id': books.organization.publicId }), subject };
}

async function withKey(): Promise<Caller> {
  const { client, id } = await keyed();
  const lose = async () => {
    await gateway.database.asOperator((em) => revokeApiKey(em, books.organization, id));
    return 'UNAUTHENTICATED';
  };
  return { client, lose };
}

const CALLERS: Record<string, () => Promise<Caller>> = {
  'a key that is revoked': withKey,
  'a key that expires': async () => {
    const { client, id } = await keyed();
    const lose = async () => {
      const { superuser } = gateway.database;
      // Only a superuser without triggers can change when a key expires; the test cannot wait for the day.
      await gateway.database.withoutRules(() =>
        superuser.query('update api_keys set expires_at = clock_timestamp() where id = $1', [id]),
      );
      return 'UNAUTHENTICATED';
    };
    return { client, lose };
  },
  'a membership that ends': async () => {
    const { client, subject } = await member();
    const lose = async () => {
      await gateway.database.asOperator((em) => endMembership(em, books.organization, { subject }, BY));
      return 'UNAUTHENTICATED';
    };
    return { client, lose };
  },
  'a role that becomes a lower one': async () => {
    const { client, subject } = await member();
    const lose = async () => {
      await gateway.database.asOperator((em) => changeMember(em, books.organization, { subject, role: Role.VIEWER }, BY));
      return 'FORBIDDEN';
    };
    return { client, lose };
  },
};

type Hold = readonly [statement: string, values: () => unknown[]];
const holdNote: Hold = ['select from credit_notes where id = any ($1) for update', () => [[noteId]]];
const holdOrder: Hold = [`select pg_advisory_xact_lock(hashtextextended('order', $1))`, () => [books.organization.id]];
const holdPeriod: Hold = [`select pg_advisory_xact_lock(hashtextextended('period', $1))`, () => [books.organization.id]];

/** Holds a lock until the request waits and the caller has lost its right; returns the reply and the expected code. */
async function meanwhile<T>(
  [lock, values]: Hold,
  send: () => Promise<T>,
  lose: () => Promise<string>,
): Promise<{ reply: T; code: string }> {
  const { sql } = gateway.database;
  await sql.query('begin');
  await sql.query(lock, values());
  const reply = send();
  await gateway.database.untilWaiting(1);
  const code = await lose();
  await sql.query('commit');
  return { reply: await reply, code };
}

describe.each(Object.entries(CALLERS))('%s', (_name, caller) => {
  it.each([
    ['the note', holdNote],
    ['the period', holdPeriod],
  ])('pays nothing with a refund that waits for %s', async (_lock, lock) => {
    const { client, lose } = await caller();
    const before = await books.snapshot();

    const { reply, code } = await meanwhile(
      lock,
      () => client.graphql(RefundCreditNoteDocument, { input: books.refundInput(noteId), idempotencyKey: 'k' }),
      lose,
    );

    expect(reply.errors?.[0]?.extensions.code).toBe(code);
    expect(await books.snapshot()).toEqual(before);
    expect((await books.refund(noteId)).amount).toBe('40.00');
  });
});

// Changes of a membership also wait for this lock, because of their audit events.
it('a refund that waits for the order lock is refused when its key is revoked', async () => {
  const { client, lose } = await withKey();
  const before = await books.snapshot();

  const { reply, code } = await meanwhile(
    holdOrder,
    () => client.graphql(RefundCreditNoteDocument, { input: books.refundInput(noteId), idempotencyKey: 'k' }),
    lose,
  );

  expect(reply.errors?.[0]?.extensions.code).toBe(code);
  expect(await books.snapshot()).toEqual(before);
});

it('a waiting refund over REST is refused when its key is revoked', async () => {
  const { client, lose } = await withKey();
  const before = await books.snapshot();

  const { reply } = await meanwhile(
    holdNote,
    () => client.rest(`/api/credit-notes/${noteId}/refunds`, books.restBody({ amount: 1 })),
    lose,
  );

  expect([reply.status, reply.json]).toEqual([401, { message: 'Unauthorized', statusCode: 401 }]);
  expect(await books.snapshot()).toEqual(before);
});

it.each([
  ['the period', holdPeriod],
  ['the order lock', holdOrder],
])(
  'a refund in a batch is refused without effect on the others when its key is revoked, while the batch waits for %s',
  async (_name, lock) => {
    const { client, lose } = await withKey();
    const send = (by: Client, referenceNo: string) =>
      by.graphql(RefundCreditNoteDocument, { input: books.refundInput(noteId, { referenceNo }) });

    const { reply, code } = await meanwhile(
      lock,
      () => Promise.all([books.client, client, books.client, client].map((by, index) => send(by, String(index)))),
      lose,
    );

    expect(reply.map(({ data, errors }) => data?.refundCreditNote?.amount ?? errors?.[0]?.extensions.code)).toEqual([
      '40.00',
      code,
      '40.00',
      code,
    ]);
  },
);

it.each([
  ['ATOMIC', 'the period', holdPeriod],
  ['ATOMIC', 'the order lock', holdOrder],
  ['PER_ITEM', 'the period', holdPeriod],
] as const)(
  'a list of refunds whose key is revoked writes nothing, not even its idempotency key: %s, waits for %s',
  async (mode, _name, lock) => {
    const { client, lose } = await withKey();
    const inputs = [books.refundInput(noteId, { referenceNo: '1' }), books.refundInput(noteId, { referenceNo: '2' })];
    const before = await books.snapshot();

    const { reply, code } = await meanwhile(
      lock,
      () => client.graphql(RefundCreditNotesDocument, { inputs, mode, idempotencyKey: 'list' }),
      lose,
    );

    expect(reply.errors?.[0]?.extensions.code).toBe(code);
    expect(await books.snapshot()).toEqual(before);
  },
);

describe('a command whose key is revoked while it waits writes nothing:', () => {
  const commands: Record<string, [lock: Hold, send: (client: Client) => Promise<unknown>]> = {
    reverseRefund: [
      holdNote,
      async (client) => {
        const { rows } = await gateway.database.superuser.query(`select ${books.newest('refunds')}::text as id`);
        return client.graphql(ReverseRefundDocument, { input: { refundId: rows[0].id, date: '2026-02-05', reason: 'x' } });
      },
    ],
    voidCreditNote: [holdNote, (client) => client.graphql(VoidCreditNoteDocument, { id: noteId })],
    openCreditNote: [holdNote, (client) => client.graphql(OpenCreditNoteDocument, { id: noteId })],
    createCreditNote: [
      holdPeriod,
      async (client) => {
        const { rows } = await gateway.database.superuser.query(`select ${books.newest('customers')}::text as id`);
        const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
        return client.graphql(CreateCreditNoteDocument, { input: { customerId: rows[0].id, date: '2026-01-15', lines } });
      },
    ],
    createCustomer: [holdPeriod, (client) => client.graphql(CreateCustomerDocument, { input: { displayName: 'x' } })],
    createAccount: [
      holdPeriod,
      (client) => client.graphql(CreateAccountDocument, { input: { code: 'x', name: 'x', type: 'BANK' } }),
    ],
    createBranch: [holdPeriod, (client) => client.graphql(CreateBranchDocument, { input: { code: 'x', name: 'x' } })],
    lockTransactions: [
      holdPeriod,
      (client) => client.graphql(LockTransactionsDocument, { input: { lockDate: '2025-12-31', reason: 'x' } }),
    ],
    unlockTransactions: [holdPeriod, (client) => client.graphql(UnlockTransactionsDocument, { input: { reason: 'x' } })],
    'createCreditNote, which waits for its number': [
      [
        'insert into credit_note_counters (organization_id, next) values ($1, 9) on conflict (organization_id) do update set next = 9',
        () => [books.organization.id],
      ],
      async (client) => {
        const { rows } = await gateway.database.superuser.query(`select ${books.newest('customers')}::text as id`);
        const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
        return client.graphql(CreateCreditNoteDocument, { input: { customerId: rows[0].id, date: '2026-01-15', lines } });
      },
    ],
  };

  it.each(Object.entries(commands))('%s', async (name, [lock, send]) => {
    if (name === 'reverseRefund') await books.refund(noteId);
    if (name === 'openCreditNote') noteId = (await books.creditNote('10.00', { open: false })).id;
    const { client, lose } = await withKey();
    const before = await written();

    const { reply, code } = await meanwhile(lock, () => send(client), lose);

    expect(reply).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(await written()).toEqual(before);
  });

  async function written(): Promise<unknown> {
    const { rows } = await gateway.database.sql.query(
      `select lock_date, (select count(*) from audit_events where organization_id = $1) as events,
         (select count(*) from branches where organization_id = $1) as branches,
         (select count(*) from refund_reversals where organization_id = $1) as reversals
       from organizations where id = $1`,
      [books.organization.id],
    );
    return [rows, await books.snapshot()];
  }
});

it('the preview of a caller whose key is revoked contains the refusal', async () => {
  const { client, lose } = await withKey();
  const { reply, code } = await meanwhile(
    holdNote,
    () => client.graphql(PreviewRefundDocument, { input: books.refundInput(noteId) }),
    lose,
  );
  expect(reply.data?.previewRefund.refusals.map(({ code }) => code)).toEqual([code]);
});

it('a replay whose key is revoked while it waits is refused', async () => {
  const { client, lose } = await withKey();
  const send = () => client.graphql(RefundCreditNoteDocument, { input: books.refundInput(noteId), idempotencyKey: 'k' });
  expect((await send()).errors).toBeUndefined();

  const { reply, code } = await meanwhile(holdPeriod, send, lose);

  expect(reply.errors?.[0]?.extensions.code).toBe(code);
});
