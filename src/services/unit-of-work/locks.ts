import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { currentWork, DEFAULT_WAIT_MS, WaitBudget, workFor } from '../../concurrency/wait-budget.js';
import { CreditNote } from '../../entities/credit-note.js';
import type { Organization } from '../../entities/organization.js';
import { parseId } from '../../entities/owned.js';
import { CreditNoteNotFound } from '../../errors.js';
import { columnsOf } from '../../orm/columns.js';
import { isLockTimeout } from '../../orm/errors.js';
import { lockWaitersOf } from '../../orm/lock-waiters.js';
import { type Query, query } from '../../orm/query.js';
import { mapRows } from '../../orm/row-mapping.js';
import { LOCK_WAIT_SETTING } from '../../orm/transaction-limits.js';

/*
 * All locks that transactions take, and the one order in which they take them. Every transaction follows it, so that no two wait for each
 * other:
 *
 *   1. The period of the organization (advisory): shared by whatever posts, exclusive for a change of the lock date.
 *   2. The idempotency keys (advisory), in the order of their lock numbers.
 *   3. The credit notes (rows), in the order of their ids.
 *   4. The counter of the organization's credit note numbers (row), if a number is assigned.
 *   5. The order of the organization (advisory): a trigger takes it with the first insert, so that rows become visible in the order of
 *      their ids.
 *
 * Each is held until the transaction ends. A transaction may take an advisory lock again that it holds: the triggers that keep the lock date
 * take the period once more, for those who write past the gateway.
 *
 * Locks that are tried, and never waited for, have no place in the order: the jobs' below, and rows with `skip locked`. Migrations and the
 * data folder have locks of their own in src/database, which no request takes. The reasons are in docs/adr/005-locks-and-their-order.md.
 */

/** How long a transaction waits for locks that others hold. */
export enum LockWait {
  /** Skips credit notes and keys that others hold. Waits for the period up to the lock timeout. */
  SKIP = 'SKIP',
  /** Skips keys that others hold. Waits for each other lock up to the lock timeout, and then fails as a whole. */
  TIMEOUT = 'TIMEOUT',
  /** Waits for all locks together as long as the request's wait budget allows. */
  WAIT = 'WAIT',
}

/** Lock timeout of transactions that do not {@link LockWait.WAIT}: more than a transaction of ours usually takes. */
export const LOCK_TIMEOUT_MS = 250;

/** Work shares the organization's period with other work. A change of the lock date has it exclusively, and so no refund is under way then. */
export type Period = 'shared' | 'exclusive';

/** Advisory locks queue fairly, unlike row locks: a change of the lock date does not starve behind a stream of refunds. */
export function lockPeriod(organizationId: number, period: Period): Query<void> {
  const lock = period === 'exclusive' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  return query(`select ${lock}(hashtextextended('period', $1))`, [organizationId], () => undefined);
}

/**
 * Locks idempotency keys, and returns those that it got: all of them if it waits. So a second request with a key waits for the first one,
 * in whatever process that runs.
 */
export function lockKeys(organizationId: number, keys: readonly string[], lockWait: LockWait): Query<ReadonlySet<string>> {
  if (keys.length === 0) return { statements: [], read: () => new Set() };
  const locks = `select key, ${keyLockNumber('key')} as lock_number from unnest($2::text[]) key order by lock_number`;
  const text =
    lockWait === LockWait.WAIT
      ? `select key, ${REDUCE_LOCK_TIMEOUT}, pg_advisory_xact_lock(lock_number) from (${locks}) locks`
      : `select key from (${locks}) locks where pg_try_advisory_xact_lock(lock_number)`;
  return query(text, [organizationId, keys], (rows) => new Set(rows.map(({ key }) => String(key))));
}

/** A credit note to be locked. */
export interface WantedNote {
  readonly id: number;
  /** The idempotency key of the command that needs it. */
  readonly key: string | undefined;
}

/**
 * Locks credit notes, and returns those that it got as plain objects. With the lock, check-then-spend is one step: a concurrent refund waits
 * here, and then sees what is left.
 *
 * It leaves out a note whose command has been done before, by its key, or whose key another transaction holds.
 */
export function lockCreditNotes(
  em: EntityManager,
  organizationId: number,
  wanted: readonly WantedNote[],
  lockWait: LockWait,
): Query<(organization: Organization) => CreditNote[]> {
  const text = `
    select ${columnsOf(em, CreditNote)} from credit_notes
    where organization_id = $1 and id = any (array(
      select wanted.id from json_to_recordset($2) wanted (id bigint, key text)
      where ${lockWait === LockWait.WAIT ? `${REDUCE_LOCK_TIMEOUT} <> '' and` : ''} not exists (
          select from idempotency_keys used where used.organization_id = $1 and used.key = wanted.key)
        and (wanted.key is null or pg_try_advisory_xact_lock(${keyLockNumber('wanted.key')}))
    ))
    order by id for update${lockWait === LockWait.SKIP ? ' skip locked' : ''}`;
  return query(
    text,
    [organizationId, JSON.stringify(wanted)],
    (rows) => (organization) => mapRows(em, CreditNote, organization, rows),
  );
}

/**
 * Locks one credit note, and returns it as an entity whose changes are written.
 *
 * @throws {CreditNoteNotFound} if the organization has no credit note with this id
 */
export async function lockCreditNote(em: EntityManager, organization: Organization, id: string): Promise<CreditNote> {
  const owned = { id: parseId(id) ?? 0, organization: organization.id };
  const creditNote = await em.findOne(CreditNote, owned, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (creditNote === null) throw new CreditNoteNotFound(id, 'id');
  return creditNote;
}

/** Waits until every transaction that has drawn ids has ended, in the same queue as those that are about to draw some. */
export function lockOrder(organizationId: number): Query<void> {
  return query(`select pg_advisory_xact_lock(hashtextextended('order', $1))`, [organizationId], () => undefined);
}

/** Jobs that one transaction at a time does for an organization. */
export type Job = 'balances' | 'ledger health';

/** Tries to lock a job, and returns whether no other transaction is doing it. */
export function tryJob(organizationId: number, job: Job): Query<boolean> {
  const text = `select pg_try_advisory_xact_lock(hashtextextended($2, $1)) as locked`;
  return query(text, [organizationId, job], ([row]) => row?.locked === true);
}

/**
 * SQL for the number of a key's lock, in a statement whose $1 is the organization. The prefix keeps callers' keys apart from the other
 * locks: a caller may well choose the key "period".
 */
function keyLockNumber(column: string): string {
  return `hashtextextended('idempotency key ' || ${column}, $1)`;
}

/**
 * SQL that reduces `lock_timeout` to what is left of the time for waiting, which the locks before it in the same round trip have partly used
 * up. It is never null.
 */
const REDUCE_LOCK_TIMEOUT = `
  set_config('lock_timeout', greatest(1, coalesce(nullif(current_setting('${LOCK_WAIT_SETTING}', true), ''), '${DEFAULT_WAIT_MS}')::float8
    - 1000 * extract(epoch from clock_timestamp() - transaction_timestamp()))::int::text, true)`;

/** Whether another transaction of the organization may wait for locks, since not all places are taken. */
export function mayWait(em: EntityManager, organizationId: number): boolean {
  return !lockWaitersOf(em).isFull(organizationId);
}

/**
 * Runs a transaction that waits for its locks as `lockWait` says, and that may be repeated if it fails with a lock timeout.
 *
 * Transactions that {@link LockWait.WAIT} occupy a connection each, and only so many may: if all places are taken, the transaction is first
 * tried with the lock timeout, since most locks are free.
 *
 * @param hasTimedOut whether the transaction has been tried with the lock timeout before
 * @throws {ServiceUnavailable} if a lock does not become free within the request's wait budget
 */
export function withLockWait<T>(
  em: EntityManager,
  organizationId: number,
  { lockWait, hasTimedOut }: { readonly lockWait: LockWait; readonly hasTimedOut: boolean },
  transaction: () => Promise<T>,
): Promise<T> {
  const work = currentWork() ?? { organizationId, budget: new WaitBudget(DEFAULT_WAIT_MS) };
  const withTimeout = () => workFor({ ...work, lockWaitMs: LOCK_TIMEOUT_MS }, transaction);
  if (lockWait !== LockWait.WAIT) return withTimeout();
  return work.budget.spend(async () => {
    if (!hasTimedOut && !mayWait(em, organizationId)) {
      try {
        return await withTimeout();
      } catch (error) {
        if (!isLockTimeout(error)) throw error;
      }
    }
    const leave = await lockWaitersOf(em).enter(organizationId, work.budget);
    return workFor(work, transaction).finally(leave);
  });
}
