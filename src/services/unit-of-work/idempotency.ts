import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { InvalidInput } from '../../domain-error.js';
import { IdempotencyKey } from '../../entities/idempotency-key.js';
import type { Organization } from '../../entities/organization.js';
import { IdempotencyKeyReused } from '../../errors.js';
import { combine, type Query, query } from '../../orm/query.js';
import { isRecord } from '../../values/json.js';
import {
  type ComparedValues,
  comparedValues,
  type Fields,
  type InputOf,
  normalize,
  type Settings,
  type ValuesOf,
} from './fields.js';
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
  /** The time zone that its date-times are read in. */
  readonly timeZone: string;
  /**
   * Returns its values as they would be in this time zone.
   *
   * @throws {InvalidInput} if a date-time has no day there
   */
  valuesIn(timeZone: string): ComparedValues;
  readonly idempotency: Idempotency | undefined;
}

/**
 * Returns the command as it is compared with a former one that used its key.
 *
 * @param settings those that its values were normalized by
 */
export function givenCommand<F extends Fields>(
  { name, fields }: { readonly name: string; readonly fields: F },
  input: InputOf<F>,
  values: ValuesOf<F>,
  settings: Settings,
  idempotency: Idempotency | undefined,
): GivenCommand {
  const { timeZone, primaryBranchId, baseCurrency } = settings;
  const valuesIn = (other: string) =>
    comparedValues(
      fields,
      other === timeZone ? values : normalize(fields, input, { timeZone: other, primaryBranchId, baseCurrency }),
    );
  return { name, timeZone, valuesIn, idempotency };
}

/** A key that a former command used. */
interface UsedKey {
  readonly fingerprint: string;
  /** The time zone that the command's date-times were read in. */
  readonly timeZone: string;
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
    if (before && !isSame(command, before)) throw new IdempotencyKeyReused();
    idempotency.onOutcome({ replayed: before !== undefined });
    return before?.resultId ?? null;
  }

  /** Stores the command's key with the id of its result, in the same transaction: a refused or failed attempt stores nothing. */
  keep(command: GivenCommand, { id, currencyCode }: { readonly id: number; readonly currencyCode?: string }): void {
    if (command.idempotency === undefined) return;
    const { baseCurrency } = this.organization;
    const { timeZone } = command;
    const fingerprint = fingerprintOf(command, timeZone, currencyCode !== undefined && currencyCode !== baseCurrency);
    const { key } = command.idempotency;
    this.em.create(IdempotencyKey, { organization: this.organization.id, key, fingerprint, timeZone, resultId: id });
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
    'select key, fingerprint, time_zone, result_id from idempotency_keys where organization_id = $1 and key = any ($2)',
    [organizationId, keys],
    (rows) =>
      new Map(
        rows.map((row) => [
          String(row.key),
          { fingerprint: String(row.fingerprint), timeZone: String(row.time_zone), resultId: Number(row.result_id) },
        ]),
      ),
  );
}

/**
 * Whether the command equals the former one. Its date-times are read in the time zone of that time: the organization may have another one by now, and
 * a request that is sent again must still be the same.
 */
function isSame(command: GivenCommand, { fingerprint, timeZone }: UsedKey): boolean {
  try {
    // The currency of the document is known only for the former command.
    return [false, true].some((isForeign) => fingerprint === fingerprintOf(command, timeZone, isForeign));
  } catch (error) {
    // The former command had a day in this time zone.
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

/**
 * Returns the same hash for equal commands. Values must be normalized. Null values and the order of fields make no difference, so that a
 * release which adds an optional field still recognizes commands from before it.
 */
function fingerprintOf({ name, valuesIn }: GivenCommand, timeZone: string, isForeign: boolean): string {
  const { values, foreignValues } = valuesIn(timeZone);
  const compared = isForeign ? [name, foreignValues, 'foreign'] : [name, values];
  const canonical = JSON.stringify(compared, (_field, value: unknown) => {
    if (value === null) return undefined;
    return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
  return createHash('sha256').update(canonical).digest('hex');
}
