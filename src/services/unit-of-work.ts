import { createHash } from 'node:crypto';
import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../auth/actor.js';
import { IdempotencyKey } from '../entities/idempotency-key.js';
import { Organization } from '../entities/organization.js';
import { IdempotencyKeyReused } from '../errors.js';
import { Big } from '../money.js';

/**
 * The key that the caller chose for its command, and whom to tell whether the command was done before. What was told last
 * holds: a unit of work that failed may be tried again.
 */
export interface Idempotency {
  readonly key: string;
  onOutcome(outcome: { replayed: boolean }): void;
}

/**
 * Work shares the organization's period with other work; changing the lock date wants it alone. So no lock date slips in
 * under a refund in flight, and no refund under a lock date.
 */
export type Period = 'shared' | 'alone';

/** How long a unit of work waits for what somebody else holds. */
export enum Patience {
  /** Not at all: what is busy is postponed. */
  NONE = 'NONE',
  /** A moment for credit notes, after which the whole unit of work fails; not at all for keys. */
  SHORT = 'SHORT',
  /** As long as anybody here. */
  FULL = 'FULL',
}

/** Longer than a unit of work takes. */
const SHORT_LOCK_TIMEOUT = '250ms';

/** What is to be done: its name and its fields, which together tell one command from another. */
export interface Command<T> {
  readonly operation: string;
  readonly fields: object;
  /** What it makes. */
  readonly result: EntityClass<T>;
  readonly idempotency: Idempotency | undefined;
  readonly period?: Period;
}

/** A row as the database answers it. Several statements in one text are answered by an array of their rows each. */
export type Row = Record<string, unknown>;

/**
 * Does the work in one transaction on the organization's books, with an identity map of its own.
 *
 * What waits for a lock and what it then reads are statements of their own, if in one round trip: a statement reads what was
 * committed before it began.
 *
 * @param patience for all locks but the period's
 */
export function onBooks<T>(
  em: EntityManager,
  organizationId: number,
  { period = 'shared', patience = Patience.FULL }: { period?: Period | undefined; patience?: Patience },
  work: (em: EntityManager, organization: Organization) => Promise<T>,
): Promise<T> {
  return em.transactional(
    async (em) => {
      const lockTimeout = patience === Patience.SHORT ? `, set_config('lock_timeout', '${SHORT_LOCK_TIMEOUT}', true)` : '';
      const [, organizations = []] = await em.execute<Row[][]>(
        `select ${PERIOD_LOCK[period]}${lockTimeout}; select * from organizations where id = ?`,
        [organizationId, organizationId],
      );
      const [organization] = organizations.map((row) => em.map(Organization, row));
      if (organization === undefined) throw new Error(`there is no organization ${organizationId}`);
      return work(em, organization);
    },
    { clear: true },
  );
}

/**
 * Does the work in one transaction, and once per idempotency key: the second time, the first one's result is read again.
 *
 * The key is written with the result, so a refused or lost attempt leaves nothing behind.
 *
 * @throws {IdempotencyKeyReused} if the key was used for another command
 */
export function inUnitOfWork<T extends { id: number }>(
  em: EntityManager,
  actor: Actor,
  command: Command<T>,
  work: (em: EntityManager, organization: Organization) => Promise<T>,
): Promise<T> {
  const { result, idempotency, period } = command;
  return onBooks(em, actor.organization.id, { period }, async (em, organization) => {
    if (idempotency === undefined) return work(em, organization);
    const keys = await lockKeys(em, organization, [command], Patience.FULL);
    const earlier = keys.resultOf(command);
    if (earlier !== null) return em.findOneOrFail(result, { id: earlier } as FilterQuery<T>);
    const made = await work(em, organization);
    // What it made gets its id from the database.
    await em.persist(made).flush();
    keys.keep(command, made);
    return made;
  });
}

/** The idempotency keys of the commands of one unit of work, locked. */
export interface LockedKeys {
  /** Whether a unit of work elsewhere is busy with the command's key. */
  isBusy(command: KeyedCommand): boolean;
  /**
   * Id of what the command made when it was done before; `null` if it was not.
   *
   * @throws {IdempotencyKeyReused} if the key was used for another command
   */
  resultOf(command: KeyedCommand): number | null;
  /** Writes the command's key, with what the command made. */
  keep(command: KeyedCommand, made: { readonly id: number }): void;
}

type KeyedCommand = Pick<Command<unknown>, 'operation' | 'fields' | 'idempotency'>;

/** The lock makes a second request with the key wait for the first, in whatever process it runs. */
export async function lockKeys(
  em: EntityManager,
  organization: Organization,
  commands: readonly KeyedCommand[],
  patience: Patience,
): Promise<LockedKeys> {
  const wanted = [...new Set(commands.flatMap(({ idempotency }) => idempotency?.key ?? []))];
  const locked = new Set<string>();
  const earlier = new Map<string, IdempotencyKey>();
  if (wanted.length > 0) {
    const sql = patience === Patience.FULL ? KEY_LOCKS : TRY_KEY_LOCKS;
    for (const { key } of await em.execute<{ key: string }[]>(sql, [organization.id, JSON.stringify(wanted)])) locked.add(key);
    const used = await em.find(IdempotencyKey, { organization: organization.id, key: { $in: [...locked] } });
    for (const each of used) earlier.set(each.key, each);
  }
  return {
    isBusy: ({ idempotency }) => idempotency !== undefined && !locked.has(idempotency.key),
    resultOf({ operation, fields, idempotency }) {
      if (idempotency === undefined) return null;
      const before = earlier.get(idempotency.key);
      if (before && before.fingerprint !== fingerprintOf(operation, fields, organization)) throw new IdempotencyKeyReused();
      idempotency.onOutcome({ replayed: before !== undefined });
      return before?.resultId ?? null;
    },
    keep({ operation, fields, idempotency }, { id }) {
      if (idempotency === undefined) return;
      const fingerprint = fingerprintOf(operation, fields, organization);
      em.create(IdempotencyKey, { organization: organization.id, key: idempotency.key, fingerprint, resultId: id });
    },
  };
}

/** Advisory locks queue fairly, unlike row locks: a lock date does not starve behind a stream of refunds. */
const PERIOD_LOCK: Record<Period, string> = {
  shared: `pg_advisory_xact_lock_shared(hashtextextended('period', ?))`,
  alone: `pg_advisory_xact_lock(hashtextextended('period', ?))`,
};

/** The prefix keeps callers' keys apart from the period: a caller may well call a key "period". */
const KEY_LOCK_IDS = `
  select key, hashtextextended('idempotency key ' || key, ?) as lock_id from jsonb_array_elements_text(?::jsonb) key order by lock_id`;
/** In the order of the locks' own numbers, so that no two units of work wait for one another. */
const KEY_LOCKS = `select key, pg_advisory_xact_lock(lock_id) from (${KEY_LOCK_IDS}) locks`;
const TRY_KEY_LOCKS = `select key from (${KEY_LOCK_IDS}) locks where pg_try_advisory_xact_lock(lock_id)`;

/** Equal commands have equal fingerprints: 100 and "100.00" are one amount, and a date-time is the date that it means here. */
function fingerprintOf(operation: string, fields: object, organization: Organization): string {
  const normalized = JSON.stringify(
    { operation, ...fields },
    function (this: Record<string, unknown>, name: string, value: unknown) {
      const original = this[name];
      if (original instanceof Big) return original.toFixed();
      if ((name === 'date' || name === 'lockDate') && typeof value === 'string') return organization.postingDate(value, name);
      if (value === null) return undefined;
      return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
    },
  );
  return createHash('sha256').update(normalized).digest('hex');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For so long a key is known; after that the same key is a new one. */
export const IDEMPOTENCY_RETENTION_DAYS = 30;

/** Forgets the keys that are older than the retention, and tells how many there were. */
export function sweepIdempotencyKeys(em: EntityManager): Promise<number> {
  const oldest = new Date(Date.now() - IDEMPOTENCY_RETENTION_DAYS * 24 * 60 * 60 * 1000);
  return em.nativeDelete(IdempotencyKey, { createdAt: { $lt: oldest } });
}
