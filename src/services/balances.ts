import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../entities/account.js';
import type { Organization } from '../entities/organization.js';
import { Big, ZERO } from '../money.js';
import type { PostingDate } from '../posting-date.js';

/** What was debited and credited, in the base currency. */
export interface Turnover {
  readonly debits: Big;
  readonly credits: Big;
}

const NOTHING: Turnover = { debits: ZERO, credits: ZERO };

interface Row {
  readonly id: string;
  readonly debits: string;
  readonly credits: string;
}

/**
 * Sums of accounts up to and including a day: those of the snapshots, and of the lines since. One statement reads both, and
 * so sees both as of one moment.
 */
export async function accountTurnovers(
  em: EntityManager,
  organization: Organization,
  accountIds: readonly number[],
  asOf: PostingDate | null | undefined,
): Promise<(id: number) => Turnover> {
  const rows = await em.execute<Row[]>(
    `select account_id as id, sum(debits) as debits, sum(credits) as credits from (
       select account_id, posting_date, debits, credits from balance_snapshots where organization_id = ? and account_id in (?)
       union all
       select account_id, posting_date, case side when 'DEBIT' then amount else 0 end, case side when 'CREDIT' then amount else 0 end
       from journal_lines where organization_id = ? and account_id in (?)
         and id > coalesce((select line_id from balance_watermarks where organization_id = ?), 0)
     ) turnover where posting_date <= ?::date group by account_id`,
    [organization.id, [...accountIds], organization.id, [...accountIds], organization.id, asOf ?? 'infinity'],
  );
  return turnoverOf(rows);
}

/**
 * Brings the snapshots up to the newest line. It has the organization's period alone while it does, so that no line with a
 * lower id is still in flight; what there is to add is small when it is done often.
 */
export function snapshotBalances(em: EntityManager, organizationId: number): Promise<void> {
  return em.transactional(
    async (em) => {
      // Waiting for it would make refunds wait behind us: there is a next round.
      const [period] = await em.execute<{ alone: boolean }[]>(
        `select pg_try_advisory_xact_lock(hashtextextended('period', ?)) as alone`,
        [organizationId],
      );
      if (!period?.alone) return;
      const [row] = await em.execute<{ newest: string | null; watermark: string }[]>(
        `select (select max(newest) from accounts, lateral (
             select max(id) as newest from journal_lines where organization_id = accounts.organization_id and account_id = accounts.id
           ) of_account where accounts.organization_id = organization.id) as newest,
           coalesce((select line_id from balance_watermarks where organization_id = organization.id), 0) as watermark
         from organizations organization where id = ?`,
        [organizationId],
      );
      if (!row?.newest || row.newest === row.watermark) return;
      await em.execute(
        `insert into balance_snapshots as snapshot (organization_id, account_id, posting_date, debits, credits)
         select account.organization_id, account.id, line.posting_date,
           coalesce(sum(amount) filter (where side = 'DEBIT'), 0), coalesce(sum(amount) filter (where side = 'CREDIT'), 0)
         from accounts account join journal_lines line
           on line.organization_id = account.organization_id and line.account_id = account.id and line.id > ? and line.id <= ?
         where account.organization_id = ? group by 1, 2, 3
         on conflict (organization_id, account_id, posting_date)
           do update set debits = snapshot.debits + excluded.debits, credits = snapshot.credits + excluded.credits`,
        [row.watermark, row.newest, organizationId],
      );
      await em.execute(
        `insert into balance_watermarks (organization_id, line_id) values (?, ?)
         on conflict (organization_id) do update set line_id = excluded.line_id`,
        [organizationId, row.newest],
      );
    },
    { clear: true },
  );
}

/** Sums of customers' lines on the receivable. */
export async function customerTurnovers(
  em: EntityManager,
  organization: Organization,
  customerIds: readonly number[],
): Promise<(id: number) => Turnover> {
  const rows = await em.execute<Row[]>(
    `select customer_id as id,
       coalesce(sum(amount) filter (where side = 'DEBIT'), 0) as debits, coalesce(sum(amount) filter (where side = 'CREDIT'), 0) as credits
     from journal_lines where customer_id in (?) and organization_id = ? group by customer_id`,
    [[...customerIds], organization.id],
  );
  return turnoverOf(rows);
}

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

function turnoverOf(rows: readonly Row[]): (id: number) => Turnover {
  const turnovers = new Map(rows.map(({ id, debits, credits }) => [String(id), { debits: Big(debits), credits: Big(credits) }]));
  return (id) => turnovers.get(String(id)) ?? NOTHING;
}
