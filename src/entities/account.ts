import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { AccountCurrencyInvalid, AccountInactive, AccountInvalidType } from '../errors.js';
import { AccountType } from './account-type.js';
import type { Organization } from './organization.js';
import { Owned } from './owned.js';

/** Accounts that the service selects by itself for its journal lines. An organization has one of each. */
export enum SystemRole {
  ACCOUNTS_RECEIVABLE = 'accounts-receivable',
  FX_GAIN_LOSS = 'fx-gain-loss',
  ROUNDING = 'rounding',
}

@ObjectType({ description: 'An account of the chart of accounts.' })
@Entity({ tableName: 'accounts' })
export class Account extends Owned {
  @Field(() => String, { description: 'Code, unique in the organization.' })
  @Property({ type: 'text' })
  code!: string;

  @Field(() => String, { description: 'Name of the account.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => AccountType, { description: 'Kind of the account.' })
  @Property({ type: 'text' })
  type!: AccountType;

  @Field(() => String, { description: 'ISO 4217 code of the currency that the account is held in.' })
  @Property({ type: 'text' })
  currencyCode!: string;

  @Field(() => Boolean, { description: 'Whether it may be used in new postings.' })
  @Property({ type: 'boolean' })
  active = true;

  @Property({ type: 'text', nullable: true })
  systemRole: SystemRole | null = null;

  /** @throws {AccountInactive} */
  assertActive(field: string): void {
    if (!this.active) throw new AccountInactive(this.name, field);
  }

  /**
   * Checks that the account is active, and that its type and currency are among the allowed ones.
   *
   * @param field the input field with the account's id
   * @throws {AccountInactive}
   * @throws {AccountInvalidType}
   * @throws {AccountCurrencyInvalid}
   */
  assertUsable(types: readonly AccountType[], currencies: readonly string[], field: string): void {
    this.assertActive(field);
    if (!types.includes(this.type)) throw new AccountInvalidType(this.name, this.type, types, field);
    if (!currencies.includes(this.currencyCode)) throw new AccountCurrencyInvalid(this.name, this.currencyCode, currencies, field);
  }
}

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
