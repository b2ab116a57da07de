import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { ServiceUnavailable } from '../../errors.js';
import { run } from '../../orm/query.js';
import { tryJob } from '../unit-of-work/locks.js';
import { sumsByAccount, sumsByCustomer } from './balances.js';

/** The result of one check of the books. */
export interface LedgerCheck {
  readonly name: string;
  readonly healthy: boolean;
  /** Records that violate the rule, such as `refund 7`; at most 100. */
  readonly offenders: readonly string[];
}

/** The results of all checks. */
export interface LedgerHealth {
  /** Whether every check is healthy. */
  readonly healthy: boolean;
  /** By the clock of the database. */
  readonly checkedAt: Date;
  readonly checks: readonly LedgerCheck[];
}

const MAX_OFFENDERS = 100;

/** Runs a statement in the transaction that is to be checked, and returns its rows. */
type Select = <T>(sql: string) => Promise<T[]>;

/**
 * Checks the books by their rows alone, in one database snapshot. It finds errors that the application cannot have prevented, such as rows
 * that were changed by hand.
 *
 * @param organizationId one organization; `null` for all of them
 * @param connections on how many connections the checks run, with the same snapshot. A check for a client uses one
 * @throws {ServiceUnavailable} if another check of the same organization is running
 */
export function ledgerHealth(em: EntityManager, organizationId: number | null, connections: 1 | 2 = 1): Promise<LedgerHealth> {
  const other = em.fork();
  const reading = { clear: true, isolationLevel: IsolationLevel.REPEATABLE_READ } as const;
  return em.transactional(async (em) => {
    if (organizationId !== null) await assertAlone(em, organizationId);
    const select: Select = (sql) => em.execute(sql);
    if (connections === 1) return checkBooks([select], organizationId);
    const [snapshot] = await select<{ id: string }>('select pg_export_snapshot() as id');
    return other.transactional(async (em) => {
      await em.execute(`set transaction snapshot '${snapshot?.id}'`);
      return checkBooks([select, (sql) => em.execute(sql)], organizationId);
    }, reading);
  }, reading);
}

/**
 * Checks the books as {@link ledgerHealth} does, within transactions of the caller. The caller may have written them in its transaction.
 *
 * @param selects one for each transaction, which see the same rows
 * @param organizationId one organization; `null` for all of them
 */
export async function checkBooks(selects: readonly [Select, ...Select[]], organizationId: number | null): Promise<LedgerHealth> {
  const [select] = selects;
  const organizations = await select<{ id: string; name: string }>(
    `select id, public_id as name from organizations ${organizationId === null ? '' : `where id = ${organizationId}`} order by id`,
  );
  const references = await foreignKeys(select);
  const missing = FOREIGN_KEYS - references.length;
  const rules: readonly Rule[] = [
    ...Object.entries(CHECKS),
    ['no-reference-into-another-organization', crossReferences([...references, ...NAMED_BY_LINES])],
  ];
  const offenders = new Map<string, string[]>(rules.map(([name]) => [name, []]));
  if (missing > 0) offenders.get('no-reference-into-another-organization')?.push(`foreign keys that are missing: ${missing}`);
  // A statement names one organization, so that PostgreSQL reads its rows only.
  for (const organization of organizations) {
    const suffix = organizationId === null ? ` of ${organization.name}` : '';
    const remaining = rules.values();
    const check = async (select: Select) => {
      await select(`select set_config('audit.organization', '${organization.id}', true)`);
      for (const [name, sql] of remaining) {
        const rows = await select<{ offender: string }>(`select offender from (${sql}) found order by 1 limit ${MAX_OFFENDERS}`);
        offenders.get(name)?.push(...rows.map(({ offender }) => `${offender}${suffix}`));
      }
    };
    await Promise.all(selects.map(check));
  }
  const checks = [...offenders].map(([name, all]) => ({ name, healthy: all.length === 0, offenders: all.slice(0, MAX_OFFENDERS) }));
  const [clock] = await select<{ ms: number }>('select 1000 * extract(epoch from now())::float8 as ms');
  return { healthy: checks.every(({ healthy }) => healthy), checkedAt: new Date(clock?.ms ?? Number.NaN), checks };
}

/** The name of a rule, and a query for the records that violate it. */
type Rule = readonly [name: string, sql: string];

/** Allows one check of an organization at a time, since a check reads all of its books. */
async function assertAlone(em: EntityManager, organizationId: number): Promise<void> {
  const [isAlone] = await run(em, tryJob(organizationId, 'ledger health'));
  if (!isAlone)
    throw new ServiceUnavailable('A ledger check of this organization is already running; try again when it has finished');
}

/** SQL condition for the rows of the organization that is checked. */
function inScope(alias: string): string {
  return `${alias}.organization_id = ${ORGANIZATION}`;
}

const ORGANIZATION = `current_setting('audit.organization')::bigint`;

const signed = (alias: string, amount = 'amount') =>
  `case ${alias}.side when 'DEBIT' then ${alias}.${amount} else -${alias}.${amount} end`;

/**
 * SQL for the ids of entries whose lines differ from the lines that their documents require. Equal lines are counted.
 *
 * @param due the view of the required lines
 */
const differingEntries = (due: string, source: string) => `
  select journal_entry_id from (
    select 1 as times, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount, foreign_currency_code
    from ${due} due where ${inScope('due')}
    union all
    select -1, line.journal_entry_id, line.posting_date, line.side, line.account_id, line.customer_id, line.branch_id, line.amount,
      line.foreign_amount, line.foreign_currency_code::text
    from journal_lines line join journal_entries entry on entry.organization_id = line.organization_id and entry.id = line.journal_entry_id
    where ${inScope('line')} and entry.source = '${source}'
  ) lines
  group by journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount, foreign_currency_code
  having sum(times) <> 0`;

/** The lines that are in the snapshots. */
const SUMMED_LINES = {
  from: 'journal_lines line join balance_watermarks watermark on watermark.organization_id = line.organization_id',
  where: `${inScope('line')} and line.id <= watermark.line_id`,
};

/** Name of the rule → a query for the records that violate it. */
const CHECKS: Readonly<Record<string, string>> = {
  'trial-balance-is-zero': `
    select 'debits less credits: ' || sum(${signed('line')}) as offender
    from journal_lines line where ${inScope('line')} group by line.organization_id having sum(${signed('line')}) <> 0`,

  'every-entry-balances': `
    select 'journal entry ' || entry.id as offender
    from journal_entries entry
      left join journal_lines line on line.organization_id = entry.organization_id and line.journal_entry_id = entry.id
    where ${inScope('entry')} group by entry.organization_id, entry.id having sum(${signed('line')}) is distinct from 0`,

  'every-refund-has-its-entry': `
    select 'refund ' || refund.id as offender
    from refunds refund
      join credit_notes note on note.organization_id = refund.organization_id and note.id = refund.credit_note_id
      join organizations organization on organization.id = refund.organization_id
      join accounts account on account.organization_id = refund.organization_id and account.id = refund.from_account_id
    where ${inScope('refund')} and (refund.journal_entry_id in (${differingEntries('refund_lines_due', 'REFUND')})
      or not refund_pays(refund.amount, refund.exchange_rate, refund.settled_amount, refund.paid_amount,
        refund.realized_gain,
        account.currency_code, organization.base_currency)
      or (refund.exchange_rate = note.exchange_rate and refund.realized_gain <> 0)
      or (note.currency_code = organization.base_currency and refund.settled_amount <> refund.amount))`,

  // Rounding a running total differs by at most two minor units of the currency, and each reversal passes as many on to the next refund.
  'every-refund-settles-and-gains-its-share': `
    select 'refund ' || refund.id as offender
    from refunds refund
      join credit_notes note on note.organization_id = refund.organization_id and note.id = refund.credit_note_id
      join organizations organization on organization.id = refund.organization_id
      left join (
        select reversed.credit_note_id, count(*) as times from refund_reversals reversal join refunds reversed on reversed.organization_id = reversal.organization_id and reversed.id = reversal.refund_id
        where ${inScope('reversal')} group by reversed.credit_note_id
      ) reversals on reversals.credit_note_id = note.id
    where ${inScope('refund')} and greatest(
        abs(refund.settled_amount - refund.amount * note.exchange_rate),
        abs(refund.realized_gain - refund.amount * (note.exchange_rate - refund.exchange_rate))
      ) > (2 + 2 * coalesce(reversals.times, 0)) * 10.0 ^ -currency_digits(organization.base_currency)`,

  'every-opened-note-has-its-entry': `
    select 'credit note ' || note.id as offender
    from credit_notes note
    where ${inScope('note')} and note.opened_at is not null
      and (note.journal_entry_id is null or note.journal_entry_id in (${differingEntries('credit_note_lines_due', 'CREDIT_NOTE')}))`,

  'a-note-with-nothing-left-has-left-the-receivable': `
    select 'credit note ' || note.id as offender
    from credit_notes note join organizations organization on organization.id = note.organization_id
    where ${inScope('note')} and note.refunded + note.applied + note.cancelled = note.total
      and note.refunded_base + note.cancelled_base <> round(note.total * note.exchange_rate, currency_digits(organization.base_currency))
        - round(note.applied * note.exchange_rate, currency_digits(organization.base_currency))`,

  'every-cancellation-has-its-entry': `
    select 'credit note ' || cancellation.credit_note_id as offender
    from credit_note_cancellations cancellation
    where ${inScope('cancellation')}
      and cancellation.journal_entry_id in (${differingEntries('cancellation_lines_due', 'CANCELLATION')})`,

  'cancelled-is-the-sum-of-cancellations': `
    select 'credit note ' || note.id as offender
    from credit_notes note
      left join credit_note_cancellations cancellation
        on cancellation.organization_id = note.organization_id and cancellation.credit_note_id = note.id
    where ${inScope('note')} group by note.organization_id, note.id
    having note.cancelled <> coalesce(sum(cancellation.amount), 0) or note.cancelled_base <> coalesce(sum(cancellation.base_amount), 0)`,

  'dates-agree': `
    select 'journal entry ' || line.journal_entry_id as offender
    from journal_lines line join journal_entries entry on entry.organization_id = line.organization_id and entry.id = line.journal_entry_id
    where ${inScope('line')} and line.posting_date <> entry.posting_date
    union
    select 'refund ' || reversal.refund_id
    from refund_reversals reversal join journal_entries entry on entry.organization_id = reversal.organization_id and entry.id = reversal.journal_entry_id
    where ${inScope('reversal')} and reversal.date <> entry.posting_date
    union
    select 'refund ' || refund.id
    from refund_reversals reversal join refunds refund on refund.organization_id = reversal.organization_id and refund.id = reversal.refund_id
    where ${inScope('reversal')} and reversal.date < refund.date
    union
    select 'credit note ' || cancellation.credit_note_id
    from credit_note_cancellations cancellation join journal_entries entry
      on entry.organization_id = cancellation.organization_id and entry.id = cancellation.journal_entry_id
    where ${inScope('cancellation')} and cancellation.date <> entry.posting_date
    union
    select 'credit note ' || note.id
    from credit_notes note join journal_entries entry on entry.organization_id = note.organization_id and entry.id = note.void_entry_id
    where ${inScope('note')} and entry.posting_date < note.date`,

  'every-entry-has-its-document': `
    select 'journal entry ' || entry.id as offender
    from journal_entries entry
    where ${inScope('entry')} and 1 <> case entry.source
      when 'REFUND' then (select count(*) from refunds where organization_id = entry.organization_id and journal_entry_id = entry.id)
      when 'CREDIT_NOTE' then (select count(*) from credit_notes where organization_id = entry.organization_id and journal_entry_id = entry.id)
      when 'CANCELLATION' then (
        select count(*) from credit_note_cancellations where organization_id = entry.organization_id and journal_entry_id = entry.id)
      when 'OPENING' then 1
      else (select count(*) from refund_reversals where organization_id = entry.organization_id and journal_entry_id = entry.id)
        + (select count(*) from credit_notes where organization_id = entry.organization_id and void_entry_id = entry.id)
    end`,

  'opening-entries-hold-balances-alone': `
    select distinct 'journal entry ' || line.journal_entry_id as offender
    from journal_lines line join journal_entries entry on entry.organization_id = line.organization_id and entry.id = line.journal_entry_id
    where ${inScope('line')} and entry.source = 'OPENING' and num_nonnulls(line.customer_id, line.branch_id, line.foreign_amount) > 0`,

  'refunded-is-the-sum-of-posted-refunds': `
    select 'credit note ' || note.id as offender
    from credit_notes note
      left join refunds refund on refund.organization_id = note.organization_id and refund.credit_note_id = note.id
        and not exists (select from refund_reversals where organization_id = refund.organization_id and refund_id = refund.id)
    where ${inScope('note')} group by note.organization_id, note.id
    having note.refunded <> coalesce(sum(refund.amount), 0) or note.refunded_base <> coalesce(sum(refund.settled_amount), 0)
      or note.realized_gain <> coalesce(sum(refund.realized_gain), 0)
      or note.unrounded_gain <> coalesce(sum(refund.amount * (note.exchange_rate - refund.exchange_rate)), 0)`,

  // Each reversal may leave two minor units for the next refund to settle: one from its own rounding, one from the refund's.
  'what-is-settled-is-what-the-note-says': `
    select 'credit note ' || note.id as offender
    from credit_notes note
      join organizations organization on organization.id = note.organization_id
      cross join lateral (
        select coalesce(sum(refund.amount) filter (where reversal.id is null), 0) as amount,
          coalesce(sum(refund.settled_amount) filter (where reversal.id is null), 0) as settled, count(reversal.id) as reversals
        from refunds refund left join refund_reversals reversal on reversal.organization_id = refund.organization_id and reversal.refund_id = refund.id
        where refund.organization_id = note.organization_id and refund.credit_note_id = note.id
      ) posted
    where ${inScope('note')} and abs(posted.settled + note.cancelled_base - round((note.applied + note.cancelled + posted.amount) * note.exchange_rate, currency_digits(organization.base_currency))
        + round(note.applied * note.exchange_rate, currency_digits(organization.base_currency)))
      > 2 * posted.reversals * 10 ^ -currency_digits(organization.base_currency)`,

  'no-credit-note-is-over-refunded': `
    select 'credit note ' || note.id as offender from credit_notes note
    where ${inScope('note')} and (note.refunded + note.applied + note.cancelled > note.total or note.refunded < 0 or note.applied < 0 or note.cancelled < 0)`,

  'receivable-is-what-open-notes-hold': `
    select 'customer ' || customer.id as offender
    from customers customer join organizations organization on organization.id = customer.organization_id
      left join lateral (
        select coalesce(sum(${signed('line')}), 0) as booked from journal_lines line join accounts account on account.organization_id = line.organization_id and account.id = line.account_id
        where line.organization_id = customer.organization_id and line.customer_id = customer.id and account.system_role = 'accounts-receivable'
      ) receivable on true
      left join lateral (
        select coalesce(sum(round(note.total * note.exchange_rate, currency_digits(organization.base_currency)) - note.refunded_base - note.cancelled_base), 0) as held
        from credit_notes note
        where note.organization_id = customer.organization_id and note.customer_id = customer.id and note.opened_at is not null and note.voided_at is null
      ) notes on true
    where ${inScope('customer')} and receivable.booked <> -notes.held`,

  'every-reversal-is-the-mirror-of-one-refund': `
    select 'refund ' || reversal.refund_id as offender
    from refund_reversals reversal
      join refunds refund on refund.organization_id = reversal.organization_id and refund.id = reversal.refund_id
      left join journal_entries entry on entry.organization_id = reversal.organization_id and entry.id = reversal.journal_entry_id and entry.reversal_of_id = refund.journal_entry_id
    where ${inScope('reversal')} and (entry.id is null
      or (select count(*) from refund_reversals twin where twin.organization_id = reversal.organization_id and twin.refund_id = reversal.refund_id) > 1
      or reversal.journal_entry_id in (${differingEntries('mirror_lines_due', 'REVERSAL')}))`,

  'every-void-note-is-mirrored': `
    select 'credit note ' || note.id as offender
    from credit_notes note
      left join journal_entries entry on entry.organization_id = note.organization_id and entry.id = note.void_entry_id and entry.reversal_of_id = note.journal_entry_id
    where ${inScope('note')} and note.voided_at is not null and note.opened_at is not null
      and (entry.id is null or note.void_entry_id in (${differingEntries('mirror_lines_due', 'REVERSAL')}))`,

  'snapshots-are-the-sums-of-their-lines': `
    select 'account ' || coalesce(snapshot.account_id, summed.account_id) || ', ' || lower(coalesce(snapshot.period, summed.period))
      || ' of ' || coalesce(snapshot.first_day, summed.first_day) as offender
    from (select * from balance_snapshots snapshot where ${inScope('snapshot')}) snapshot
      full join (${sumsByAccount(SUMMED_LINES)}) summed
        on (summed.organization_id, summed.account_id, summed.period, summed.first_day)
          = (snapshot.organization_id, snapshot.account_id, snapshot.period, snapshot.first_day)
    where (snapshot.debits, snapshot.credits, snapshot.foreign_debits, snapshot.foreign_credits)
      is distinct from (summed.debits, summed.credits, summed.foreign_debits, summed.foreign_credits)
    union all
    select 'customer ' || coalesce(snapshot.customer_id, summed.customer_id)
    from (select * from customer_balance_snapshots snapshot where ${inScope('snapshot')}) snapshot
      full join (${sumsByCustomer(SUMMED_LINES)}) summed
        on (summed.organization_id, summed.customer_id) = (snapshot.organization_id, snapshot.customer_id)
    where (snapshot.debits, snapshot.credits) is distinct from (summed.debits, summed.credits)`,

  'no-entry-is-reversed-twice': `
    select 'journal entry ' || entry.reversal_of_id as offender
    from journal_entries entry where ${inScope('entry')} and entry.reversal_of_id is not null group by entry.reversal_of_id having count(*) > 1`,
};

/** Number of foreign keys that contain the organization. Fewer in the database means that one was dropped. A test compares the number. */
export const FOREIGN_KEYS = 26;

/** The columns of a reference, beside the organization. */
interface Reference {
  readonly source: string;
  readonly target: string;
  readonly field: string;
  readonly key: string;
}

/** What lines of the journal name without foreign keys. */
const NAMED_BY_LINES: readonly Reference[] = [
  { source: 'journal_lines', target: 'accounts', field: 'account_id', key: 'id' },
  { source: 'journal_lines', target: 'customers', field: 'customer_id', key: 'id' },
  { source: 'journal_lines', target: 'branches', field: 'branch_id', key: 'id' },
];

function foreignKeys(select: Select): Promise<Reference[]> {
  return select<Reference>(
    `select conrelid::regclass::text as source, confrelid::regclass::text as target, child.attname as field, parent.attname as key
     from pg_constraint
       join pg_attribute child on child.attrelid = conrelid and child.attnum = conkey[2]
       join pg_attribute parent on parent.attrelid = confrelid and parent.attnum = confkey[2]
     where contype = 'f' and array_length(conkey, 1) = 2 and conparentid = 0 and connamespace = 'public'::regnamespace`,
  );
}

/** SQL that checks each reference within an organization, since a database administrator may have disabled the triggers that do. */
function crossReferences(references: readonly Reference[]): string {
  return references
    .map(
      ({ source, target, field, key }) =>
        `select '${source}.${field} ' || child.${field} as offender from ${source} child
         where ${inScope('child')} and child.${field} is not null and not exists (
           select from ${target} parent where parent.${key} = child.${field} and parent.organization_id = child.organization_id)`,
    )
    .join(' union all ');
}
