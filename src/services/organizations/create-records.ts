import { Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { AccountType } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { Customer } from '../../entities/customer.js';
import type { Organization } from '../../entities/organization.js';
import { AccountCodeNotUnique, CurrencyNotFound } from '../../errors.js';
import { isCurrency } from '../../values/money.js';
import { command } from '../unit-of-work/command.js';
import { currencyOrBase, flag, oneOf, optional, text, verbatim } from '../unit-of-work/fields.js';
import { isTaken } from '../unit-of-work/is-taken.js';

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
    const refusals = new Refusals();
    refusals.check(() => assertCurrency(organization, currencyCode));
    if (await isTaken(em, organization, 'accounts', account.code)) refusals.add(new AccountCodeNotUnique());
    if (refusals.any) throw refusals.all();
    return em.create(Account, { organization, ...account, currencyCode, systemRole: null });
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
    assertCurrency(organization, currencyCode);
    return em.create(Customer, { organization, ...customer, currencyCode });
  },
});

function assertCurrency({ baseCurrency }: Organization, currencyCode: string): void {
  if (currencyCode !== baseCurrency && !isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode);
}
