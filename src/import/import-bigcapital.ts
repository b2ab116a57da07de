import type { EntityManager } from '@mikro-orm/postgresql';
import type { DatabaseSettings } from '../database/database.js';
import { whileImporting } from '../database/operator.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { Customer } from '../entities/customer.js';
import { Organization } from '../entities/organization.js';
import { isDataError } from '../orm/errors.js';
import { query, run } from '../orm/query.js';
import { type LedgerHealth, ledgerHealth } from '../services/ledger/ledger-health.js';
import { assertOrganization } from '../services/organizations/create-organization.js';
import { type Operator, OperatorRefusal } from '../services/organizations/operator-command.js';
import { isKnownTimeZone } from '../services/organizations/time-zone.js';
import { OPERATOR, recordEvent } from '../services/unit-of-work/audit-trail.js';
import { lockOperators, lockPeriod } from '../services/unit-of-work/locks.js';
import { readOrganization } from '../services/unit-of-work/unit-of-work.js';
import { Big } from '../values/money.js';
import { isTimeZone } from '../values/posting-date.js';
import { tidy } from '../values/text.js';
import { Bigcapital } from './bigcapital.js';
import { type BigcapitalAccess, BigcapitalClient } from './bigcapital-client.js';
import type { TheirOrganization } from './bigcapital-records.js';
import { differencesOfOrganizations } from './differences.js';
import { ImportedDocuments, markAsImport } from './imported-documents.js';
import { insertRecords, type OurRecords, type PlannedRecords, planRecords, type TheirRecords } from './imported-records.js';
import { lockAsTheirs } from './lock-date.js';
import { openAccounts } from './opening-entry.js';
import { Reconciliation } from './reconciliation.js';
import { TheirLedger } from './their-ledger.js';
import { noDates } from './theirs-to-ours.js';

/** The name of the audit event of an import. Only operators can write one with such a name. */
const EVENT = 'organization import-bigcapital';

export interface ImportSource extends Omit<BigcapitalAccess, 'organizationId'> {
  /** The public id that the organization has or gets here. */
  readonly publicId: string;
  readonly isDry: boolean;
  readonly postingDaysAhead: number;
}

/** How far an import is. */
export interface Progress {
  readonly creditNotes: number;
  readonly refunds: number;
  /** All credit notes of Bigcapital. */
  readonly total: number;
}

export interface ImportResult {
  readonly theirs: TheirOrganization;
  readonly report: Reconciliation;
  /** The check of the books after the import; `null` if nothing is here, after a dry run. */
  readonly health: LedgerHealth | null;
}

/**
 * Reads an organization from a running Bigcapital, and adds what is missing here. It may be interrupted at any point and run again: each batch is one
 * transaction, and what is here already is compared instead of added.
 *
 * @throws {BigcapitalUnreadable}
 * @throws {OperatorRefusal} if the organization was not begun by an import of the same one, or if another import of it is running
 * @throws {OrganizationMoving} if the organization is frozen
 */
export function importFromBigcapital(
  settings: DatabaseSettings,
  source: ImportSource,
  { by }: Operator,
  onProgress: (progress: Progress) => void,
): Promise<ImportResult> {
  const { url, apiKey, publicId, timeoutSeconds, isDry, postingDaysAhead } = source;
  const client = new BigcapitalClient({ url, apiKey, organizationId: publicId, timeoutSeconds });
  const bigcapital = new Bigcapital(client);
  const imported = whileImporting(settings, publicId, async (orm) => {
    const em = orm.em.fork();
    const theirs = await bigcapital.organization();
    await assertTimeZone(em, theirs);
    const here = await findBegun(em, publicId, theirs);
    const [accounts, branches, customers, lockDate] = await Promise.all([
      bigcapital.accounts(),
      bigcapital.branches(),
      bigcapital.customers(),
      bigcapital.lockDate(),
    ]);

    const report = new Reconciliation();
    if (here !== null) report.differ('organization', differencesOfOrganizations(theirs, here));
    const source = { theirs, publicId, by, records: { accounts, branches, customers } };
    const { organization, planned } = isDry ? await planOnly(em, here, source, report) : await begin(em, here, source, report);
    const organizationId = organization.id ?? null;
    const records = { ...planned.records, postingDaysAhead, dates: noDates() };
    const ledger = new TheirLedger(planned.theirAccounts, organization.baseCurrency);
    const documents = new ImportedDocuments(orm.em.fork(), records, organizationId, ledger, report, isDry);
    for await (const batch of bigcapital.documents()) {
      await documents.take(batch);
      const { 'credit notes': notes, refunds } = report.counts;
      onProgress({ creditNotes: notes.theirs, refunds: refunds.theirs, total: bigcapital.total });
    }
    await documents.finish();
    await openAccounts(orm.em.fork(), organizationId, records, ledger, report, isDry);
    if (organizationId !== null && !isDry) await readOurs(em, organizationId, report);
    await lockAsTheirs(orm.em.fork(), lockDate, records, report, isDry);
    if (organizationId === null) return { theirs, report, health: null };
    if (!isDry && !report.isUnchanged) await recordImport(orm.em.fork(), organization, theirs, report, by);
    return { theirs, report, health: await ledgerHealth(orm.em.fork(), organizationId, 2) };
  });
  return imported.finally(() => client.close());
}

/** What an import begins with. */
interface Source {
  readonly theirs: TheirOrganization;
  readonly publicId: string;
  readonly by: string;
  readonly records: TheirRecords;
}

interface Begun {
  readonly organization: Organization;
  readonly planned: PlannedRecords;
}

/**
 * Returns the organization, if an import has begun it.
 *
 * @throws {OperatorRefusal} if something else has made it, or an import of other books
 */
async function findBegun(
  em: EntityManager,
  publicId: string,
  { organizationId, baseCurrency }: TheirOrganization,
): Promise<Organization | null> {
  const [taken] = await em.execute<{ public_id: string; id: string }[]>(
    'select public_id, id from organizations where lower(public_id) = lower(?)',
    [publicId],
  );
  if (taken === undefined) return null;
  const [event] = await em.execute<{ their_id: string | null }[]>(
    `select details ->> 'organization' as their_id from audit_events where organization_id = ? and action = ? order by id limit 1`,
    [taken.id, EVENT],
  );
  if (event === undefined) {
    throw new OperatorRefusal(
      `There is an organization ${taken.public_id} already, which no import has begun; choose another --id`,
    );
  }
  if (event.their_id !== organizationId) {
    throw new OperatorRefusal(
      `Organization ${taken.public_id} was begun by the import of ${event.their_id}, and this is ${organizationId}`,
    );
  }
  const [organization] = await run(em, readOrganization(em, Number(taken.id)));
  if (organization.baseCurrency !== baseCurrency) {
    throw new OperatorRefusal(
      `Organization ${taken.public_id} has the base currency ${organization.baseCurrency}, and Bigcapital's has ${baseCurrency}`,
    );
  }
  organization.assertNotFrozen();
  return organization;
}

/** @throws {OperatorRefusal} if PostgreSQL cannot compute days in Bigcapital's time zone */
async function assertTimeZone(em: EntityManager, { timeZone }: TheirOrganization): Promise<void> {
  if (isTimeZone(timeZone) && (await isKnownTimeZone(em, timeZone))) return;
  throw new OperatorRefusal(
    `Bigcapital's organization has the time zone ${JSON.stringify(timeZone)}, which is not known here: choose another one in Bigcapital's preferences`,
  );
}

/** Makes the organization, if it is new, and adds its missing accounts, branches and customers. */
async function begin(em: EntityManager, here: Organization | null, source: Source, report: Reconciliation): Promise<Begun> {
  try {
    return await em.fork().transactional(async (em) => {
      await lockOperators(em);
      const organization = here === null ? await create(em, source) : here;
      await run(em, lockPeriod(organization.id, 'exclusive'), markAsImport(organization.id));
      const [locked] = await run(em, readOrganization(em, organization.id));
      locked.assertNotFrozen();
      const planned = planRecords(locked, source.records, await readRecords(em, locked), report);
      await insertRecords(em, planned);
      return { organization: locked, planned };
    });
  } catch (error) {
    if (!isDataError(error)) throw error;
    throw new OperatorRefusal(`The database refuses Bigcapital's accounts, branches or customers: ${(error as Error).message}`);
  }
}

async function create(em: EntityManager, { theirs, publicId, by }: Source): Promise<Organization> {
  const { name, baseCurrency, timeZone, organizationId } = theirs;
  const command = { publicId, name: tidy(name) || publicId, baseCurrency, timeZone };
  assertOrganization(command);
  const organization = em.create(Organization, { ...command, lockDate: null });
  await em.flush();
  recordEvent(em, organization, EVENT, { organization: organizationId, by }, OPERATOR);
  await em.flush();
  return organization;
}

/** Decides what {@link begin} would add. */
async function planOnly(em: EntityManager, here: Organization | null, source: Source, report: Reconciliation): Promise<Begun> {
  const { theirs, publicId, records } = source;
  const { name, baseCurrency, timeZone } = theirs;
  if (here !== null) return { organization: here, planned: planRecords(here, records, await readRecords(em, here), report) };
  const command = { publicId, name: tidy(name) || publicId, baseCurrency, timeZone };
  assertOrganization(command);
  const [clock] = await em.execute<{ now: Date; today: string }[]>(
    'select now() as now, (now() at time zone ?)::date::text as today',
    [timeZone],
  );
  const organization = Object.assign(new Organization(), { ...command, ...clock });
  return { organization, planned: planRecords(organization, records, { accounts: [], branches: [], customers: [] }, report) };
}

async function readRecords(em: EntityManager, { id }: Organization): Promise<OurRecords> {
  const where = { organization: id };
  return {
    accounts: await em.find(Account, where),
    branches: await em.find(Branch, where),
    customers: await em.find(Customer, where),
  };
}

/** Replaces our side of the report, which was computed, by what is in the books, and names the notes that Bigcapital no longer has. */
async function readOurs(em: EntityManager, organizationId: number, report: Reconciliation): Promise<void> {
  const seen = [...report.notes.map(({ id }) => Number(id)), ...report.refusedNotes];
  const [gone, totals] = await run(
    em,
    query(
      'select id from credit_notes where organization_id = $1 and imported and voided_at is null except select unnest($2::bigint[]) order by id',
      [organizationId, seen],
      (rows) => rows.map(({ id }) => String(id)),
    ),
    query(
      `select currency_code, count(*) as notes, sum(total)::text as total, sum(refunded)::text as refunded, sum(applied)::text as applied,
         sum(total - refunded - applied - cancelled)::text as remaining
       from credit_notes where organization_id = $1 and imported group by currency_code order by currency_code`,
      [organizationId],
      (rows) => rows,
    ),
  );
  const why = 'Bigcapital has deleted it since it was taken over';
  for (const id of gone) report.differences.push({ what: `credit note ${id}`, why });
  report.ours.clear();
  for (const { currency_code, notes, ...sums } of totals) {
    const of = (name: string) => Big(String(sums[name]));
    const totals = { total: of('total'), refunded: of('refunded'), applied: of('applied'), remaining: of('remaining') };
    report.ours.set(String(currency_code), { notes: Number(notes), ...totals });
  }
}

async function recordImport(
  em: EntityManager,
  organization: Organization,
  theirs: TheirOrganization,
  report: Reconciliation,
  by: string,
): Promise<void> {
  const counts = Object.entries(report.counts).map(([kind, { added }]) => [kind, String(added)]);
  await em.transactional(async (em) => {
    await lockOperators(em);
    const details = {
      organization: theirs.organizationId,
      ...Object.fromEntries(counts),
      refused: String(report.refused.length),
      by,
    };
    recordEvent(em, organization, EVENT, details, OPERATOR);
  });
}
