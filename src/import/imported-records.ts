import type { EntityManager } from '@mikro-orm/postgresql';
import { Account, SystemRole, systemAccounts } from '../entities/account.js';
import { AccountType } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { Customer } from '../entities/customer.js';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { bulkInsert } from '../orm/bulk-insert.js';
import { run } from '../orm/query.js';
import { isCurrency } from '../values/money.js';
import { tidy } from '../values/text.js';
import {
  accountOf,
  branchOf,
  customerOf,
  idOrUnknown,
  RecordUnreadable,
  type TheirAccount,
  type TheirBranch,
  type TheirCustomer,
} from './bigcapital-records.js';
import { differencesOfAccounts, differencesOfBranches, differencesOfCustomers, nameless } from './differences.js';
import type { Kind, Reconciliation } from './reconciliation.js';
import type { Records } from './theirs-to-ours.js';

/** Bigcapital's name of the account for each role that it has, too. */
const SLUGS: Readonly<Partial<Record<SystemRole, string>>> = {
  [SystemRole.ACCOUNTS_RECEIVABLE]: 'accounts-receivable',
  [SystemRole.FX_GAIN_LOSS]: 'exchange-grain-loss',
};

/** The accounts that an organization needs and Bigcapital may lack. */
const OWN_ACCOUNTS: readonly { systemRole: SystemRole; name: string; type: AccountType }[] = [
  { systemRole: SystemRole.ACCOUNTS_RECEIVABLE, name: 'Accounts Receivable', type: AccountType.ACCOUNTS_RECEIVABLE },
  { systemRole: SystemRole.FX_GAIN_LOSS, name: 'Exchange Gain or Loss', type: AccountType.OTHER_EXPENSE },
  { systemRole: SystemRole.ROUNDING, name: 'Rounding Differences', type: AccountType.OTHER_EXPENSE },
];

/** Bigcapital's records that documents refer to, as it sends them. */
export interface TheirRecords {
  readonly accounts: readonly unknown[];
  readonly branches: readonly unknown[];
  readonly customers: readonly unknown[];
}

/** What is here before the import. */
export interface OurRecords {
  readonly accounts: readonly Account[];
  readonly branches: readonly Branch[];
  readonly customers: readonly Customer[];
}

/** The records that are missing here, and all that documents can then refer to. */
export interface PlannedRecords {
  /** Records of ours, which get ids that Bigcapital will hardly reach. */
  readonly own: readonly Owned[];
  readonly accounts: readonly Account[];
  readonly branches: readonly Branch[];
  readonly customers: readonly Customer[];
  readonly records: Omit<Records, 'postingDaysAhead' | 'dates'>;
  readonly theirAccounts: readonly TheirAccount[];
}

/** Decides which accounts, branches and customers are taken over. Those that are here stay as they are. */
export function planRecords(
  organization: Organization,
  theirs: TheirRecords,
  ours: OurRecords,
  report: Reconciliation,
): PlannedRecords {
  const accounts = read('accounts', theirs.accounts, accountOf, report);
  const branches = read('branches', theirs.branches, branchOf, report);
  const customers = read('customers', theirs.customers, customerOf, report);
  const compared = { organization, report };
  compare('accounts', { shown: theirs.accounts, theirs: accounts, ours: ours.accounts }, differencesOfAccounts, compared);
  compare('branches', { shown: theirs.branches, theirs: branches, ours: ours.branches }, differencesOfBranches, compared);
  compare('customers', { shown: theirs.customers, theirs: customers, ours: ours.customers }, differencesOfCustomers, compared);

  const accountCodes = new Set(ours.accounts.map(({ code }) => formOf(code)));
  const branchCodes = new Set(ours.branches.map(({ code }) => formOf(code)));
  const newAccounts = missingAccounts(organization, accounts, ours.accounts, accountCodes, report);
  const newBranches = missingBranches(organization, branches, ours.branches, branchCodes, report);
  const newCustomers = missingCustomers(organization, customers, ours.customers, report);

  const takenAccounts = [...ours.accounts, ...newAccounts];
  const takenBranches = [...ours.branches, ...newBranches];
  const ownAccounts = missingSystemAccounts(organization, accounts, newAccounts, takenAccounts, accountCodes);
  const allAccounts = [...takenAccounts, ...ownAccounts];
  const primary = takenBranches.find(({ isPrimary }) => isPrimary);
  const primaryBranch = primary ?? headOffice(organization, branchCodes);

  const bySlug = (slug: string) => accounts.find((account) => account.slug === slug)?.id;
  const byId = mapOf(allAccounts);
  return {
    own: primary === undefined ? [...ownAccounts, primaryBranch] : ownAccounts,
    accounts: newAccounts,
    branches: newBranches,
    customers: newCustomers,
    theirAccounts: accounts,
    records: {
      organization,
      systemAccounts: systemAccounts(organization, allAccounts),
      accounts: byId,
      branches: mapOf(takenBranches),
      customers: mapOf([...ours.customers, ...newCustomers]),
      primaryBranch,
      discount: byId.get(bySlug('discount') ?? 0),
      otherCharges: byId.get(bySlug('other-charges') ?? 0),
    },
  };
}

function missingAccounts(
  organization: Organization,
  theirs: readonly TheirAccount[],
  ours: readonly Account[],
  codes: Set<string>,
  report: Reconciliation,
): Account[] {
  return missing('accounts', theirs, ours, report, (account) => {
    const { id, name, type, currencyCode, active } = account;
    const known = Object.values(AccountType).find((each) => each === type);
    if (known === undefined) throw new RecordUnreadable(`there is no type of account ${type}`);
    assertCurrency(currencyCode, organization);
    const code = uniqueCode(account, codes, report, `account ${id}`);
    return made(new Account(), organization, {
      id,
      code,
      name: tidy(name) || nameless('Account', account),
      type: known,
      currencyCode,
      active,
      systemRole: null,
    });
  });
}

function missingBranches(
  organization: Organization,
  theirs: readonly TheirBranch[],
  ours: readonly Branch[],
  codes: Set<string>,
  report: Reconciliation,
): Branch[] {
  const primary = ours.some(({ isPrimary }) => isPrimary) ? undefined : theirs.find(({ primary }) => primary);
  return missing('branches', theirs, ours, report, (branch) => {
    const { id, name } = branch;
    const code = uniqueCode(branch, codes, report, `branch ${id}`);
    return made(new Branch(), organization, {
      id,
      code,
      name: tidy(name) || nameless('Branch', branch),
      isPrimary: id === primary?.id,
      active: true,
    });
  });
}

function missingCustomers(
  organization: Organization,
  theirs: readonly TheirCustomer[],
  ours: readonly Customer[],
  report: Reconciliation,
): Customer[] {
  return missing('customers', theirs, ours, report, (customer) => {
    const { id, displayName, email, currencyCode, active } = customer;
    assertCurrency(currencyCode, organization);
    return made(new Customer(), organization, {
      id,
      displayName: tidy(displayName) || nameless('Customer', customer),
      email,
      currencyCode,
      active,
    });
  });
}

/** Gives each role that no account has to Bigcapital's account for it, if that is new and fits, and makes the other accounts. */
function missingSystemAccounts(
  organization: Organization,
  theirs: readonly TheirAccount[],
  added: readonly Account[],
  all: readonly Account[],
  codes: Set<string>,
): Account[] {
  const { baseCurrency } = organization;
  return OWN_ACCOUNTS.flatMap(({ systemRole, name, type }) => {
    if (all.some((account) => account.systemRole === systemRole)) return [];
    const slug = SLUGS[systemRole];
    const known = theirs.find((account) => slug !== undefined && account.slug === slug);
    const account = added.find(({ id, active, currencyCode }) => id === known?.id && active && currencyCode === baseCurrency);
    if (account === undefined) {
      const values = { code: unusedCode('99990', codes), name, type, currencyCode: baseCurrency, active: true, systemRole };
      return made(new Account(), organization, values);
    }
    account.systemRole = systemRole;
    return [];
  });
}

function headOffice(organization: Organization, codes: Set<string>): Branch {
  return made(new Branch(), organization, { code: unusedCode('1', codes), name: 'Head Office', isPrimary: true, active: true });
}

/** Inserts the planned records. Ours come first: in an empty table the database draws the organization's first id. */
export async function insertRecords(em: EntityManager, { own, accounts, branches, customers }: PlannedRecords): Promise<void> {
  await run(
    em,
    bulkInsert(
      em,
      own.filter((record) => record instanceof Account),
    ),
    bulkInsert(
      em,
      own.filter((record) => record instanceof Branch),
    ),
    bulkInsert(em, accounts, 'given'),
    bulkInsert(em, branches, 'given'),
    bulkInsert(em, customers, 'given'),
  );
}

/** Reads the records, and refuses those that cannot be read, or that have the id of an earlier one. */
function read<T extends { readonly id: number }>(
  kind: Kind,
  records: readonly unknown[],
  readOne: (record: unknown) => T,
  report: Reconciliation,
): T[] {
  report.counts[kind].theirs += records.length;
  const ids = new Set<number>();
  return records.flatMap((record) =>
    attempt(kind, idOrUnknown(record), report, () => {
      const theirs = readOne(record);
      if (ids.has(theirs.id)) throw new RecordUnreadable(`Bigcapital shows two ${kind} with this id`);
      ids.add(theirs.id);
      return theirs;
    }),
  );
}

/** Names what differs between those that are here and Bigcapital's, and those that Bigcapital no longer has. */
function compare<T extends { readonly id: number }, O extends Owned>(
  kind: Kind,
  { shown, theirs, ours }: { readonly shown: readonly unknown[]; readonly theirs: readonly T[]; readonly ours: readonly O[] },
  differences: (theirs: T, ours: O) => readonly string[],
  { organization: { firstId }, report }: { readonly organization: Organization; readonly report: Reconciliation },
): void {
  const here = mapOf(ours);
  for (const record of theirs) {
    const known = here.get(record.id);
    if (known !== undefined) report.differ(`${SINGULAR[kind]} ${record.id}`, differences(record, known));
  }
  const ids = new Set(shown.map(idOrUnknown));
  for (const { id } of ours) {
    // Records that are made here have ids from the organization's first one.
    if (id < firstId && !ids.has(String(id))) report.differ(`${SINGULAR[kind]} ${id}`, ['Bigcapital no longer shows it']);
  }
}

/** Makes those that are not here. */
function missing<T extends { readonly id: number }, O extends Owned>(
  kind: Kind,
  theirs: readonly T[],
  ours: readonly O[],
  report: Reconciliation,
  make: (record: T) => O,
): O[] {
  const present = new Set(ours.map(({ id }) => id));
  return theirs.flatMap((record) => {
    if (present.has(record.id)) {
      report.counts[kind].present += 1;
      return [];
    }
    const added = attempt(kind, String(record.id), report, () => make(record));
    report.counts[kind].added += added.length;
    return added;
  });
}

const SINGULAR: Readonly<Record<Kind, string>> = {
  accounts: 'account',
  branches: 'branch',
  customers: 'customer',
  'credit notes': 'credit note',
  refunds: 'refund',
};

function attempt<T>(kind: Kind, id: string, report: Reconciliation, make: () => T): T[] {
  try {
    return [make()];
  } catch (error) {
    if (!(error instanceof RecordUnreadable)) throw error;
    report.counts[kind].refused += 1;
    report.refuse(`${SINGULAR[kind]} ${id}`, [error.message]);
    return [];
  }
}

function made<T extends Owned>(entity: T, organization: Organization, values: Partial<T>): T {
  return Object.assign(entity, { organization, ...values });
}

function mapOf<T extends Owned>(records: readonly T[]): Map<number, T> {
  return new Map(records.map((record) => [record.id, record]));
}

/** Returns the code of an account or a branch. A code that another one has gets the id behind it, and the id stands for a missing one. */
function uniqueCode(
  { id, code }: { readonly id: number; readonly code: string },
  codes: Set<string>,
  report: Reconciliation,
  what: string,
): string {
  const wanted = tidy(code) || String(id);
  let unique = wanted;
  for (let next = 1; codes.has(formOf(unique)); next += 1) unique = `${wanted} (${next === 1 ? id : `${id}-${next}`})`;
  codes.add(formOf(unique));
  if (unique !== code)
    report.change(what, `its code ${code === '' ? 'is missing, and' : JSON.stringify(code)} is ${JSON.stringify(unique)} here`);
  return unique;
}

function unusedCode(first: string, codes: Set<string>): string {
  let code = first;
  for (let next = 2; codes.has(formOf(code)); next += 1) code = `${first}-${next}`;
  codes.add(formOf(code));
  return code;
}

/** Characters that count for nothing when codes are compared: invisible ones that are no spaces, as in the database's `as_read`. */
const IGNORED = /(?!\s|\u0085)[\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** The form in which the database compares codes, too: see `as_read` in the migrations. */
function formOf(code: string): string {
  return code
    .normalize('NFKC')
    .replaceAll(IGNORED, '')
    .replaceAll(/[\s\u0085]+/g, ' ')
    .toLowerCase()
    .toUpperCase()
    .normalize('NFKC');
}

/** @throws {RecordUnreadable} */
function assertCurrency(code: string, { baseCurrency }: Organization): void {
  if (code !== baseCurrency && !isCurrency(code)) throw new RecordUnreadable(`there is no currency ${code}`);
}
