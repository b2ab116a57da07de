import { type Account, SystemRole } from '../../entities/account.js';
import type { Organization } from '../../entities/organization.js';

export interface SystemAccounts {
  readonly receivable: Account;
  readonly fxGainLoss: Account;
  readonly rounding: Account;
}

/** The accounts that the service itself posts to, out of the organization's. Each organization has them from the start. */
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
