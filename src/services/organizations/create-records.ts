import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Account } from '../../entities/account.js';
import type { AccountType } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { Customer } from '../../entities/customer.js';
import type { Organization } from '../../entities/organization.js';
import { CurrencyNotFound } from '../../errors.js';
import { isCurrency } from '../../values/money.js';
import { tidy } from '../../values/text.js';
import type { Idempotency } from '../unit-of-work/idempotency.js';
import { inUnitOfWork } from '../unit-of-work/unit-of-work.js';

export interface CreateAccount {
  readonly code: string;
  readonly name: string;
  readonly type: AccountType;
  /** Absent: the base currency. */
  readonly currencyCode?: string | null | undefined;
  readonly active: boolean;
}

export interface CreateBranch {
  readonly code: string;
  readonly name: string;
}

export interface CreateCustomer {
  readonly displayName: string;
  readonly email?: string | null | undefined;
  /** Absent: the base currency. */
  readonly currencyCode?: string | null | undefined;
}

/**
 * @throws {CurrencyNotFound}
 * @throws {AccountCodeNotUnique}
 */
export function createAccount(
  em: EntityManager,
  actor: Actor,
  command: CreateAccount,
  idempotency?: Idempotency,
): Promise<Account> {
  const { code, name, type, currencyCode, active } = command;
  const fields = { code: tidy(code), name: tidy(name), type, currencyCode, active };
  return inUnitOfWork(em, actor, { operation: 'createAccount', fields, result: Account, idempotency }, async (em, organization) =>
    em.create(Account, { organization, ...fields, currencyCode: currencyOf(organization, currencyCode), systemRole: null }),
  );
}

/** @throws {BranchCodeNotUnique} */
export function createBranch(
  em: EntityManager,
  actor: Actor,
  { code, name }: CreateBranch,
  idempotency?: Idempotency,
): Promise<Branch> {
  const fields = { code: tidy(code), name: tidy(name) };
  return inUnitOfWork(em, actor, { operation: 'createBranch', fields, result: Branch, idempotency }, async (em, organization) =>
    em.create(Branch, { organization, ...fields, isPrimary: false }),
  );
}

/** @throws {CurrencyNotFound} */
export function createCustomer(
  em: EntityManager,
  actor: Actor,
  { displayName, email = null, currencyCode }: CreateCustomer,
  idempotency?: Idempotency,
): Promise<Customer> {
  const fields = { displayName: tidy(displayName), email, currencyCode };
  return inUnitOfWork(em, actor, { operation: 'createCustomer', fields, result: Customer, idempotency }, async (em, organization) =>
    em.create(Customer, { organization, ...fields, currencyCode: currencyOf(organization, currencyCode) }),
  );
}

function currencyOf(organization: Organization, currencyCode: string | null | undefined): string {
  if (!currencyCode || currencyCode === organization.baseCurrency) return organization.baseCurrency;
  if (!isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode);
  return currencyCode;
}
