import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { AccountType } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { Customer } from '../../entities/customer.js';
import type { Organization } from '../../entities/organization.js';
import { CurrencyNotFound } from '../../errors.js';
import { isCurrency } from '../../values/money.js';
import { command } from '../unit-of-work/command.js';
import { currencyOrBase, flag, oneOf, optional, text, verbatim } from '../unit-of-work/fields.js';

/**
 * Adds an account to the chart of accounts. The default currency is the base currency.
 *
 * @throws {CurrencyNotFound}
 * @throws {AccountCodeNotUnique}
 */
export const createAccount = command({
  name: 'createAccount',
  role: Role.ACCOUNTANT,
  result: Account,
  fields: { code: text, name: text, type: oneOf(AccountType), currencyCode: currencyOrBase, active: flag },
  async run({ em, organization }, { currencyCode, ...account }) {
    return em.create(Account, { organization, ...account, currencyCode: currencyOf(organization, currencyCode), systemRole: null });
  },
});

/**
 * Adds a branch, which is never the primary one.
 *
 * @throws {BranchCodeNotUnique}
 */
export const createBranch = command({
  name: 'createBranch',
  role: Role.ACCOUNTANT,
  result: Branch,
  fields: { code: text, name: text },
  async run({ em, organization }, branch) {
    return em.create(Branch, { organization, ...branch, isPrimary: false });
  },
});

/**
 * Adds a customer. The default currency of the customer's documents is the base currency.
 *
 * @throws {CurrencyNotFound}
 */
export const createCustomer = command({
  name: 'createCustomer',
  role: Role.ACCOUNTANT,
  result: Customer,
  fields: { displayName: text, email: optional(verbatim), currencyCode: currencyOrBase },
  async run({ em, organization }, { currencyCode, ...customer }) {
    return em.create(Customer, { organization, ...customer, currencyCode: currencyOf(organization, currencyCode) });
  },
});

function currencyOf(organization: Organization, currencyCode: string): string {
  if (currencyCode === organization.baseCurrency) return organization.baseCurrency;
  if (!isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode);
  return currencyCode;
}
