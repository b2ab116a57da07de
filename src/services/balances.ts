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

const SUMS = `
  coalesce(sum(amount) filter (where side = 'DEBIT'), 0) as debits, coalesce(sum(amount) filter (where side = 'CREDIT'), 0) as credits`;

/** Sums of accounts up to and including a day, straight from the lines: an index holds all that it takes. */
export async function accountTurnovers(
  em: EntityManager,
  organization: Organization,
  accountIds: readonly number[],
  asOf: PostingDate | null | undefined,
): Promise<(id: number) => Turnover> {
  const rows = await em.execute<Row[]>(
    `select account_id as id, ${SUMS} from journal_lines
     where account_id in (?) and organization_id = ? and posting_date <= ?::date group by account_id`,
    [[...accountIds], organization.id, asOf ?? 'infinity'],
  );
  return turnoverOf(rows);
}

/** Sums of customers' lines on the receivable. */
export async function customerTurnovers(
  em: EntityManager,
  organization: Organization,
  customerIds: readonly number[],
): Promise<(id: number) => Turnover> {
  const rows = await em.execute<Row[]>(
    `select customer_id as id, ${SUMS} from journal_lines where customer_id in (?) and organization_id = ? group by customer_id`,
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
