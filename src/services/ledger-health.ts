import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { ServiceUnavailable } from '../errors.js';

/** One rule of the books, and what breaks it. */
export interface LedgerCheck {
  readonly name: string;
  readonly healthy: boolean;
  /** What breaks the rule, such as `refund 7`: the first hundred. */
  readonly offenders: readonly string[];
}

export interface LedgerHealth {
  readonly healthy: boolean;
  readonly checkedAt: Date;
  readonly checks: readonly LedgerCheck[];
}

const MAX_OFFENDERS = 100;

/**
 * Proves the books from their rows alone, in one snapshot: whatever went past the application is found here.
 *
 * @param organizationId one organization; `null` for all of them
 */
export function ledgerHealth(em: EntityManager, organizationId: number | null): Promise<LedgerHealth> {
  return em.transactional(
    async (em) => {
      // One organization is proved once at a time.
      if (organizationId !== null) await assertAlone(em, organizationId);
      await em.execute(`select set_config('audit.organization', ?, true)`, [organizationId === null ? '' : String(organizationId)]);
      const checks: LedgerCheck[] = [];
      for (const [name, sql] of [
        ...Object.entries(CHECKS),
        ['no-reference-into-another-organization', await crossReferences(em)] as const,
      ]) {
        const rows = await em.execute<{ offender: string }[]>(
          `select offender from (${sql}) found order by 1 limit ${MAX_OFFENDERS}`,
        );
        checks.push({ name, healthy: rows.length === 0, offenders: rows.map(({ offender }) => offender) });
      }
      const [clock] = await em.execute<{ now: string }[]>('select now()');
      return { healthy: checks.every(({ healthy }) => healthy), checkedAt: em.getPlatform().parseDate(String(clock?.now)), checks };
    },
    { clear: true, isolationLevel: IsolationLevel.REPEATABLE_READ },
  );
}

/** @throws {ServiceUnavailable} if the organization is just being proved: a proof reads all of its books */
async function assertAlone(em: EntityManager, organizationId: number): Promise<void> {
  const [row] = await em.execute<{ alone: boolean }[]>(
    `select pg_try_advisory_xact_lock(hashtextextended('ledger health', ?)) as alone`,
    [organizationId],
  );
  if (!row?.alone) throw new ServiceUnavailable();
}

/** The rows that the proof is about. */
function of(alias: string): string {
  const organization = `nullif(current_setting('audit.organization'), '')::bigint`;
  return `(${organization} is null or ${alias}.organization_id = ${organization})`;
}

const signed = (alias: string, amount = 'amount') =>
  `case ${alias}.side when 'DEBIT' then ${alias}.${amount} else -${alias}.${amount} end`;

/** Rule → a query whose rows are what breaks it. */
const CHECKS: Readonly<Record<string, string>> = {
  'trial-balance-is-zero': `
    select 'organization ' || line.organization_id || ': ' || sum(${signed('line')}) as offender
    from journal_lines line where ${of('line')} group by line.organization_id having sum(${signed('line')}) <> 0`,

  'every-entry-balances': `
    select 'journal entry ' || entry.id as offender
    from journal_entries entry left join journal_lines line on line.journal_entry_id = entry.id
    where ${of('entry')} group by entry.id having sum(${signed('line')}) is distinct from 0`,

  'every-refund-has-its-entry': `
    select 'refund ' || refund.id as offender
    from refunds refund
      join credit_notes note on note.id = refund.credit_note_id
      join organizations organization on organization.id = refund.organization_id
      join accounts account on account.id = refund.from_account_id
      left join journal_entries entry on entry.id = refund.journal_entry_id and entry.source = 'REFUND' and entry.posting_date = refund.date
      left join lateral (
        select
          coalesce(sum(${signed('line')}) filter (where account.system_role = 'accounts-receivable'), 0) as receivable,
          coalesce(sum(${signed('line')}) filter (where line.account_id = refund.from_account_id), 0) as bank,
          coalesce(sum(${signed('line')}) filter (where account.system_role = 'fx-gain-loss'), 0) as fx,
          coalesce(sum(${signed('line')}) filter (where account.system_role = 'rounding'), 0) as rounding,
          coalesce(sum(${signed('line', 'foreign_amount')}) filter (where account.system_role = 'accounts-receivable'), refund.amount) as foreign_amount,
          coalesce(sum(${signed('line', 'foreign_amount')}) filter (where line.account_id = refund.from_account_id), -refund.amount) as foreign_paid,
          bool_or(line.account_id <> refund.from_account_id and account.system_role is null) as strays
        from journal_lines line join accounts account on account.id = line.account_id where line.journal_entry_id = entry.id
      ) booked on true
    where ${of('refund')} and (entry.id is null or booked.strays
      or booked.receivable <> refund.settled_amount or booked.bank <> -refund.paid_amount
      or booked.fx <> -refund.realized_gain
      or booked.rounding <> refund.paid_amount + refund.realized_gain - refund.settled_amount
      or booked.foreign_amount <> refund.amount or booked.foreign_paid <> -refund.amount
      or not refund_pays(refund.amount, refund.exchange_rate, refund.settled_amount, refund.paid_amount, refund.realized_gain,
        account.currency_code, organization.base_currency)
      or (refund.exchange_rate = note.exchange_rate and refund.realized_gain <> 0)
      or (note.currency_code = organization.base_currency and refund.settled_amount <> refund.amount))`,

  'every-opened-note-has-its-entry': `
    select 'credit note ' || note.id as offender
    from credit_notes note
    where ${of('note')} and note.opened_at is not null and exists (
      select from (
        select account_id, sum(amount) as amount from credit_note_lines where credit_note_id = note.id group by account_id
      ) due full join (
        select line.account_id, sum(coalesce(line.foreign_amount, line.amount)) as amount
        from journal_lines line join accounts account on account.id = line.account_id
        where line.journal_entry_id = note.journal_entry_id and line.side = 'DEBIT' group by line.account_id
      ) booked on booked.account_id = due.account_id
      where due.amount is distinct from booked.amount
    )`,

  'a-note-with-nothing-left-has-left-the-receivable': `
    select 'credit note ' || note.id as offender
    from credit_notes note join organizations organization on organization.id = note.organization_id
    where ${of('note')} and note.refunded + note.applied = note.total
      and note.refunded_base <> round(note.total * note.exchange_rate, currency_digits(organization.base_currency))
        - round(note.applied * note.exchange_rate, currency_digits(organization.base_currency))`,

  'dates-agree': `
    select 'journal entry ' || line.journal_entry_id as offender
    from journal_lines line join journal_entries entry on entry.id = line.journal_entry_id
    where ${of('line')} and line.posting_date <> entry.posting_date
    union
    select 'refund ' || reversal.refund_id
    from refund_reversals reversal join journal_entries entry on entry.id = reversal.journal_entry_id
    where ${of('reversal')} and reversal.date <> entry.posting_date`,

  'every-entry-has-its-document': `
    select 'journal entry ' || entry.id as offender
    from journal_entries entry
    where ${of('entry')} and not exists (select from refunds where journal_entry_id = entry.id)
      and not exists (select from refund_reversals where journal_entry_id = entry.id)
      and not exists (select from credit_notes where entry.id in (journal_entry_id, void_entry_id))`,

  'refunded-is-the-sum-of-posted-refunds': `
    select 'credit note ' || note.id as offender
    from credit_notes note
      left join refunds refund on refund.credit_note_id = note.id
        and not exists (select from refund_reversals where refund_id = refund.id)
    where ${of('note')} group by note.id
    having note.refunded <> coalesce(sum(refund.amount), 0) or note.refunded_base <> coalesce(sum(refund.settled_amount), 0)
      or note.realized_gain <> coalesce(sum(refund.realized_gain), 0)
      or note.unrounded_gain <> coalesce(sum(refund.amount * (note.exchange_rate - refund.exchange_rate)), 0)`,

  // Each reversal may leave two of the smallest units for the next refund to settle: one of its own rounding, one of the refund's.
  'what-is-settled-is-what-the-note-says': `
    select 'credit note ' || note.id as offender
    from credit_notes note
      join organizations organization on organization.id = note.organization_id
      cross join lateral (
        select coalesce(sum(refund.amount) filter (where reversal.id is null), 0) as amount,
          coalesce(sum(refund.settled_amount) filter (where reversal.id is null), 0) as settled, count(reversal.id) as reversals
        from refunds refund left join refund_reversals reversal on reversal.refund_id = refund.id where refund.credit_note_id = note.id
      ) posted
    where ${of('note')} and abs(posted.settled - round((note.applied + posted.amount) * note.exchange_rate, currency_digits(organization.base_currency))
        + round(note.applied * note.exchange_rate, currency_digits(organization.base_currency)))
      > 2 * posted.reversals * 10 ^ -currency_digits(organization.base_currency)`,

  'no-credit-note-is-over-refunded': `
    select 'credit note ' || note.id as offender from credit_notes note
    where ${of('note')} and (note.refunded + note.applied > note.total or note.refunded < 0 or note.applied < 0)`,

  'receivable-is-what-open-notes-hold': `
    select 'customer ' || customer.id as offender
    from customers customer join organizations organization on organization.id = customer.organization_id
      left join lateral (
        select coalesce(sum(${signed('line')}), 0) as booked from journal_lines line join accounts account on account.id = line.account_id
        where line.customer_id = customer.id and account.system_role = 'accounts-receivable'
      ) receivable on true
      left join lateral (
        select coalesce(sum(round(note.total * note.exchange_rate, currency_digits(organization.base_currency)) - note.refunded_base), 0) as held
        from credit_notes note where note.customer_id = customer.id and note.opened_at is not null and note.voided_at is null
      ) notes on true
    where ${of('customer')} and receivable.booked <> -notes.held`,

  'every-reversal-is-the-mirror-of-one-refund': `
    select 'refund ' || reversal.refund_id as offender
    from refund_reversals reversal
      join refunds refund on refund.id = reversal.refund_id
      left join journal_entries entry on entry.id = reversal.journal_entry_id and entry.reversal_of_id = refund.journal_entry_id
    where ${of('reversal')} and (entry.id is null
      or (select count(*) from refund_reversals twin where twin.refund_id = reversal.refund_id) > 1
      or exists (
        select from (
          select account_id, sum(${signed('line')}) as net, sum(${signed('line', 'foreign_amount')}) as foreign_net from journal_lines line
          where journal_entry_id in (refund.journal_entry_id, reversal.journal_entry_id)
          group by account_id, customer_id, branch_id, foreign_currency_code
        ) left_over where net <> 0 or foreign_net <> 0
      ))`,

  'snapshots-are-the-sums-of-their-lines': `
    select 'account ' || coalesce(snapshot.account_id, summed.account_id) || ' on ' || coalesce(snapshot.posting_date, summed.posting_date) as offender
    from (select * from balance_snapshots snapshot where ${of('snapshot')}) snapshot
      full join (
        select line.account_id, line.posting_date,
          coalesce(sum(amount) filter (where side = 'DEBIT'), 0) as debits, coalesce(sum(amount) filter (where side = 'CREDIT'), 0) as credits
        from journal_lines line join balance_watermarks watermark on watermark.organization_id = line.organization_id
        where ${of('line')} and line.id <= watermark.line_id group by 1, 2
      ) summed on summed.account_id = snapshot.account_id and summed.posting_date = snapshot.posting_date
    where (snapshot.debits, snapshot.credits) is distinct from (summed.debits, summed.credits)`,

  'no-entry-is-reversed-twice': `
    select 'journal entry ' || entry.reversal_of_id as offender
    from journal_entries entry where ${of('entry')} and entry.reversal_of_id is not null group by entry.reversal_of_id having count(*) > 1`,
};

/** So many foreign keys carry the organization: one that somebody has dropped is missed. A test counts them. */
export const FOREIGN_KEYS = 22;

/** Each foreign key that carries the organization is looked at again, in case somebody has switched it off. */
async function crossReferences(em: EntityManager): Promise<string> {
  const keys = await em.execute<{ source: string; target: string; field: string; key: string }[]>(
    `select conrelid::regclass::text as source, confrelid::regclass::text as target, child.attname as field, parent.attname as key
     from pg_constraint
       join pg_attribute child on child.attrelid = conrelid and child.attnum = conkey[2]
       join pg_attribute parent on parent.attrelid = confrelid and parent.attnum = confkey[2]
     where contype = 'f' and array_length(conkey, 1) = 2 and connamespace = 'public'::regnamespace`,
  );
  const missing = FOREIGN_KEYS - keys.length;
  return [
    `select 'foreign keys that are missing: ${missing}' as offender where ${missing} > 0`,
    ...keys.map(
      ({ source, target, field, key }) =>
        `select '${source}.${field} ' || child.${field} as offender from ${source} child
         where ${of('child')} and child.${field} is not null and not exists (
           select from ${target} parent where parent.${key} = child.${field} and parent.organization_id = child.organization_id)`,
    ),
  ].join(' union all ');
}
