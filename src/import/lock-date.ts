import type { EntityManager } from '@mikro-orm/postgresql';
import type { Organization } from '../entities/organization.js';
import { query, run } from '../orm/query.js';
import { OPERATOR, recordEvent } from '../services/unit-of-work/audit-trail.js';
import { lockPeriod } from '../services/unit-of-work/locks.js';
import { readOrganization } from '../services/unit-of-work/unit-of-work.js';
import type { Reconciliation } from './reconciliation.js';
import { reasonsOf } from './theirs-to-ours.js';

/**
 * Locks the books as Bigcapital's are locked, after an import that has left nothing behind: what is put right there later could not be posted on its
 * day any more. A later lock date stays.
 *
 * @param theirs their last locked day, as Bigcapital writes it; `null` if nothing is locked
 */
export async function lockAsTheirs(
  em: EntityManager,
  theirs: string | null,
  { organization, postingDaysAhead }: { readonly organization: Organization; readonly postingDaysAhead: number },
  report: Reconciliation,
  isDry: boolean,
): Promise<void> {
  if (theirs === null) return;
  try {
    const date = organization.postingDate(theirs);
    if (organization.lockDate !== null && organization.lockDate >= date) return;
    organization.assertNotTooFarAhead(date, postingDaysAhead, 'lockDate');
    if (!report.isComplete) {
      report.lock = `Bigcapital is locked up to ${date}. Nothing is locked here, since not everything is taken over`;
      return;
    }
    if (!isDry) await lock(em, organization.id, date, postingDaysAhead);
    report.lock = `Locked up to ${date}, as Bigcapital is`;
    report.isLocked = true;
  } catch (error) {
    report.refuse('lock date', reasonsOf(error));
  }
}

function lock(em: EntityManager, organizationId: number, date: string, postingDaysAhead: number): Promise<void> {
  return em.transactional(
    async (em) => {
      await run(em, lockPeriod(organizationId, 'exclusive'));
      const [organization] = await run(em, readOrganization(em, organizationId));
      organization.assertNotFrozen();
      const before = organization.lockDate ?? 'none';
      organization.lock(date, postingDaysAhead);
      const change = 'update organizations set lock_date = $2 where id = $1';
      await run(
        em,
        query(change, [organizationId, date], () => undefined),
      );
      recordEvent(em, organization, 'lockTransactions', { before, after: date, reason: 'Bigcapital is locked' }, OPERATOR);
    },
    { clear: true },
  );
}
