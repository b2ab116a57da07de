import type { EntityManager } from '@mikro-orm/postgresql';
import type { Organization } from '../entities/organization.js';
import { query, run } from '../orm/query.js';

/** Returns the reason of the present lock date, which may be the one of no lock at all; an empty text if it was never changed. */
export async function lockReason(em: EntityManager, { id, lockDate }: Organization): Promise<string> {
  const latest = query(LATEST, [id], ([event]) => event);
  const [event] = await run(em, latest);
  // A change that was committed after the organization was read has another date.
  return event?.after === (lockDate ?? 'none') ? String(event.reason) : '';
}

const LATEST = `
  select details ->> 'after' as after, details ->> 'reason' as reason from audit_events
  where organization_id = $1 and action in ('lockTransactions', 'unlockTransactions') order by id desc limit 1`;
