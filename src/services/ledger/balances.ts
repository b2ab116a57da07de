import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../../entities/account.js';
import { type AccountType, normalBalance, Side } from '../../entities/account-type.js';
import type { Organization } from '../../entities/organization.js';
import { type Query, query, run } from '../../orm/query.js';
import { Big, ZERO } from '../../values/money.js';
import type { PostingDate } from '../../values/posting-date.js';
import { lockOrder, tryJob } from '../unit-of-work/locks.js';

/** Sums of debits and of credits, in the base currency. */
export interface Turnover {
  readonly debits: Big;
  readonly credits: Big;
}

const NO_TURNOVER: Turnover = { debits: ZERO, credits: ZERO };

/** Returns the balance, which is positive on the side on which an account of this type grows. */
export function balanceOf(type: AccountType, { debits, credits }: Turnover): Big {
  return normalBalance(type) === Side.DEBIT ? debits.minus(credits) : credits.minus(debits);
}

interface TurnoverRow {
  readonly id: string;
  readonly debits: string;
  readonly credits: string;
}

/**
 * Returns the turnover of each account up to and including a day: the sums of the snapshots plus those of the newer lines. One statement
 * reads both, and so both come from the same database snapshot.
 *
 * @param asOf absent: all lines
 * @example
 * const turnover = await accountTurnovers(em, organization, [bank.id], null);
 * const { debits, credits } = turnover(bank.id);
 */
export async function accountTurnovers(
  em: EntityManager,
  organization: Organization,
  accountIds: readonly number[],
  asOf: PostingDate | null | undefined,
): Promise<(id: number) => Turnover> {
  const [turnover] = await run(em, readTurnovers(organization, accountIds, asOf));
  return turnover;
}

/** Returns the query of {@link accountTurnovers}. */
export function readTurnovers(
  organization: Organization,
  accountIds: readonly number[],
  asOf: PostingDate | null | undefined,
): Query<(id: number) => Turnover> {
  return query(
    // A nested loop, so that PostgreSQL uses the index of the account and the line: it expects a third of all lines to be newer than the snapshots.
    `select account.id, sum(debits) as debits, sum(credits) as credits
     from unnest($2::bigint[]) account (id) cross join lateral (
       select debits, credits from balance_snapshots
       where organization_id = $1 and account_id = account.id and posting_date <= $3::date
       union all
       select case side when 'DEBIT' then amount else 0 end, case side when 'CREDIT' then amount else 0 end from journal_lines
       where organization_id = $1 and account_id = account.id and posting_date <= $3::date
         and id > coalesce((select line_id from balance_watermarks where organization_id = $1), 0)
     ) turnover group by account.id`,
    [organization.id, accountIds, asOf ?? 'infinity'],
    (rows) => turnoverOf(rows as unknown as TurnoverRow[]),
  );
}

/**
 * Returns the turnover of each account in the foreign currency that it is held in, up to and including each of the days; `null` is all days. The
 * snapshots hold base amounts only, so it reads every line of the accounts, once for all days.
 */
export async function foreignTurnovers(
  em: EntityManager,
  organization: Organization,
  accountIds: readonly number[],
  days: readonly (PostingDate | null)[],
): Promise<(id: number, day: PostingDate | null) => Turnover> {
  const ends = days.map((day) => day ?? 'infinity');
  const rows = await em.execute<(TurnoverRow & { day: number })[]>(
    `with turnover as materialized (
       select line.account_id as id, line.posting_date, coalesce(sum(foreign_amount) filter (where side = 'DEBIT'), 0) as debits,
         coalesce(sum(foreign_amount) filter (where side = 'CREDIT'), 0) as credits
       from journal_lines line
         join accounts account on account.organization_id = line.organization_id and account.id = line.account_id
           and account.currency_code = line.foreign_currency_code
       where line.organization_id = ? and line.account_id in (?) group by line.account_id, line.posting_date
     )
     select turnover.id, asked.day::int as day, sum(debits) as debits, sum(credits) as credits
     from turnover join unnest(?::date[]) with ordinality as asked (last, day) on turnover.posting_date <= asked.last
     group by turnover.id, asked.day`,
    [organization.id, [...accountIds], `{${ends.join()}}`],
  );
  const rowsOf = Map.groupBy(rows, ({ day }) => day);
  const turnoverOn = new Map(days.map((day, index) => [day, turnoverOf(rowsOf.get(index + 1) ?? [])]));
  return (id, day) => turnoverOn.get(day)?.(id) ?? NO_TURNOVER;
}

/** Range of line ids that one transaction reads, so that none runs for long. */
const IDS_PER_STEP = 250_000;

/** Transactions of one call. The next call continues with the rest. */
const MAX_STEPS = 100;

/** Returns the ids of the organizations that have lines which are in no snapshot yet. */
export async function organizationsToSnapshot(em: EntityManager): Promise<number[]> {
  const rows = await em.execute<{ id: string }[]>(
    `select organization.id
     from organizations organization cross join lateral (
       select from journal_lines
       where organization_id = organization.id
         and id > coalesce((select line_id from balance_watermarks where organization_id = organization.id), 0) limit 1
     ) newer
     order by organization.id`,
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
      await em.execute(
        `insert into balance_snapshots as snapshot (organization_id, account_id, posting_date, debits, credits)
         select account.organization_id, account.id, line.posting_date,
           coalesce(sum(amount) filter (where side = 'DEBIT'), 0), coalesce(sum(amount) filter (where side = 'CREDIT'), 0)
         from accounts account join journal_lines line
           on line.organization_id = account.organization_id and line.account_id = account.id and line.id > ? and line.id <= ?
         where account.organization_id = ? group by 1, 2, 3
         on conflict (organization_id, account_id, posting_date)
           do update set debits = snapshot.debits + excluded.debits, credits = snapshot.credits + excluded.credits`,
        [step.watermark, step.until, organizationId],
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

/** Returns the turnover of each customer on the receivable. */
export async function customerTurnovers(
  em: EntityManager,
  organization: Organization,
  customerIds: readonly number[],
): Promise<(id: number) => Turnover> {
  const rows = await em.execute<TurnoverRow[]>(
    `select customer_id as id,
       coalesce(sum(amount) filter (where side = 'DEBIT'), 0) as debits, coalesce(sum(amount) filter (where side = 'CREDIT'), 0) as credits
     from journal_lines where customer_id in (?) and organization_id = ? group by customer_id`,
    [[...customerIds], organization.id],
  );
  return turnoverOf(rows);
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
  const turnover = await accountTurnovers(
    em,
    organization,
    accounts.map(({ id }) => id),
    asOf,
  );
  const lines = accounts.map((account) => ({ account, ...turnover(account.id) }));
  return {
    lines,
    debits: lines.reduce((sum, { debits }) => sum.plus(debits), ZERO),
    credits: lines.reduce((sum, { credits }) => sum.plus(credits), ZERO),
  };
}

function turnoverOf(rows: readonly TurnoverRow[]): (id: number) => Turnover {
  const turnovers = new Map(rows.map(({ id, debits, credits }) => [String(id), { debits: Big(debits), credits: Big(credits) }]));
  return (id) => turnovers.get(String(id)) ?? NO_TURNOVER;
}
