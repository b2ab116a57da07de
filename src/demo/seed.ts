import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Actor, internalRequest } from '../auth/actor.js';
import { createApiKey } from '../auth/api-keys.js';
import { Membership, Role, User } from '../entities/access.js';
import { Account, SystemRole } from '../entities/account.js';
import { AccountType } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import type { CreditNote } from '../entities/credit-note.js';
import type { Organization } from '../entities/organization.js';
import { createCreditNote } from '../services/credit-notes/create-credit-note.js';
import { createOrganization } from '../services/organizations/create-organization.js';
import { createAccount, createBranch, createCustomer } from '../services/organizations/create-records.js';
import { refundRequest } from '../services/refunds/refund-command.js';
import { refundCreditNote } from '../services/refunds/refund-credit-note.js';
import { Big } from '../values/money.js';

/** The content of `demo.json`: everything that is needed to try the gateway. */
export interface Demo {
  readonly apiKey: string;
  readonly jwt: string;
  readonly organizationId: string;
  readonly accounts: Readonly<Record<'bank' | 'cash' | 'receivable' | 'expense' | 'foreignBank', number>>;
  readonly branches: Readonly<Record<'primary' | 'second', number>>;
  readonly customers: Readonly<Record<'base' | 'foreign', number>>;
  readonly creditNotes: Readonly<Record<'open' | 'foreign' | 'draft' | 'closed', number>>;
  /** A second organization, of which the JWT's user is no member. */
  readonly other: {
    readonly apiKey: string;
    readonly organizationId: string;
    readonly creditNotes: { readonly open: number };
    readonly accounts: { readonly bank: number };
  };
}

/** The subject of the demo user's JWT. */
export const SUBJECT = 'demo-user';

const DATE = '2026-01-15';

/** Creates the two organizations of the demo, and returns their ids and keys. */
export async function seed(em: EntityManager): Promise<Omit<Demo, 'jwt'>> {
  const demo = await seedDemo(em);
  return { ...demo, other: await seedOther(em) };
}

async function seedDemo(em: EntityManager): Promise<Omit<Demo, 'jwt' | 'other'>> {
  const { actor, key } = await newOrganization(em, 'Demo', 'America/New_York', { firstId: 1 });
  const { organization } = actor;
  const user = em.create(User, { subject: SUBJECT, name: 'Dana Demo' });
  em.create(Membership, { organization: organization.id, user, role: Role.ADMIN });
  const bank = await accountOfType(em, organization, AccountType.BANK);
  const sales = await accountOfType(em, organization, AccountType.INCOME);
  const receivable = { organization: organization.id, systemRole: SystemRole.ACCOUNTS_RECEIVABLE };
  const euros = { code: '10003', name: 'Euro Bank', type: AccountType.BANK, currencyCode: 'EUR', active: true };
  const primary = await em.findOneOrFail(Branch, { organization: organization.id, isPrimary: true });
  const second = await createBranch(em, actor, { code: '2', name: 'West Coast' });
  const base = await createCustomer(em, actor, { displayName: 'Ann Base', email: 'ann@example.com' });
  const foreign = await createCustomer(em, actor, { displayName: 'Fritz Foreign', currencyCode: 'EUR' });

  const closed = await createNote(em, actor, { customerId: base.id, accountId: sales.id, amount: '100.00' });
  await refundInFull(em, actor, closed, { bankId: bank.id, branchId: primary.id });
  const open = await createNote(em, actor, { customerId: base.id, accountId: sales.id, amount: '10000.00' });
  const foreignNote = { customerId: foreign.id, accountId: sales.id, amount: '1000.00', exchangeRate: Big('1.10') };
  const draft = { customerId: base.id, accountId: sales.id, amount: '500.00', open: false };
  const demo = {
    apiKey: key,
    organizationId: organization.publicId,
    accounts: {
      bank: bank.id,
      cash: (await accountOfType(em, organization, AccountType.CASH)).id,
      receivable: (await em.findOneOrFail(Account, receivable)).id,
      expense: (await em.findOneOrFail(Account, { organization: organization.id, code: '40001' })).id,
      foreignBank: (await createAccount(em, actor, euros)).id,
    },
    branches: { primary: primary.id, second: second.id },
    customers: { base: base.id, foreign: foreign.id },
    creditNotes: {
      open: open.id,
      foreign: (await createNote(em, actor, foreignNote)).id,
      draft: (await createNote(em, actor, draft)).id,
      closed: closed.id,
    },
  };
  // Three more open notes, to be refunded together.
  for (const amount of ['120.00', '75.50', '310.00']) {
    await createNote(em, actor, { customerId: base.id, accountId: sales.id, amount });
  }
  return demo;
}

async function seedOther(em: EntityManager): Promise<Demo['other']> {
  const { actor, key } = await newOrganization(em, 'Other', 'UTC');
  const { organization } = actor;
  const customer = await createCustomer(em, actor, { displayName: 'Olga Other' });
  const sales = await accountOfType(em, organization, AccountType.INCOME);
  const open = await createNote(em, actor, { customerId: customer.id, accountId: sales.id, amount: '1000.00' });
  return {
    apiKey: key,
    organizationId: organization.publicId,
    creditNotes: { open: open.id },
    accounts: { bank: (await accountOfType(em, organization, AccountType.BANK)).id },
  };
}

async function newOrganization(
  em: EntityManager,
  name: string,
  timeZone: string,
  ids: { readonly firstId?: number } = {},
): Promise<{ actor: Actor; key: string }> {
  const publicId = randomBytes(8).toString('hex');
  const organization = await createOrganization(em, { publicId, name: `${name} Ltd`, baseCurrency: 'USD', timeZone, ...ids });
  const { key, apiKey } = await createApiKey(em, organization, { name: `${name} key`, role: Role.ADMIN });
  const actor: Actor = {
    organization,
    role: Role.ADMIN,
    name: apiKey.name,
    userId: null,
    postingDaysAhead: 0,
    apiKeyId: apiKey.id,
    request: internalRequest('demo'),
  };
  return { actor, key };
}

interface NoteValues {
  readonly customerId: number;
  readonly accountId: number;
  readonly amount: string;
  readonly exchangeRate?: Big;
  readonly open?: boolean;
}

function createNote(
  em: EntityManager,
  actor: Actor,
  { customerId, accountId, amount, exchangeRate, open = true }: NoteValues,
): Promise<CreditNote> {
  return createCreditNote(em, actor, {
    customerId: String(customerId),
    date: DATE,
    exchangeRate,
    lines: [{ accountId: String(accountId), amount: Big(amount), description: 'Goods returned' }],
    referenceNo: '',
    note: '',
    open,
  });
}

async function refundInFull(
  em: EntityManager,
  actor: Actor,
  creditNote: CreditNote,
  { bankId, branchId }: { readonly bankId: number; readonly branchId: number },
): Promise<void> {
  const input = {
    creditNoteId: String(creditNote.id),
    fromAccountId: String(bankId),
    amount: Big('100.00'),
    exchangeRate: Big('1'),
    referenceNo: 'REF-0',
    description: 'Paid back in full',
    date: DATE,
    branchId: String(branchId),
  };
  await refundCreditNote(em, refundRequest(actor, input, { duplicateWindowSeconds: 0 }));
}

function accountOfType(em: EntityManager, organization: Organization, type: AccountType): Promise<Account> {
  return em.findOneOrFail(Account, { organization: organization.id, type });
}
