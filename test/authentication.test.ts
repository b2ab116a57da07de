import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { createApiKey, revokeApiKey } from '../src/auth/api-keys.js';
import { jwtKey, signJwt } from '../src/auth/jwt.js';
import { ApiKey, Role } from '../src/entities/access.js';
import type { Organization } from '../src/entities/organization.js';
import { addMember } from '../src/services/organizations/members.js';
import {
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
  CreditNoteDocument,
  ListsDocument,
  MeDocument,
  OpenCreditNoteDocument,
  RefundCreditNoteDocument,
} from './generated/documents.js';
import { type Books, Client, Gateway, JWT, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const other = sharedBooks(gateway);
beforeAll(async () => {
  await member('ann', books.organization, Role.ACCOUNTANT);
  await member('ann', other.organization, Role.VIEWER);
  await member('bob', books.organization, Role.ADMIN);
});

async function member(subject: string, organization: Organization, role: Role): Promise<void> {
  await gateway.database.asOperator((em) => addMember(em, organization, { subject, name: subject, role }, { by: 'the test' }));
}

async function newKey(options: { expiresAt?: Date } = {}): Promise<{ key: string; apiKey: ApiKey }> {
  return gateway.database.asOperator((em) => createApiKey(em, books.organization, { name: 'key', role: Role.ADMIN, ...options }));
}

const sign = (claims: Record<string, unknown>, key: KeyObject | Uint8Array = JWT.key, alg = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(key);

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The legacy API's bodies of a 401, word for word. */
const BODIES = {
  CREDENTIAL: { message: 'Unauthorized', statusCode: 401 },
  ORGANIZATION_ID_REQUIRED: { message: 'Organization ID is required.', error: 'Unauthorized', statusCode: 401 },
  ORGANIZATION_UNKNOWN: { message: 'Tenant not found.', errors: [{ type: 'TENANT.NOT.FOUND' }] },
};

type Headers = Record<string, string>;
const bearer = (credential: string, headers: Headers = {}): Headers => ({ authorization: `Bearer ${credential}`, ...headers });
const inBooks = () => ({ 'organization-id': books.organization.publicId });

/** Callers that are not authenticated → the reason in the reply, and their headers. */
const STRANGERS: Record<string, [reason: keyof typeof BODIES, headers: () => Promise<Headers> | Headers]> = {
  'a caller without a credential': ['CREDENTIAL', () => ({})],
  'an empty credential': ['CREDENTIAL', () => ({ authorization: 'Bearer ' })],
  'a key without a scheme': ['CREDENTIAL', async () => ({ authorization: (await newKey()).key })],
  'a key as Basic': ['CREDENTIAL', async () => ({ authorization: `Basic ${(await newKey()).key}` })],
  'two keys': ['CREDENTIAL', async () => bearer(`${(await newKey()).key} ${(await newKey()).key}`)],
  'an unknown key': ['CREDENTIAL', () => bearer(`bc_${'x'.repeat(43)}`)],
  'a key in other case': ['CREDENTIAL', async () => bearer(`bc_${(await newKey()).key.slice(3).toUpperCase()}`)],
  'a key with its end missing': ['CREDENTIAL', async () => bearer((await newKey()).key.slice(0, -1))],
  'the hash of a key': ['CREDENTIAL', async () => bearer((await newKey()).apiKey.hash)],
  'a revoked key': [
    'CREDENTIAL',
    async () => {
      const { key, apiKey } = await newKey();
      await gateway.database.asOperator((em) => revokeApiKey(em, books.organization, apiKey.id));
      return bearer(key);
    },
  ],
  'an expired key': ['CREDENTIAL', async () => bearer((await newKey({ expiresAt: new Date(Date.now() - 1) })).key)],
  "a key with another organization's id": [
    'ORGANIZATION_UNKNOWN',
    async () => bearer((await newKey()).key, { 'organization-id': other.organization.publicId }),
  ],
  'a JWT without organization-id': ['ORGANIZATION_ID_REQUIRED', async () => bearer(await signJwt('ann', JWT.key, '1h'))],
  'a JWT for an organization that does not exist': [
    'ORGANIZATION_UNKNOWN',
    async () => bearer(await signJwt('bob', JWT.key, '1h'), { 'organization-id': 'nope' }),
  ],
  'a JWT for an organization that the user is no member of': [
    'ORGANIZATION_UNKNOWN',
    async () => bearer(await signJwt('bob', JWT.key, '1h'), { 'organization-id': other.organization.publicId }),
  ],
  'a JWT of an unknown user': ['ORGANIZATION_UNKNOWN', async () => bearer(await signJwt('eve', JWT.key, '1h'), inBooks())],
  'a JWT without exp': ['CREDENTIAL', async () => bearer(await sign({ sub: 'bob' }), inBooks())],
  'a JWT without sub': ['CREDENTIAL', async () => bearer(await sign({ exp: inAnHour() }), inBooks())],
  'a JWT whose sub is a number': ['CREDENTIAL', async () => bearer(await sign({ sub: 1, exp: inAnHour() }), inBooks())],
  'a JWT whose sub is a query': ['CREDENTIAL', async () => bearer(await sign({ sub: { $ne: '' }, exp: inAnHour() }), inBooks())],
  'a JWT that has expired': ['CREDENTIAL', async () => bearer(await sign({ sub: 'bob', exp: inAnHour() - 3601 }), inBooks())],
  'a JWT that is not valid yet': [
    'CREDENTIAL',
    async () => bearer(await sign({ sub: 'bob', nbf: inAnHour(), exp: inAnHour() }), inBooks()),
  ],
  'a JWT signed with another key': [
    'CREDENTIAL',
    async () => bearer(await signJwt('bob', new TextEncoder().encode('another secret, and long enough too'), '1h'), inBooks()),
  ],
  'a JWT with another algorithm': [
    'CREDENTIAL',
    async () => bearer(await sign({ sub: 'bob', exp: inAnHour() }, JWT.key, 'HS512'), inBooks()),
  ],
  'a JWT with other claims under its signature': [
    'CREDENTIAL',
    async () => {
      const [header, , signature] = (await signJwt('ann', JWT.key, '1h')).split('.');
      return bearer(`${header}.${base64({ sub: 'bob', exp: inAnHour() })}.${signature}`, inBooks());
    },
  ],
  'a JWT that says it needs no signature': [
    'CREDENTIAL',
    () => bearer(`${base64({ alg: 'none' })}.${base64({ sub: 'bob', exp: inAnHour() })}.`, inBooks()),
  ],
};

describe.each(Object.entries(STRANGERS))('%s', (_, [reason, headers]) => {
  it('gets the same 401 from GraphQL, whatever the query', async () => {
    const client = new Client(gateway.app, await headers());

    for (const reply of [await client.graphql(MeDocument), await client.graphql(CreditNoteDocument, { id: '1' })]) {
      expect(reply.errors?.map(({ extensions }) => extensions)).toMatchObject([{ code: 'UNAUTHENTICATED', details: { reason } }]);
      expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
  });

  it("gets the legacy API's 401 from REST, and refunds nothing", async () => {
    const note = await books.creditNote('100.00');
    const before = await books.snapshot();

    const reply = await new Client(gateway.app, await headers()).rest(`/api/credit-notes/${note.id}/refunds`, books.restBody());

    expect({ status: reply.status, body: reply.json }).toEqual({ status: 401, body: BODIES[reason] });
    expect(reply.headers['www-authenticate']).toBe('Bearer');
    expect(await books.snapshot()).toEqual(before);
  });
});

it('authenticates a caller before it validates the rest of the request', async () => {
  const stranger = new Client(gateway.app, {});
  for (const path of ['/api/credit-notes/1/refunds', '/api/credit-notes/999999/refunds', '/api/credit-notes/x/refunds']) {
    expect((await stranger.rest(path, { amount: 'x' })).json).toEqual(BODIES.CREDENTIAL);
  }
});

it('refuses every JWT when no JWT key is configured', async () => {
  const closed = await Gateway.start({ jwt: null });
  try {
    const { organization } = await closed.books();
    const headers = bearer(await signJwt('bob', JWT.key, '1h'), { 'organization-id': organization.publicId });
    expect((await new Client(closed.app, headers).graphql(MeDocument)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  } finally {
    await closed.stop();
  }
});

describe('a JWT signed by a private key', () => {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
  const pem = (algorithm: keyof typeof pairs) => pairs[algorithm].publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it.each(algorithms)('is accepted with its own public key and with no other: %s', async (algorithm) => {
    const pinned = await Gateway.start({ jwt: { algorithm, key: jwtKey(algorithm, undefined, pem(algorithm)) } });
    try {
      const { organization } = await pinned.books();
      const ann = { subject: 'ann', name: 'Ann', role: Role.VIEWER };
      await pinned.database.asOperator((em) => addMember(em, organization, ann, { by: 'the test' }));
      const claims = { sub: 'ann', exp: inAnHour() };
      const answer = async (token: string) => {
        const headers = bearer(token, { 'organization-id': organization.publicId });
        const { data, errors } = await new Client(pinned.app, headers).graphql(MeDocument);
        return data?.me.name ?? errors?.[0]?.extensions.code;
      };

      expect(await answer(await sign(claims, pairs[algorithm].privateKey, algorithm))).toBe('Ann');
      expect(await answer(confused(claims, pem(algorithm)))).toBe('UNAUTHENTICATED');
      expect(await answer(confused(claims, pem(algorithm).trim()))).toBe('UNAUTHENTICATED');
      for (const wrong of algorithms.filter((name) => name !== algorithm)) {
        expect(await answer(await sign(claims, pairs[wrong].privateKey, wrong))).toBe('UNAUTHENTICATED');
      }
    } finally {
      await pinned.stop();
    }
  });

  it('must come from the configured issuer and name the configured audience', async () => {
    const pinned = await Gateway.start({ jwt: { ...JWT, issuer: 'https://id.example', audience: 'books' } });
    try {
      const { organization } = await pinned.books();
      const reasonOf = async (claims: Record<string, unknown>) => {
        const headers = bearer(await sign({ sub: 'x', exp: inAnHour(), ...claims }), { 'organization-id': organization.publicId });
        return (await new Client(pinned.app, headers).graphql(MeDocument)).errors?.[0]?.extensions.details;
      };

      // ORGANIZATION_UNKNOWN means that the token was accepted and the membership was looked up next.
      expect(await reasonOf({ iss: 'https://id.example', aud: ['other', 'books'] })).toEqual({ reason: 'ORGANIZATION_UNKNOWN' });
      expect(await reasonOf({ iss: 'https://id.example' })).toEqual({ reason: 'CREDENTIAL' });
      expect(await reasonOf({ iss: 'https://id.example', aud: 'other' })).toEqual({ reason: 'CREDENTIAL' });
      expect(await reasonOf({ iss: 'https://evil.example', aud: 'books' })).toEqual({ reason: 'CREDENTIAL' });
    } finally {
      await pinned.stop();
    }
  });
});

describe('an authenticated caller', () => {
  it('is accepted by key, with or without the organization-id header and with the scheme in any case', async () => {
    const { key } = await newKey();

    for (const headers of [bearer(key), bearer(key, inBooks()), { authorization: `bearer ${key}` }]) {
      const { data } = await new Client(gateway.app, headers).graphql(MeDocument);
      expect(data?.me).toMatchObject({ name: 'key', role: 'ADMIN', organization: { id: books.organization.publicId } });
    }
  });

  it('has the role of its membership in the organization of the request', async () => {
    const token = await signJwt('ann', JWT.key, '1h');
    const roleIn = async ({ organization }: Books) =>
      (await new Client(gateway.app, bearer(token, { 'organization-id': organization.publicId })).graphql(MeDocument)).data?.me
        .role;

    expect([await roleIn(books), await roleIn(other)]).toEqual(['ACCOUNTANT', 'VIEWER']);
  });

  it("has the time of its key's last use recorded", async () => {
    const { key, apiKey } = await newKey();
    const lastUsed = async () =>
      (await gateway.database.orm.em.fork().findOneOrFail(ApiKey, { id: apiKey.id, organization: books.organization.id }))
        .lastUsedAt;
    expect(await lastUsed()).toBeNull();

    await new Client(gateway.app, bearer(key)).graphql(MeDocument);

    // The gateway records it in the background.
    while ((await lastUsed()) === null);
    expect(await lastUsed()).toEqual(expect.any(Date));
  });

  it('is named as the author of its refunds', async () => {
    const note = await books.creditNote('100.00');
    const ann = new Client(gateway.app, bearer(await signJwt('ann', JWT.key, '1h'), inBooks()));

    const { refundCreditNote } = await ann.query(RefundCreditNoteDocument, { input: books.refundInput(note.id) });

    expect(refundCreditNote.createdBy).toBe('ann');
  });

  it('has its credential nowhere in the log', async () => {
    const { key } = await newKey();
    await new Client(gateway.app, bearer(key)).graphql(MeDocument);
    await new Client(gateway.app, bearer(`${key}x`)).rest('/api/credit-notes/1/refunds', books.restBody());
    expect(JSON.stringify(gateway.logged)).not.toContain(key.slice(3));
  });
});

describe('a viewer', () => {
  let viewer: Client;
  beforeAll(async () => {
    viewer = await gateway.client(books.organization, Role.VIEWER);
  });

  it('can read', async () => {
    const { id } = await books.creditNote('100.00');
    expect((await viewer.query(CreditNoteDocument, { id })).creditNote?.total).toBe('100.00');
    expect((await viewer.query(ListsDocument)).creditNotes.nodes.length).toBeGreaterThan(0);
  });

  it('can neither refund a credit note, nor open one, nor record anything', async () => {
    const draft = await books.creditNote('100.00', { open: false });
    const note = await books.creditNote('100.00');
    const customerId = await books.customer();
    const before = await everything();
    const lines = [{ accountId: books.ids.sales, amount: '1.00' }];

    const replies = [
      await viewer.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id) }),
      await viewer.graphql(OpenCreditNoteDocument, { id: draft.id }),
      await viewer.graphql(CreateCreditNoteDocument, { input: { customerId, date: '2026-01-15', lines } }),
      await viewer.graphql(CreateCustomerDocument, { input: { displayName: 'Mallory' } }),
      await viewer.graphql(CreateAccountDocument, { input: { code: 'M', name: 'Mallory', type: 'BANK' } }),
      await viewer.graphql(CreateBranchDocument, { input: { code: 'M', name: 'Mallory' } }),
    ];

    expect(replies.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(replies.map(() => 'FORBIDDEN'));
    expect(await everything()).toEqual(before);
  });

  it('gets 403 from REST before its request is validated', async () => {
    const { id } = await books.creditNote('100.00');
    const before = await books.snapshot();

    for (const [path, body] of [
      [id, books.restBody()],
      [id, {}],
      ['999999', books.restBody()],
    ] as const) {
      const reply = await viewer.rest(`/api/credit-notes/${path}/refunds`, body);
      expect({ status: reply.status, type: reply.json.errors[0].type }).toEqual({ status: 403, type: 'FORBIDDEN' });
    }
    expect(await books.snapshot()).toEqual(before);
  });
});

it('lets an accountant refund over GraphQL and REST', async () => {
  const accountant = await gateway.client(books.organization, Role.ACCOUNTANT);
  const { id } = await books.creditNote('100.00');

  await accountant.query(RefundCreditNoteDocument, { input: books.refundInput(id) });
  const reply = await accountant.rest(`/api/credit-notes/${id}/refunds`, books.restBody());

  expect(reply.status).toBe(201);
  expect((await books.client.query(CreditNoteDocument, { id })).creditNote?.refunds?.nodes).toHaveLength(2);
});

/** An HS256 token that is signed with the public key as its secret (an algorithm confusion attack). */
function confused(claims: object, secret: string): string {
  const text = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Counts the rows of every table that a client can write to. */
async function everything(): Promise<unknown> {
  const tables = ['credit_notes', 'refunds', 'journal_entries', 'accounts', 'branches', 'customers'];
  const counts = tables.map((table) => `select '${table}' as name, count(*) from ${table} where organization_id = $1`);
  return (await gateway.database.sql.query(counts.join(' union all '), [books.organization.id])).rows;
}
