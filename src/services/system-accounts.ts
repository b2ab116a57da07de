import type { EntityManager } from '@mikro-orm/postgresql';
import { Account, SystemRole } from '../entities/account.js';
import type { Organization } from '../entities/organization.js';

export interface SystemAccounts {
  readonly receivable: Account;
  readonly fxGainLoss: Account;
}

/** The accounts that the service itself posts to. Each organization has had them since it was created. */
export async function systemAccounts(em: EntityManager, organization: Organization): Promise<SystemAccounts> {
  const accounts = await em.find(Account, { organization: organization.id, systemRole: { $in: Object.values(SystemRole) } });
  const withRole = (role: SystemRole): Account => {
    const account = accounts.find(({ systemRole }) => systemRole === role);
    if (account === undefined) throw new Error(`organization ${organization.publicId} has no account for ${role}`);
    return account;
  };
  return { receivable: withRole(SystemRole.ACCOUNTS_RECEIVABLE), fxGainLoss: withRole(SystemRole.FX_GAIN_LOSS) };
}
