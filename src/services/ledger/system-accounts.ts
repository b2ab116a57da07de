import { type Account, SystemRole } from '../../entities/account.js';
import type { Organization } from '../../entities/organization.js';

/** The accounts of an organization that have a system role. */
export interface SystemAccounts {
  readonly receivable: Account;
  readonly fxGainLoss: Account;
  readonly rounding: Account;
}

/**
 * Returns the accounts that the service itself posts to, chosen from the organization's accounts by their system role. Every organization is
 * created with them.
 */
export function systemAccounts(organization: Organization, accounts: readonly Account[]): SystemAccounts {
  const withRole = (role: SystemRole): Account => {
    const account = accounts.find(({ systemRole }) => systemRole === role);
    if (account === undefined) throw new Error(`organization ${organization.publicId} has no account for ${role}`);
    return account;
  };
  return {
    receivable: withRole(SystemRole.ACCOUNTS_RECEIVABLE),
    fxGainLoss: withRole(SystemRole.FX_GAIN_LOSS),
    rounding: withRole(SystemRole.ROUNDING),
  };
}
