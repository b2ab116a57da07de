import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { readStanding, type Standing } from '../../auth/standing.js';
import { Organization } from '../../entities/organization.js';
import { columnsOf } from '../../orm/columns.js';
import { type Query, query, run } from '../../orm/query.js';
import { type GivenCommand, type LockedKeys, lockCommandKeys } from './idempotency.js';
import { LockWait, lockPeriod, type Period, withLockWait } from './locks.js';

/** How a unit of work takes turns with others that need the same locks. */
export interface Scheduling {
  /** Whether the work has been tried with the lock timeout before. */
  readonly hasTimedOut?: boolean;
  /** Is called when everything has been written and the commit is on its way: the next transaction may start, and waits at the locks. */
  readonly onWritten?: () => void;
}

interface Options<Loaded> extends Scheduling {
  readonly period?: Period | undefined;
  readonly lockWait?: LockWait;
  /** The commands whose idempotency keys are locked. */
  readonly commands?: readonly GivenCommand[];
  /** The callers whose standing is read. */
  readonly actors: readonly Actor[];
  /** Locks and reads what the work needs, after period and keys and in the same round trip. */
  readonly load: Query<(organization: Organization) => Loaded>;
}

/** Loads nothing beside the organization. */
export const NOTHING: Query<() => undefined> = { statements: [], read: () => () => undefined };

/** A transaction that holds its locks, and what it has read under them. */
export interface UnitOfWork<Loaded> {
  readonly em: EntityManager;
  readonly organization: Organization;
  readonly keys: LockedKeys;
  readonly standing: Standing;
  readonly loaded: Loaded;
  /** Sends the commit right behind the last writes, without waiting for them. If they fail, the transaction fails as a whole. */
  commitWith(writes: Promise<unknown>): void;
}

/**
 * Does the work in one transaction under the organization's locks, with an identity map of its own.
 *
 * All locks and reads are statements of their own in one round trip: a statement sees what was committed before it began, and so those after
 * a lock see what its former holder has written.
 *
 * @throws {ServiceUnavailable} if a lock does not become free within the request's wait budget
 */
export function underLocks<Loaded, T>(
  em: EntityManager,
  organizationId: number,
  { period = 'shared', lockWait = LockWait.WAIT, hasTimedOut = false, commands = [], actors, load, onWritten }: Options<Loaded>,
  work: (unitOfWork: UnitOfWork<Loaded>) => Promise<T>,
): Promise<T> {
  return withLockWait(em, organizationId, { lockWait, hasTimedOut }, async () => {
    let lastWrites: Promise<unknown> | undefined;
    const commitWith = (writes: Promise<unknown>): void => {
      lastWrites = writes;
      void writes.then(
        () => onWritten?.(),
        () => undefined,
      );
    };
    const result = await em.transactional(
      async (em) => {
        const [, organization, keys, loaded, standing] = await run(
          em,
          lockPeriod(organizationId, period),
          readOrganization(em, organizationId),
          lockCommandKeys(em, organizationId, commands, lockWait),
          load,
          readStanding(organizationId, actors),
        );
        const result = await work({
          em,
          organization,
          keys: keys(organization),
          loaded: loaded(organization),
          standing,
          commitWith,
        });
        if (lastWrites === undefined) onWritten?.();
        return result;
      },
      { clear: true },
    );
    await lastWrites;
    return result;
  });
}

function readOrganization(em: EntityManager, id: number): Query<Organization> {
  return query(`select ${columnsOf(em, Organization)} from organizations where id = $1`, [id], ([row]) => {
    if (row === undefined) throw new Error(`there is no organization ${id}`);
    return em.map(Organization, row);
  });
}
