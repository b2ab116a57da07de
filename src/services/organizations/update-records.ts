import { Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { Branch } from '../../entities/branch.js';
import { Customer } from '../../entities/customer.js';
import {
  AccountCodeNotUnique,
  AccountNotFound,
  BranchCodeNotUnique,
  BranchIdNotFound,
  CustomerNotFound,
  RecordIsNeeded,
} from '../../errors.js';
import { command } from '../unit-of-work/command.js';
import { flag, id, optional, removable, text, verbatim } from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import { isTaken } from '../unit-of-work/is-taken.js';

/*
 * Absent fields stay as they are. Documents keep their account, branch and customer: an inactive one is only refused in new documents. The commands
 * wait for running ones, so that none of them uses a record after it was deactivated.
 */

/**
 * Changes an account. Its type and its currency never change: entries rely on them.
 *
 * @throws {AccountNotFound}
 * @throws {RecordIsNeeded} if a system account is to be inactive
 * @throws {AccountCodeNotUnique}
 */
export const updateAccount = command({
  name: 'updateAccount',
  role: Role.ACCOUNTANT,
  period: 'exclusive',
  result: Account,
  fields: { accountId: id, code: optional(text), name: optional(text), active: optional(flag) },
  async run({ em, organization, change }, { accountId, ...values }) {
    const account = await findOwned(em, Account, organization, accountId);
    if (account === null) throw new AccountNotFound(accountId, 'accountId');
    const refusals = new Refusals();
    if (values.code && (await isTaken(em, organization, 'accounts', values.code, account.id)))
      refusals.add(new AccountCodeNotUnique());
    if (account.systemRole !== null && values.active === false) refusals.add(new RecordIsNeeded(`Account ${account.name}`));
    if (refusals.any) throw refusals.all();
    change(account, values);
    return account;
  },
  audit: ({ result, changes }) => ({ id: String(result.id), ...changes }),
});

/**
 * Changes a branch.
 *
 * @throws {BranchIdNotFound}
 * @throws {RecordIsNeeded} if the primary branch is to be inactive
 * @throws {BranchCodeNotUnique}
 */
export const updateBranch = command({
  name: 'updateBranch',
  role: Role.ACCOUNTANT,
  period: 'exclusive',
  result: Branch,
  fields: { branchId: id, code: optional(text), name: optional(text), active: optional(flag) },
  async run({ em, organization, change }, { branchId, ...values }) {
    const branch = await findOwned(em, Branch, organization, branchId);
    if (branch === null) throw new BranchIdNotFound(branchId);
    const refusals = new Refusals();
    if (values.code && (await isTaken(em, organization, 'branches', values.code, branch.id)))
      refusals.add(new BranchCodeNotUnique());
    if (branch.isPrimary && values.active === false) refusals.add(new RecordIsNeeded(`Branch ${branch.name}`));
    if (refusals.any) throw refusals.all();
    change(branch, values);
    return branch;
  },
  audit: ({ result, changes }) => ({ id: String(result.id), ...changes }),
});

/**
 * Changes a customer. The currency never changes: the customer's documents are in it.
 *
 * @throws {CustomerNotFound}
 */
export const updateCustomer = command({
  name: 'updateCustomer',
  role: Role.ACCOUNTANT,
  period: 'exclusive',
  result: Customer,
  fields: { customerId: id, displayName: optional(text), email: removable(verbatim), active: optional(flag) },
  async run({ em, organization, change }, { customerId, ...values }) {
    const customer = await findOwned(em, Customer, organization, customerId);
    if (customer === null) throw new CustomerNotFound(customerId);
    change(customer, values);
    return customer;
  },
  audit: ({ result, changes }) => ({ id: String(result.id), ...changes }),
});
