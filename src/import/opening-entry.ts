import type { EntityManager } from '@mikro-orm/postgresql';
import { credit, debit, JournalEntry, JournalSource, type Posting } from '../entities/journal-entry.js';
import { bulkInsert } from '../orm/bulk-insert.js';
import { query, run } from '../orm/query.js';
import { lockPeriod } from '../services/unit-of-work/locks.js';
import { readOrganization } from '../services/unit-of-work/unit-of-work.js';
import { Big, formatAmount, ZERO } from '../values/money.js';
import { markAsImport } from './imported-documents.js';
import type { Reconciliation } from './reconciliation.js';
import type { TheirLedger } from './their-ledger.js';
import type { Records } from './theirs-to-ours.js';

/** Amounts of journal lines are below it, and so small that their sums have room in the database, too. */
const LIMIT = Big('1e20');

/**
 * Opens the accounts with what Bigcapital's other documents have left on them, so that each account has the same balance here and there. A later
 * import posts only what has changed since. An entry that would not balance is refused.
 *
 * @param organizationId `null` in a dry run for an organization that is not here yet
 */
export async function openAccounts(
  em: EntityManager,
  organizationId: number | null,
  records: Records,
  ledger: TheirLedger,
  report: Reconciliation,
  isDry: boolean,
): Promise<void> {
  const { balances, problems } = ledger.openingBalances();
  for (const { what, why } of problems) report.refuse(what, [why]);
  if (problems.length > 0) return;
  await em.transactional(
    async (em) => {
      const opened = new Map<number, Big>();
      let { organization } = records;
      if (organizationId !== null) {
        if (!isDry) await run(em, lockPeriod(organizationId, 'shared'), markAsImport(organizationId));
        [organization] = await run(em, readOrganization(em, organizationId));
        organization.assertNotFrozen();
        const [here, sums] = await run(em, readHere(organizationId, report.refusedNotes), readOpened(organizationId));
        // Its postings are among those of both systems, and would be opened a second time.
        const why = (id: number) => `credit note ${id} is here and refused now, so what else the balances consist of is not known`;
        if (here.length > 0) return report.refuse('opening entry', here.map(why));
        for (const [id, amount] of sums) opened.set(id, amount);
      }
      const due = new Map(balances.map(({ account, amount }) => [account.id, amount]));
      const postings: Posting[] = [];
      for (const id of new Set([...due.keys(), ...opened.keys()])) {
        const account = records.accounts.get(id);
        const amount = (due.get(id) ?? ZERO).minus(opened.get(id) ?? ZERO);
        if (amount.eq(ZERO)) continue;
        if (account === undefined) return report.refuse('opening entry', [`account ${id} is not here`]);
        report.opening.push([account.name, formatAmount(amount, organization.baseCurrency)]);
        postings.push(amount.gt(ZERO) ? debit(account, amount) : credit(account, amount.abs()));
      }
      if (postings.some(({ amount }) => amount.gte(LIMIT))) {
        report.opening.length = 0;
        return report.refuse('opening entry', [`a balance of ${LIMIT.toFixed()} or more is not possible here`]);
      }
      if (postings.length === 0) return;
      const { today, lockDate } = organization;
      if (lockDate !== null && today <= lockDate) {
        report.opening.length = 0;
        return report.refuse('opening entry', [`the books are locked up to ${lockDate}`]);
      }
      if (isDry) return;
      const memo = 'Opening balances from Bigcapital';
      const entry = new JournalEntry(organization, { postingDate: today, source: JournalSource.OPENING, memo }, postings);
      await run(em, bulkInsert(em, [entry]));
      await run(em, bulkInsert(em, entry.lines.getItems()));
    },
    { clear: true },
  );
}

/** Reads which of the credit notes are here. */
function readHere(organizationId: number, ids: readonly number[]) {
  return query(
    'select id from credit_notes where organization_id = $1 and id = any ($2) order by id',
    [organizationId, ids],
    (rows) => rows.map(({ id }) => Number(id)),
  );
}

/** Reads what earlier imports have opened each account with: a debit, or a credit if negative. */
function readOpened(organizationId: number) {
  return query(
    `select line.account_id, sum(case line.side when 'DEBIT' then line.amount else -line.amount end)::text as amount
     from journal_lines line
       join journal_entries entry on entry.organization_id = line.organization_id and entry.id = line.journal_entry_id
     where line.organization_id = $1 and entry.source = 'OPENING' group by line.account_id`,
    [organizationId],
    (rows) => rows.map(({ account_id, amount }) => [Number(account_id), Big(String(amount))] as const),
  );
}
