import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Standing, standingStatement } from '../../auth/standing.js';
import { currentWork, DEFAULT_WAIT_MS, WaitBudget, type Work, workFor } from '../../concurrency/wait-budget.js';
import { Organization } from '../../entities/organization.js';
import { columnsOf } from '../../orm/columns.js';
import { isLockTimeout } from '../../orm/errors.js';
import { executeTogether } from '../../orm/execute-together.js';
import { lockWaitersOf } from '../../orm/lock-waiters.js';
import type { Row, Statement } from '../../orm/statement.js';
import { type KeyedCommand, keyStatements, LockedKeys } from './idempotency.js';

/**
 * Work shares the organization's period with other work; changing the lock date wants it alone. So no lock date slips in
 * under a refund in flight, and no refund under a lock date.
 */
export type Period = 'shared' | 'alone';

/** How long a unit of work waits for what somebody else holds. */
export enum Patience {
  /** Not at all for credit notes and keys, which are postponed; a moment for the period. */
  NONE = 'NONE',
  /** A moment for each lock, after which the whole unit of work fails; not at all for keys. */
  SHORT = 'SHORT',
  /** For all locks together as long as the request may still wait. */
  FULL = 'FULL',
}

/** A moment, which is longer than a unit of work takes. */
export const MOMENT_MS = 250;

interface Terms {
  readonly period?: Period | undefined;
  readonly patience?: Patience;
  /** Whether a short wait was in vain already. */
  readonly hasWaited?: boolean;
  /** Those whose keys are to be locked. */
  readonly commands?: readonly KeyedCommand[];
  /** Those who ask for it. */
  readonly actors: readonly Actor[];
  /** What is to be read, or locked, after that and in the same round trip. */
  readonly reading?: readonly Statement[];
}

/** What is known under the locks. */
interface Opened {
  readonly keys: LockedKeys;
  /** What the actors may do by now. */
  readonly standing: Standing;
  /** Those of each statement of `reading`. */
  readonly rows: Row[][];
}

/**
 * Does the work in one transaction on the organization's books, with an identity map of its own.
 *
 * What waits for a lock and what it then reads are statements of their own, if in one round trip: a statement reads what was
 * committed before it began.
 *
 * @throws {ServiceUnavailable} if what somebody else holds does not become free while the request may wait
 */
export function onBooks<T>(
  em: EntityManager,
  organizationId: number,
  { period = 'shared', patience = Patience.FULL, hasWaited = false, commands = [], actors, reading = [] }: Terms,
  work: (em: EntityManager, organization: Organization, opened: Opened) => Promise<T>,
): Promise<T> {
  const wanted = [...new Set(commands.flatMap(({ idempotency }) => idempotency?.key ?? []))];
  const keyed = keyStatements(organizationId, wanted, patience === Patience.FULL);
  const run = () =>
    em.transactional(
      async (em) => {
        const [, organizations = [], ...rest] = await executeTogether(em, [
          { text: periodLock(period), values: [organizationId] },
          { text: `select ${columnsOf(em, Organization)} from organizations where id = $1`, values: [organizationId] },
          ...keyed,
          ...reading,
          // After all locks: what was taken away while they were waited for is gone.
          standingStatement(organizationId, actors),
        ]);
        const [organization] = organizations.map((row) => em.map(Organization, row));
        if (organization === undefined) throw new Error(`there is no organization ${organizationId}`);
        const keys = new LockedKeys(em, organization, rest.splice(0, keyed.length));
        const standing = new Standing(rest.pop() ?? []);
        return work(em, organization, { keys, standing, rows: rest });
      },
      { clear: true },
    );
  const all = currentWork() ?? { organizationId, budget: new WaitBudget(DEFAULT_WAIT_MS) };
  const shortly = () => workFor({ ...all, lockWaitMs: MOMENT_MS }, run);
  if (patience !== Patience.FULL) return shortly();
  return all.budget.spend(() => waiting(em, organizationId, all, run, hasWaited ? null : shortly));
}

/** Waits for locks as one of not too many; where there are, it tries first whether there is anything to wait for. */
async function waiting<T>(
  em: EntityManager,
  organizationId: number,
  work: Work,
  run: () => Promise<T>,
  shortly: (() => Promise<T>) | null,
): Promise<T> {
  const lockWaiters = lockWaitersOf(em);
  if (shortly !== null && lockWaiters.isFull(organizationId)) {
    try {
      return await shortly();
    } catch (error) {
      // Nothing was written.
      if (!isLockTimeout(error)) throw error;
    }
  }
  const leave = await lockWaiters.enter(organizationId, work.budget);
  return workFor(work, run).finally(leave);
}

/** Advisory locks queue fairly, unlike row locks: a lock date does not starve behind a stream of refunds. */
function periodLock(period: Period): string {
  const lock = period === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  return `select ${lock}(hashtextextended('period', $1))`;
}
