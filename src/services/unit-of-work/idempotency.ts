import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { IdempotencyKey } from '../../entities/idempotency-key.js';
import type { Organization } from '../../entities/organization.js';
import { IdempotencyKeyReused } from '../../errors.js';
import { combine, type Query, query } from '../../orm/query.js';
import { isRecord } from '../../values/json.js';
import { type LockWait, lockKeys } from './locks.js';

/**
 * The key that the caller chose for its command, and a call-back for whether the command is a replay. A retried transaction calls it again;
 * the last call counts.
 */
export interface Idempotency {
  readonly key: string;
  onOutcome(outcome: { replayed: boolean }): void;
}

/** A command as a caller sends it. Two commands with the same key are equal if their names and their normalized values are. */
export interface GivenCommand {
  readonly name: string;
  /** The values if the command's document is in the base currency, or has no currency. */
  readonly values: object;
  /** The values if its document is in another currency, where an absent exchange rate has no default. */
  readonly foreignValues: object;
  readonly idempotency: Idempotency | undefined;
}

/** A key that a former command used. */
interface UsedKey {
  readonly fingerprint: string;
  readonly resultId: number;
}

/** The locked idempotency keys of the commands of one unit of work. */
export class LockedKeys {
  /**
   * @param locked the keys whose locks this unit of work holds
   * @param used the keys that former commands used
   */
  constructor(
    private readonly em: EntityManager,
    private readonly organization: Organization,
    private readonly locked: ReadonlySet<string>,
    private readonly used: ReadonlyMap<string, UsedKey>,
  ) {}

  /** Whether another unit of work holds the command's key. */
  isBusy({ idempotency }: GivenCommand): boolean {
    return idempotency !== undefined && !this.locked.has(idempotency.key);
  }

  /**
   * Returns the id of the command's former result; `null` if the command has no key, or its key was not used before.
   *
   * @throws {IdempotencyKeyReused} if the key was used for another command
   */
  resultOf(command: GivenCommand): number | null {
    const { idempotency } = command;
    if (idempotency === undefined) return null;
    const before = this.used.get(idempotency.key);
    // The currency of the document is known only for the former command.
    const isSame = (isForeign: boolean) => before?.fingerprint === fingerprintOf(command, isForeign);
    if (before && !isSame(false) && !isSame(true)) throw new IdempotencyKeyReused();
    idempotency.onOutcome({ replayed: before !== undefined });
    return before?.resultId ?? null;
  }

  /** Stores the command's key with the id of its result, in the same transaction: a refused or failed attempt stores nothing. */
  keep(command: GivenCommand, { id, currencyCode }: { readonly id: number; readonly currencyCode?: string }): void {
    if (command.idempotency === undefined) return;
    const { baseCurrency } = this.organization;
    const fingerprint = fingerprintOf(command, currencyCode !== undefined && currencyCode !== baseCurrency);
    const { key } = command.idempotency;
    this.em.create(IdempotencyKey, { organization: this.organization.id, key, fingerprint, resultId: id });
  }
}

/** Locks the keys of the commands, and then reads the former uses of these keys. */
export function lockCommandKeys(
  em: EntityManager,
  organizationId: number,
  commands: readonly GivenCommand[],
  lockWait: LockWait,
): Query<(organization: Organization) => LockedKeys> {
  const keys = [...new Set(commands.flatMap(({ idempotency }) => idempotency?.key ?? []))];
  return combine(
    [lockKeys(organizationId, keys, lockWait), readUsedKeys(organizationId, keys)],
    ([locked, used]) =>
      (organization) =>
        new LockedKeys(em, organization, locked, used),
  );
}

function readUsedKeys(organizationId: number, keys: readonly string[]): Query<ReadonlyMap<string, UsedKey>> {
  if (keys.length === 0) return { statements: [], read: () => new Map() };
  return query(
    'select key, fingerprint, result_id from idempotency_keys where organization_id = $1 and key = any ($2)',
    [organizationId, keys],
    (rows) =>
      new Map(
        rows.map((row) => [String(row.key), { fingerprint: String(row.fingerprint), resultId: Number(row.result_id) }] as const),
      ),
  );
}

/**
 * Returns the same hash for equal commands. Values must be normalized. Null values and the order of fields make no difference, so that a
 * release which adds an optional field still recognizes commands from before it.
 */
function fingerprintOf({ name, values, foreignValues }: GivenCommand, isForeign: boolean): string {
  const compared = isForeign ? [name, foreignValues, 'foreign'] : [name, values];
  const canonical = JSON.stringify(compared, (_field, value: unknown) => {
    if (value === null) return undefined;
    return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
  return createHash('sha256').update(canonical).digest('hex');
}
