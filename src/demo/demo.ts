import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Actor, internalRequest } from '../auth/actor.js';
import { createApiKey } from '../auth/api-keys.js';
import { type JwtSettings, signJwt } from '../auth/jwt.js';
import type { Database } from '../database/database.js';
import { Membership, Role, User } from '../entities/access.js';
import { Account, SystemRole } from '../entities/account.js';
import { AccountType } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { Organization } from '../entities/organization.js';
import type { SandboxContent } from '../graphql/server.js';
import { createCreditNote } from '../services/credit-notes/create-credit-note.js';
import { createOrganization } from '../services/organizations/create-organization.js';
import { createAccount, createBranch, createCustomer } from '../services/organizations/create-records.js';
import { refundRequest } from '../services/refunds/refund-command.js';
import { refundCreditNote } from '../services/refunds/refund-credit-note.js';
import { Big } from '../values/money.js';

/** What `demo.json` tells: everything that it takes to try the gateway. */
export interface Demo {
  readonly apiKey: string;
  readonly jwt: string;
  readonly organizationId: string;
  readonly accounts: Readonly<Record<'bank' | 'cash' | 'receivable' | 'expense' | 'foreignBank', number>>;
  readonly branches: Readonly<Record<'primary' | 'second', number>>;
  readonly customers: Readonly<Record<'base' | 'foreign', number>>;
  readonly creditNotes: Readonly<Record<'open' | 'foreign' | 'draft' | 'closed', number>>;
  /** A second organization, which the JWT's user is no member of. */
  readonly other: {
    readonly apiKey: string;
    readonly organizationId: string;
    readonly creditNotes: { readonly open: number };
    readonly accounts: { readonly bank: number };
  };
}

const SUBJECT = 'demo-user';
const DATE = '2026-01-15';

/**
 * The demo that the data folder holds; `null` if its database is one's own work, and no demo. An empty database is
 * seeded with one.
 */
export async function openDemo(
  { orm, asOwner }: Pick<Database, 'orm' | 'asOwner'>,
  dataDir: string,
): Promise<{ demo: Demo; jwt: JwtSettings } | null> {
  const secret = await demoSecret(dataDir);
  const jwt: JwtSettings = { algorithm: 'HS256', key: secret };
  const file = demoFile(dataDir);
  if ((await orm.em.fork().count(Organization)) === 0) {
    await asOwner((em) =>
      em.transactional(async (em) => {
        const seeded = await seed(em);
        // Written before the commit: a crash in between leaves a file that the next start overwrites, never a lost key.
        await write(file, { ...seeded, jwt: await signJwt(SUBJECT, secret, '30d') });
      }),
    );
  }
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept === null) return null;
  // The token is signed anew at each start, so that it never runs out.
  const demo: Demo = { ...JSON.parse(kept), jwt: await signJwt(SUBJECT, secret, '30d') };
  await write(file, demo);
  return { demo, jwt };
}

/** What a demo tells of itself, for its owner only. */
export function demoFile(dataDir: string): string {
  return join(dataDir, 'demo.json');
}

/** The operation that the Sandbox opens with: pressing Run refunds. */
export function sandboxContent(demo: Demo): SandboxContent {
  return {
    document: REFUND_MUTATION,
    variables: {
      input: {
        creditNoteId: String(demo.creditNotes.open),
        fromAccountId: String(demo.accounts.bank),
        amount: '25.00',
        exchangeRate: '1',
        referenceNo: 'REF-1',
        description: 'From the Sandbox',
        date: '2026-02-01',
        branchId: String(demo.branches.primary),
      },
    },
    headers: { authorization: `Bearer ${demo.apiKey}` },
  };
}

const REFUND_MUTATION = `mutation Refund($input: RefundCreditNoteInput!) {
  refundCreditNote(input: $input) {
    id
    amount
    date
    creditNote { number status remaining }
    fromAccount { name balance }
    journalEntry { lines { side amount account { name } } }
  }
}
`;

async function seed(em: EntityManager): Promise<Omit<Demo, 'jwt'>> {
  const organization = await createOrganization(em, {
    publicId: publicId(),
    name: 'Demo Ltd',
    baseCurrency: 'USD',
    timeZone: 'America/New_York',
  });
  const other = await createOrganization(em, { publicId: publicId(), name: 'Other Ltd', baseCurrency: 'USD', timeZone: 'UTC' });
  const user = em.create(User, { subject: SUBJECT, name: 'Dana Demo' });
  em.create(Membership, { organization: organization.id, user, role: Role.ADMIN });
  const { key, apiKey } = await createApiKey(em, organization, { name: 'Demo key', role: Role.ADMIN });
  const { key: otherKey, apiKey: otherApiKey } = await createApiKey(em, other, { name: 'Other key', role: Role.ADMIN });
  const actor: Actor = {
    organization,
    role: Role.ADMIN,
    name: apiKey.name,
    userId: null,
    postingDaysAhead: 0,
    apiKeyId: apiKey.id,
    request: internalRequest('demo'),
  };
  const otherActor: Actor = { ...actor, organization: other, name: otherApiKey.name, apiKeyId: otherApiKey.id };

  const bank = await accountOfType(em, organization, AccountType.BANK);
  const sales = await accountOfType(em, organization, AccountType.INCOME);
  const foreignBank = await createAccount(em, actor, {
    code: '10003',
    name: 'Euro Bank',
    type: AccountType.BANK,
    currencyCode: 'EUR',
    active: true,
  });
  const primary = await em.findOneOrFail(Branch, { organization: organization.id, isPrimary: true });
  const second = await createBranch(em, actor, { code: '2', name: 'West Coast' });
  const base = await createCustomer(em, actor, { displayName: 'Ann Base', email: 'ann@example.com' });
  const foreign = await createCustomer(em, actor, { displayName: 'Fritz Foreign', currencyCode: 'EUR' });
  const otherCustomer = await createCustomer(em, otherActor, { displayName: 'Olga Other' });

  const note = (by: Actor, customerId: number, accountId: number, amount: string, open: boolean, exchangeRate?: Big) =>
    createCreditNote(em, by, {
      customerId: String(customerId),
      date: DATE,
      exchangeRate,
      lines: [{ accountId: String(accountId), amount: Big(amount), description: 'Goods returned' }],
      referenceNo: '',
      note: '',
      open,
    });
  const closed = await note(actor, base.id, sales.id, '100.00', true);
  const input = {
    creditNoteId: String(closed.id),
    fromAccountId: String(bank.id),
    amount: Big('100.00'),
    exchangeRate: Big('1'),
    referenceNo: 'REF-0',
    description: 'Paid back in full',
    date: DATE,
    branchId: String(primary.id),
  };
  await refundCreditNote(em, refundRequest(actor, input, { duplicateWindowSeconds: 0 }));
  const otherSales = await accountOfType(em, other, AccountType.INCOME);
  return {
    apiKey: key,
    organizationId: organization.publicId,
    accounts: {
      bank: bank.id,
      cash: (await accountOfType(em, organization, AccountType.CASH)).id,
      receivable: (await em.findOneOrFail(Account, { organization: organization.id, systemRole: SystemRole.ACCOUNTS_RECEIVABLE }))
        .id,
      expense: (await em.findOneOrFail(Account, { organization: organization.id, code: '40001' })).id,
      foreignBank: foreignBank.id,
    },
    branches: { primary: primary.id, second: second.id },
    customers: { base: base.id, foreign: foreign.id },
    creditNotes: {
      open: (await note(actor, base.id, sales.id, '10000.00', true)).id,
      foreign: (await note(actor, foreign.id, sales.id, '1000.00', true, Big('1.10'))).id,
      draft: (await note(actor, base.id, sales.id, '500.00', false)).id,
      closed: closed.id,
    },
    other: {
      apiKey: otherKey,
      organizationId: other.publicId,
      creditNotes: { open: (await note(otherActor, otherCustomer.id, otherSales.id, '1000.00', true)).id },
      accounts: { bank: (await accountOfType(em, other, AccountType.BANK)).id },
    },
  };
}

function accountOfType(em: EntityManager, organization: Organization, type: AccountType): Promise<Account> {
  return em.findOneOrFail(Account, { organization: organization.id, type });
}

function publicId(): string {
  return randomBytes(8).toString('hex');
}

/** The secret that signs the demo's JWTs: made once, and kept beside the database that it opens. */
async function demoSecret(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, 'demo-jwt-secret');
  const kept = await readFile(file).catch(() => null);
  if (kept !== null) return new Uint8Array(kept);
  const secret = new Uint8Array(randomBytes(32));
  await writeFile(file, secret, { mode: 0o600 });
  return secret;
}

/** Written beside and renamed, so that a reader or a crash never meets half a file. */
async function write(file: string, demo: Demo): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
