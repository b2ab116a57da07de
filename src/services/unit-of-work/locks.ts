import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { currentWork, DEFAULT_WAIT_MS, WaitBudget, workFor } from '../../concurrency/wait-budget.js';
import { CreditNote } from '../../entities/credit-note.js';
import type { Organization } from '../../entities/organization.js';
import { parseId } from '../../entities/owned.js';
import { CreditNoteNotFound } from '../../errors.js';
import { columnsOf } from '../../orm/columns.js';
import { lockWaitersOf } from '../../orm/driver.js';
import { isLockTimeout } from '../../orm/errors.js';
import { type Query, query } from '../../orm/query.js';
import { mapRows } from '../../orm/row-mapping.js';
import { LOCK_WAIT_SETTING } from '../../orm/transaction-limits.js';

/*
 * All locks that transactions take, and the one order in which they take them. Every transaction follows it, so that there are no deadlocks:
 *
 *   1. The period of the organization (advisory): shared by commands that post, exclusive for a change of the lock date,
 *      of the organization or of a record.
 *   2. The idempotency keys (advisory), in the order of their lock numbers.
 *   3. The credit notes (rows), in the order of their ids.
 *   4. The counter of the organization's credit note numbers (row), if a number is assigned.
 *   5. The order of the organization (advisory): a trigger takes it with the first insert, so that rows become visible in the order of
 *      their ids. Transactions of an import share it: the import itself commits them in the order of their ids.
 *
 * An operator's command takes the operators' lock (advisory) before all of these, so that one such command runs at a time. Only the freeze takes
 * the period, too: the revocation of a key must not wait behind requests.
 *
 * Each lock is held until the transaction ends. Advisory locks are re-entrant: the triggers that enforce the lock date take the period again,
 * for writers that bypass the gateway.
 *
 * Locks that no transaction waits for need no place in the order: the job locks below, and rows with `skip locked`. Migrations and the data
 * folder have their own locks in src/database, which no request takes. The reasons are in docs/adr/005-locks-and-their-order.md.
 */

/** How long a transaction waits for locks that others hold. */
export enum LockWait {
  /** Skips credit notes and keys that others hold. Waits up to the lock timeout for the period. */
  SKIP = 'SKIP',
  /** Skips keys that others hold. Waits up to the lock timeout for each of the other locks; the transaction fails when a wait times out. */
  TIMEOUT = 'TIMEOUT',
  /** Waits for the locks until the request's wait budget is used up. */
  WAIT = 'WAIT',
}

/** Lock timeout in milliseconds, for {@link LockWait.SKIP} and {@link LockWait.TIMEOUT}. Most transactions are shorter than this. */
export const LOCK_TIMEOUT_MS = 250;

/** Mode of the period lock. Commands share it, so that they run concurrently; a change of what they rely on, such as the lock date, excludes all of them. */
export type Period = 'shared' | 'exclusive';

const ADVISORY_LOCK = { shared: 'pg_advisory_xact_lock_shared', exclusive: 'pg_advisory_xact_lock' } as const;

/** Locks the period. Advisory locks queue fairly, unlike row locks: a change of the lock date does not starve behind a stream of refunds. */
export function lockPeriod(organizationId: number, period: Period): Query<void> {
  return query(`select ${ADVISORY_LOCK[period]}(hashtextextended('period', $1))`, [organizationId], () => undefined);
}

/**
 * Locks idempotency keys, and returns the locked ones: all of them with {@link LockWait.WAIT}. A second request with the same key waits for the
 * first one, also if another process runs it.
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

/** A credit note to lock. */
export interface WantedNote {
  readonly id: number;
  /** The idempotency key of the command that needs it. */
  readonly key: string | undefined;
}

/**
 * Locks credit notes, and returns the locked ones as entities that the EntityManager does not manage: triggers update the rows, not a flush.
 * The lock makes check-then-spend atomic: a concurrent refund waits here, and then sees the remaining credit.
 *
 * Skips notes whose command's key was used before, or is held by another transaction.
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
 * Locks one credit note, and returns it as a managed entity.
 *
 * @throws {CreditNoteNotFound} if the organization has no credit note with this id
 */
export async function lockCreditNote(em: EntityManager, organization: Organization, id: string, field = 'id'): Promise<CreditNote> {
  const owned = { id: parseId(id) ?? 0, organization: organization.id };
  const creditNote = await em.findOne(CreditNote, owned, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (creditNote === null) throw new CreditNoteNotFound(id, field);
  return creditNote;
}

/**
 * Locks the organization's order: waits until every transaction that has already inserted rows has ended. Later inserts wait for this one.
 *
 * @param mode transactions of one import share the lock
 */
export function lockOrder(organizationId: number, mode: 'shared' | 'exclusive' = 'exclusive'): Query<void> {
  return query(`select ${ADVISORY_LOCK[mode]}(hashtextextended('order', $1))`, [organizationId], () => undefined);
}

/**
 * Waits until no other command of an operator runs. Operators' commands are rare, and one lock serves all organizations, because a user may
 * become a member of several.
 */
export async function lockOperators(em: EntityManager): Promise<void> {
  await em.execute(`select pg_advisory_xact_lock(hashtextextended('operators', 0))`);
}

/** Jobs that run in one transaction at a time for each organization. */
export type Job = 'balances' | 'ledger health';

/** Tries to lock a job. Returns false, without waiting, if another transaction holds the lock. */
export function tryJob(organizationId: number, job: Job): Query<boolean> {
  const text = `select pg_try_advisory_xact_lock(hashtextextended($2, $1)) as locked`;
  return query(text, [organizationId, job], ([row]) => row?.locked === true);
}

/**
 * SQL for the lock number of an idempotency key, in a statement whose $1 is the organization. The prefix separates keys from the other locks:
 * a caller may choose the key "period".
 */
function keyLockNumber(column: string): string {
  return `hashtextextended('idempotency key ' || ${column}, $1)`;
}

/**
 * SQL that reduces `lock_timeout` to the rest of the transaction's wait budget, since earlier locks of the same round trip may have used part
 * of it. Its value is never null.
 */
const REDUCE_LOCK_TIMEOUT = `
  set_config('lock_timeout', greatest(1, coalesce(nullif(current_setting('${LOCK_WAIT_SETTING}', true), ''), '${DEFAULT_WAIT_MS}')::float8
    - 1000 * extract(epoch from clock_timestamp() - transaction_timestamp()))::int::text, true)`;

/** Whether the organization's concurrency limit allows another transaction that waits for locks. */
export function mayWait(em: EntityManager, organizationId: number): boolean {
  return !lockWaitersOf(em).isFull(organizationId);
}

/**
 * Runs a transaction with the given lock wait. The transaction may be repeated after a lock timeout.
 *
 * A transaction with {@link LockWait.WAIT} occupies a connection while it waits, so a concurrency limit applies to each organization. If the
 * limit is reached, the transaction is first tried with the lock timeout, since most locks are free, and only then waits for its turn.
 *
 * @param hasTimedOut whether the transaction has already been tried with the lock timeout
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
