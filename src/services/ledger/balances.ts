import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../../entities/account.js';
import { type AccountType, normalBalance, Side } from '../../entities/account-type.js';
import type { Organization } from '../../entities/organization.js';
import { runInOrder } from '../../orm/in-order.js';
import { type Query, query, type ResultRow, run } from '../../orm/query.js';
import { Big, ZERO } from '../../values/money.js';
import type { PostingDate } from '../../values/posting-date.js';
import { lockOrder, tryJob } from '../unit-of-work/locks.js';

/** Sums of debits and of credits, in the base currency. */
export interface Turnover {
  readonly debits: Big;
  readonly credits: Big;
}

/** Returns the balance, which is positive on the side on which an account of this type grows. */
export function balanceOf(type: AccountType, { debits, credits }: Turnover): Big {
  return normalBalance(type) === Side.DEBIT ? debits.minus(credits) : credits.minus(debits);
}

/** An account and the last day of its turnover; `null` for all days. */
export interface AccountAsOf {
  readonly accountId: number;
  readonly asOf: PostingDate | null;
}

/** Sums in the base currency, or in the foreign currency that the account is held in. */
type Currency = 'base' | 'foreign';

/**
 * Returns the query of the turnover of each account up to and including its day, in the order of the accounts: the sums of the snapshots plus those of
 * the newer lines. One statement reads both, and so both come from the same database snapshot. It reads few rows by {@link runInOrder}.
 *
 * @example
 * const [turnover] = await runInOrder(em, readTurnovers(organization, [{ accountId: bank.id, asOf: null }]));
 */
export function readTurnovers(
  organization: Organization,
  accounts: readonly AccountAsOf[],
  currency: Currency = 'base',
): Query<readonly Turnover[]> {
  const [ids, days] = [accounts.map(({ accountId }) => accountId), accounts.map(({ asOf }) => asOf ?? 'infinity')];
  return query(TURNOVERS[currency], [organization.id, ids, days], inOrder);
}

/** SQL for the first day of the last day's year or month. All days have an infinite one, before which there are years only. */
const firstOf = (period: 'year' | 'month') => `date_trunc('${period}', asked.last_day::timestamp)::date`;

/** The snapshots that make up a turnover: whole years before that of the last day, whole months of this year, and days of this month. */
const PARTS = [
  ['YEAR', `first_day < ${firstOf('year')}`],
  ['MONTH', `first_day >= ${firstOf('year')} and first_day < ${firstOf('month')}`],
  ['DAY', `first_day >= ${firstOf('month')} and first_day <= asked.last_day`],
];

/**
 * Returns SQL for the turnover of accounts, from the snapshots and the newer lines. PostgreSQL expects a third of all lines to be newer, and would rather read
 * all snapshots and lines at once. So each account has its sum by itself, and its lines are read in the order of the index that begins with the account.
 *
 * @param newer sums one of the newer lines
 */
const turnovers = (snapshot: { debits: string; credits: string }, newer: { amount: string; condition: string }): string => `
  select asked.place, turnover.debits, turnover.credits
  from unnest($2::bigint[], $3::date[]) with ordinality asked (account_id, last_day, place) cross join lateral (
    select coalesce(sum(debits), 0) as debits, coalesce(sum(credits), 0) as credits from (
      ${PARTS.map(
        ([period, days]) => `
      select ${snapshot.debits} as debits, ${snapshot.credits} as credits from balance_snapshots
      where organization_id = $1 and account_id = asked.account_id and period = '${period}' and ${days}`,
      ).join(' union all ')}
      union all
      (
        select case side when 'DEBIT' then ${newer.amount} else 0 end, case side when 'CREDIT' then ${newer.amount} else 0 end
        from journal_lines where organization_id = $1 and account_id = asked.account_id and posting_date <= asked.last_day ${newer.condition}
          and id > coalesce((select line_id from balance_watermarks where organization_id = $1), 0) order by id
      )
    ) part
  ) turnover`;

const TURNOVERS: Readonly<Record<Currency, string>> = {
  base: turnovers({ debits: 'debits', credits: 'credits' }, { amount: 'amount', condition: '' }),
  foreign: turnovers(
    { debits: 'foreign_debits', credits: 'foreign_credits' },
    {
      amount: 'foreign_amount',
      condition: `and foreign_currency_code = (select currency_code from accounts where organization_id = $1 and id = asked.account_id)`,
    },
  ),
};

/** Returns the query of the turnover of each customer on the receivable, in the order of the customers. */
export function readCustomerTurnovers(organization: Organization, customerIds: readonly number[]): Query<readonly Turnover[]> {
  return query(
    `select asked.place, turnover.debits, turnover.credits
     from unnest($2::bigint[]) with ordinality asked (customer_id, place) cross join lateral (
       select coalesce(sum(debits), 0) as debits, coalesce(sum(credits), 0) as credits from (
         select debits, credits from customer_balance_snapshots where organization_id = $1 and customer_id = asked.customer_id
         union all
         (
           select case side when 'DEBIT' then amount else 0 end, case side when 'CREDIT' then amount else 0 end
           from journal_lines where organization_id = $1 and customer_id = asked.customer_id
             and id > coalesce((select line_id from balance_watermarks where organization_id = $1), 0) order by id
         )
       ) part
     ) turnover`,
    [organization.id, customerIds],
    inOrder,
  );
}

function inOrder(rows: readonly ResultRow[]): Turnover[] {
  return rows
    .toSorted((one, other) => Number(one.place) - Number(other.place))
    .map(({ debits, credits }) => ({ debits: Big(String(debits)), credits: Big(String(credits)) }));
}

/** SQL for lines: tables, of which one is called `line`, and a condition. */
export interface Lines {
  readonly from: string;
  readonly where: string;
}

/** SQL for the sums of lines by account and period, as the snapshots have them. */
export const sumsByAccount = ({ from, where }: Lines): string => `
  select sum_of_day.organization_id, sum_of_day.account_id, period, date_trunc(lower(period), sum_of_day.posting_date::timestamp)::date as first_day,
    sum(debits) as debits, sum(credits) as credits, sum(foreign_debits) as foreign_debits, sum(foreign_credits) as foreign_credits
  from (
    select line.organization_id, line.account_id, line.posting_date,
      coalesce(sum(line.amount) filter (where line.side = 'DEBIT'), 0) as debits,
      coalesce(sum(line.amount) filter (where line.side = 'CREDIT'), 0) as credits,
      coalesce(sum(line.foreign_amount) filter (where line.side = 'DEBIT' and line.foreign_currency_code = account.currency_code), 0) as foreign_debits,
      coalesce(sum(line.foreign_amount) filter (where line.side = 'CREDIT' and line.foreign_currency_code = account.currency_code), 0) as foreign_credits
    from ${from} join accounts account on account.organization_id = line.organization_id and account.id = line.account_id
    where ${where} group by 1, 2, 3
  ) sum_of_day cross join unnest('{DAY,MONTH,YEAR}'::text[]) period
  group by 1, 2, 3, 4`;

/** SQL for the sums of lines by customer, likewise. */
export const sumsByCustomer = ({ from, where }: Lines): string => `
  select line.organization_id, line.customer_id, coalesce(sum(line.amount) filter (where line.side = 'DEBIT'), 0) as debits,
    coalesce(sum(line.amount) filter (where line.side = 'CREDIT'), 0) as credits
  from ${from} where ${where} and line.customer_id is not null group by 1, 2`;

/** Range of line ids that one transaction reads, so that none runs for long. */
const IDS_PER_STEP = 250_000;

/** Transactions of one call. The next call continues with the rest. */
const MAX_STEPS = 100;

/** Returns the ids of the organizations that have at least so many lines which are in no snapshot yet. Ids of lines have no gaps. */
export async function organizationsToSnapshot(em: EntityManager, minLines: number): Promise<number[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select organization.id
     from organizations organization cross join lateral (
       select from journal_lines
       where organization_id = organization.id
         and id >= coalesce((select line_id from balance_watermarks where organization_id = organization.id), 0) + ? limit 1
     ) newer
     order by organization.id`,
    [minLines],
  );
  return rows.map(({ id }) => Number(id));
}

/**
 * Adds the organization's newer lines to its balance snapshots. The sums are computed without a lock that postings need: no transaction can
 * still insert a line with an id below the newest one. Does nothing if another process is doing the same job.
 */
export async function snapshotBalances(em: EntityManager, organizationId: number): Promise<void> {
  const newest = await newestLine(em, organizationId);
  for (let step = 0; newest !== null && step < MAX_STEPS; step += 1) {
    if (!(await summarize(em, organizationId, newest))) return;
  }
}

/**
 * Returns the id of the newest line; `null` if there is none. All lines with lower ids are committed: the id is read under the lock that
 * every posting holds from its first insert to its commit.
 */
function newestLine(em: EntityManager, organizationId: number): Promise<string | null> {
  return em.transactional(
    async (em) => {
      const newest = query(
        'select max(id) as newest from journal_lines where organization_id = $1',
        [organizationId],
        ([row]) => (row?.newest ?? null) as string | null,
      );
      const [, id] = await run(em, lockOrder(organizationId), newest);
      return id;
    },
    { clear: true },
  );
}

/** The lines of a range. */
const NEWER: Lines = { from: 'journal_lines line', where: 'line.organization_id = ? and line.id > ? and line.id <= ?' };

/** Adds the next range of lines to the snapshots. Returns whether more lines are left. */
function summarize(em: EntityManager, organizationId: number, newest: string): Promise<boolean> {
  return em.transactional(
    async (em) => {
      const [isAlone] = await run(em, tryJob(organizationId, 'balances'));
      if (!isAlone) return false;
      const [step] = await em.execute<{ watermark: string; until: string | null }[]>(
        `select watermark, (
           select least(min(id) + ?, ?) from journal_lines where organization_id = ? and id > watermark and id <= ?
         ) as until
         from (select coalesce((select line_id from balance_watermarks where organization_id = ?), 0) as watermark) known`,
        [IDS_PER_STEP, newest, organizationId, newest, organizationId],
      );
      if (!step?.until) return false;
      const range = [organizationId, step.watermark, step.until];
      await em.execute(
        `insert into balance_snapshots as snapshot
           (organization_id, account_id, period, first_day, debits, credits, foreign_debits, foreign_credits) ${sumsByAccount(NEWER)}
         on conflict (organization_id, account_id, period, first_day) do update
           set debits = snapshot.debits + excluded.debits, credits = snapshot.credits + excluded.credits,
             foreign_debits = snapshot.foreign_debits + excluded.foreign_debits, foreign_credits = snapshot.foreign_credits + excluded.foreign_credits`,
        range,
      );
      await em.execute(
        `insert into customer_balance_snapshots as snapshot (organization_id, customer_id, debits, credits) ${sumsByCustomer(NEWER)}
         on conflict (organization_id, customer_id)
           do update set debits = snapshot.debits + excluded.debits, credits = snapshot.credits + excluded.credits`,
        range,
      );
      await em.execute(
        `insert into balance_watermarks (organization_id, line_id) values (?, ?)
         on conflict (organization_id) do update set line_id = excluded.line_id`,
        [organizationId, step.until],
      );
      return step.until !== newest;
    },
    { clear: true },
  );
}

/**
 * Returns the turnover of every account, in the order of the account codes, and the totals.
 *
 * @param asOf the last day that counts; absent: all lines
 */
export async function trialBalance(
  em: EntityManager,
  organization: Organization,
  asOf: PostingDate | null | undefined,
): Promise<Turnover & { lines: (Turnover & { account: Account })[] }> {
  const accounts = await em.find(Account, { organization: organization.id }, { orderBy: { code: 'asc' } });
  const asked = accounts.map(({ id }) => ({ accountId: id, asOf: asOf ?? null }));
  const turnovers = await runInOrder(em, readTurnovers(organization, asked));
  const lines = accounts.map((account, index) => ({ account, ...(turnovers[index] as Turnover) }));
  return {
    lines,
    debits: lines.reduce((sum, { debits }) => sum.plus(debits), ZERO),
    credits: lines.reduce((sum, { credits }) => sum.plus(credits), ZERO),
  };
}
