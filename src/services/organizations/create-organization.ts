import type { EntityManager } from '@mikro-orm/postgresql';
import { InvalidInput } from '../../domain-error.js';
import { Account, SystemRole } from '../../entities/account.js';
import { AccountType } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { Organization } from '../../entities/organization.js';
import { CurrencyNotFound } from '../../errors.js';
import { isCurrency } from '../../values/money.js';
import { isTimeZone } from '../../values/posting-date.js';
import { OPERATOR, recordEvent } from '../unit-of-work/audit-trail.js';
import { lockOperators } from '../unit-of-work/locks.js';
import { type Operator, OperatorRefusal } from './operator-command.js';
import { assertKnownTimeZone, TIME_ZONE_RULE } from './time-zone.js';

/** The input of {@link createOrganization}. */
export interface CreateOrganization {
  /** Value of the organization-id header. */
  readonly publicId: string;
  readonly name: string;
  readonly baseCurrency: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** The first id in each of its tables; random if it is absent. */
  readonly firstId?: number;
}

/** Characters that are safe in an HTTP header. */
const PUBLIC_ID = /^[A-Za-z0-9._-]{1,64}$/;
const PUBLIC_ID_RULE = 'id must be 1 to 64 letters, digits, dots, hyphens or underscores';

const CHART: readonly { code: string; name: string; type: AccountType; systemRole?: SystemRole }[] = [
  { code: '10001', name: 'Bank', type: AccountType.BANK },
  { code: '10002', name: 'Petty Cash', type: AccountType.CASH },
  { code: '10007', name: 'Accounts Receivable', type: AccountType.ACCOUNTS_RECEIVABLE, systemRole: SystemRole.ACCOUNTS_RECEIVABLE },
  { code: '40001', name: 'Other Expenses', type: AccountType.OTHER_EXPENSE },
  { code: '40008', name: 'Exchange Gain or Loss', type: AccountType.OTHER_EXPENSE, systemRole: SystemRole.FX_GAIN_LOSS },
  { code: '40009', name: 'Rounding Differences', type: AccountType.OTHER_EXPENSE, systemRole: SystemRole.ROUNDING },
  { code: '50001', name: 'Sales', type: AccountType.INCOME },
];

/**
 * Creates an organization for an operator, and records an audit event.
 *
 * @throws {OperatorRefusal} if an organization has this id already; case does not matter
 * @throws {CurrencyNotFound}
 * @throws {InvalidInput} if the id or the time zone is invalid
 */
export function openOrganization(em: EntityManager, command: CreateOrganization, { by }: Operator): Promise<Organization> {
  return em.transactional(async (em) => {
    await lockOperators(em);
    const [taken] = await em.execute<{ id: string }[]>(
      'select public_id as id from organizations where lower(public_id) = lower(?)',
      [command.publicId],
    );
    if (taken !== undefined) throw new OperatorRefusal(`There is an organization ${taken.id} already`);
    if (isTimeZone(command.timeZone)) await assertKnownTimeZone(em, command.timeZone);
    const organization = await createOrganization(em, command);
    const { baseCurrency, timeZone } = organization;
    recordEvent(em, organization, 'organization create', { baseCurrency, timeZone, by }, OPERATOR);
    return organization;
  });
}

/**
 * Creates an organization with a small chart of accounts, which includes the system accounts, and with a primary branch.
 *
 * @throws {CurrencyNotFound}
 * @throws {InvalidInput} if the id or the time zone is invalid
 */
export function createOrganization(em: EntityManager, command: CreateOrganization): Promise<Organization> {
  return em.transactional(
    async (em) => {
      assertOrganization(command);
      const organization = em.create(Organization, { ...command, lockDate: null });
      for (const account of CHART) {
        em.create(Account, { organization, currencyCode: command.baseCurrency, active: true, systemRole: null, ...account });
      }
      em.create(Branch, { organization, code: '1', name: 'Head Office', isPrimary: true });
      await em.flush();
      // Reads the computed columns, and fails if the database does not know the time zone.
      return em.refreshOrFail(organization);
    },
    { clear: true },
  );
}

/**
 * Checks what a new organization is made of. The database checks the time zone once more.
 *
 * @throws {CurrencyNotFound}
 * @throws {InvalidInput} if the id or the time zone is invalid
 */
export function assertOrganization({ publicId, baseCurrency, timeZone }: CreateOrganization): void {
  if (!PUBLIC_ID.test(publicId)) throw new InvalidInput([{ field: 'id', constraints: { isPublicId: PUBLIC_ID_RULE } }]);
  if (!isCurrency(baseCurrency)) throw new CurrencyNotFound(baseCurrency);
  if (!isTimeZone(timeZone)) {
    throw new InvalidInput([{ field: 'timeZone', constraints: { isTimeZone: TIME_ZONE_RULE }, value: timeZone }]);
  }
}

/** Returns all organizations in the order of their ids. */
export function listOrganizations(em: EntityManager): Promise<Organization[]> {
  return em.find(Organization, {}, { orderBy: { id: 'asc' } });
}
