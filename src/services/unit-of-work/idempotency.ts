import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { IdempotencyKey } from '../../entities/idempotency-key.js';
import type { Organization } from '../../entities/organization.js';
import { IdempotencyKeyReused } from '../../errors.js';
import type { Row, Statement } from '../../orm/statement.js';
import { REFRESH_LOCK_TIMEOUT } from '../../orm/transaction-limits.js';

/**
 * The key that the caller chose for its command, and whom to tell whether the command was done before. What was told last
 * holds: a unit of work that failed may be tried again.
 */
export interface Idempotency {
  readonly key: string;
  onOutcome(outcome: { replayed: boolean }): void;
}

/** A command, as far as its key knows it: its name and the normalized values of its fields, which together tell one command from another. */
export interface KeyedCommand {
  readonly operation: string;
  readonly fields: object;
  readonly idempotency: Idempotency | undefined;
}

/** The idempotency keys of the commands of one unit of work, locked. */
export class LockedKeys {
  private readonly locked: ReadonlySet<unknown>;
  /** Those among them that the database knows. */
  private readonly used: ReadonlyMap<unknown, Row>;

  /** @param rows what {@link keyStatements} answered */
  constructor(
    private readonly em: EntityManager,
    private readonly organization: Organization,
    [locked = [], used = []]: readonly Row[][],
  ) {
    this.locked = new Set(locked.map(({ key }) => key));
    this.used = new Map(used.map((row) => [row.key, row]));
  }

  /** Whether a unit of work elsewhere is busy with the command's key. */
  isBusy({ idempotency }: KeyedCommand): boolean {
    return idempotency !== undefined && !this.locked.has(idempotency.key);
  }

  /**
   * Id of what the command made when it was done before; `null` if it was not.
   *
   * @throws {IdempotencyKeyReused} if the key was used for another command
   */
  resultOf({ operation, fields, idempotency }: KeyedCommand): number | null {
    if (idempotency === undefined) return null;
    const before = this.used.get(idempotency.key);
    if (before && before.fingerprint !== fingerprintOf(operation, fields)) throw new IdempotencyKeyReused();
    idempotency.onOutcome({ replayed: before !== undefined });
    return before === undefined ? null : Number(before.result_id);
  }

  /** Writes the command's key with what the command made, so that a refused or lost attempt leaves nothing behind. */
  keep({ operation, fields, idempotency }: KeyedCommand, { id }: { readonly id: number }): void {
    if (idempotency === undefined) return;
    const fingerprint = fingerprintOf(operation, fields);
    const { key } = idempotency;
    this.em.create(IdempotencyKey, { organization: this.organization.id, key, fingerprint, resultId: id });
  }
}

/**
 * Locks the keys and answers those that it got, and then what the database knows of them. The lock makes a second request
 * with a key wait for the first, in whatever process it runs. In the order of the locks' own numbers, so that no two units of
 * work wait for one another.
 */
export function keyStatements(organizationId: number, keys: readonly string[], wait: boolean): Statement[] {
  if (keys.length === 0) return [];
  const locks = `select key, ${keyLockId('key')} as lock_id from unnest($2::text[]) key order by lock_id`;
  const lock = wait
    ? `select key, ${REFRESH_LOCK_TIMEOUT}, pg_advisory_xact_lock(lock_id) from (${locks}) locks`
    : `select key from (${locks}) locks where pg_try_advisory_xact_lock(lock_id)`;
  const used = 'select key, fingerprint, result_id from idempotency_keys where organization_id = $1 and key = any($2)';
  return [lock, used].map((text) => ({ text, values: [organizationId, keys] }));
}

/**
 * SQL for the number of a key's lock, in a statement whose $1 is the organization. The prefix keeps callers' keys apart from
 * the period: one may well call a key "period".
 */
export function keyLockId(column: string): string {
  return `hashtextextended('idempotency key ' || ${column}, $1)`;
}

/**
 * Returns the same text for equal commands: their fields hold normalized values. Absent fields and the order of fields make no difference,
 * so that a release which adds an optional field still knows the keys that were used before it.
 */
function fingerprintOf(operation: string, fields: object): string {
  const canonical = JSON.stringify({ operation, ...fields }, (_name, value: unknown) => {
    if (value === null) return undefined;
    return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
  return createHash('sha256').update(canonical).digest('hex');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
