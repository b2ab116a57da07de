import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../auth/actor.js';
import { Account } from '../entities/account.js';
import type { AccountType } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { Customer } from '../entities/customer.js';
import { Organization } from '../entities/organization.js';
import { CurrencyNotFound } from '../errors.js';
import { isCurrency } from '../money.js';

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
export function createAccount(em: EntityManager, actor: Actor, { currencyCode, ...rest }: CreateAccount): Promise<Account> {
  return em.transactional(
    async (em) => {
      const organization = await em.findOneOrFail(Organization, actor.organization.id);
      return em.create(Account, { organization, currencyCode: currencyOf(organization, currencyCode), systemRole: null, ...rest });
    },
    { clear: true },
  );
}

/** @throws {BranchCodeNotUnique} */
export function createBranch(em: EntityManager, actor: Actor, command: CreateBranch): Promise<Branch> {
  return em.transactional(async (em) => em.create(Branch, { organization: actor.organization.id, isPrimary: false, ...command }), {
    clear: true,
  });
}

/** @throws {CurrencyNotFound} */
export function createCustomer(
  em: EntityManager,
  actor: Actor,
  { displayName, email, currencyCode }: CreateCustomer,
): Promise<Customer> {
  return em.transactional(
    async (em) => {
      const organization = await em.findOneOrFail(Organization, actor.organization.id);
      return em.create(Customer, {
        organization,
        displayName,
        email: email ?? null,
        currencyCode: currencyOf(organization, currencyCode),
      });
    },
    { clear: true },
  );
}

function currencyOf(organization: Organization, currencyCode: string | null | undefined): string {
  if (!currencyCode) return organization.baseCurrency;
  if (!isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode);
  return currencyCode;
}
