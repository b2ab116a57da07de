import type { EntityManager } from '@mikro-orm/postgresql';
import { type Actor, type CurrentRoles, readCurrentRoles } from '../../auth/actor.js';
import { Organization } from '../../entities/organization.js';
import { columnsOf } from '../../orm/columns.js';
import { type Query, query, run } from '../../orm/query.js';
import { type GivenCommand, type LockedKeys, lockCommandKeys } from './idempotency.js';
import { LockWait, lockPeriod, type Period, withLockWait } from './locks.js';

/** Scheduling of a unit of work among others that need the same locks. */
export interface Scheduling {
  /** Whether the work has already been tried with the lock timeout. */
  readonly hasTimedOut?: boolean;
  /** Is called when all rows are written, before the commit is confirmed. The next transaction may start: it waits for the locks. */
  readonly onWritten?: () => void;
}

interface Options<Loaded> extends Scheduling {
  readonly period?: Period | undefined;
  readonly lockWait?: LockWait;
  /** The commands whose idempotency keys are locked. */
  readonly commands?: readonly GivenCommand[];
  /** The callers whose {@link CurrentRoles} are read. */
  readonly actors: readonly Actor[];
  /** Locks and reads the rows that the work needs, after the period and the keys, in the same round trip. */
  readonly load: Query<(organization: Organization) => Loaded>;
}

/** Loads no more than the organization. */
export const LOAD_NOTHING: Query<() => undefined> = { statements: [], read: () => () => undefined };

/** A transaction that holds its locks, and the rows that were read under them. */
export interface UnitOfWork<Loaded> {
  readonly em: EntityManager;
  readonly organization: Organization;
  readonly keys: LockedKeys;
  readonly roles: CurrentRoles;
  readonly loaded: Loaded;
  /** Lets the commit follow the last writes without waiting for their results. If they fail, the whole transaction fails. */
  commitWith(writes: Promise<unknown>): void;
}

/**
 * Does the work in one transaction under the organization's locks, with an identity map of its own. Returns the result of the work after the
 * commit.
 *
 * The locks and the reads are separate statements in one round trip. Under READ COMMITTED a statement sees all commits from before its start,
 * so the statements after a lock see the writes of its former holder.
 *
 * @throws {ServiceUnavailable} if a lock does not become free within the request's wait budget
 * @throws {OrganizationMoving} if the organization is frozen. The period lock makes that certain: freezing takes it exclusively
 * @example
 * const options = { actors: [actor], load: lockRecords(em, organizationId, requests, LockWait.WAIT) };
 * await underLocks(em, organizationId, options, async ({ em, roles, loaded }) => {
 *   roles.require(actor, Role.ACCOUNTANT);
 * });
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
        const [, organization, keys, loaded, roles] = await run(
          em,
          lockPeriod(organizationId, period),
          readOrganization(em, organizationId),
          lockCommandKeys(em, organizationId, commands, lockWait),
          load,
          readCurrentRoles(organizationId, actors),
        );
        organization.assertNotFrozen();
        const result = await work({
          em,
          organization,
          keys: keys(organization),
          loaded: loaded(organization),
          roles,
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

/** Reads the organization. After {@link lockPeriod}, the lock date and the freeze are those that hold until the commit. */
export function readOrganization(em: EntityManager, id: number): Query<Organization> {
  return query(`select ${columnsOf(em, Organization)} from organizations where id = $1`, [id], ([row]) => {
    if (row === undefined) throw new Error(`organization ${id} does not exist`);
    return em.map(Organization, row);
  });
}
