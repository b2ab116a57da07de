import type { EntityManager } from '@mikro-orm/postgresql';

/** Days for which a key is stored. After that, a command with the same key is executed again. */
const IDEMPOTENCY_RETENTION_DAYS = 30;

/** Keys that one statement deletes, so that none runs for long. */
const BATCH = 1_000;

/** Batches of one sweep. The next sweep continues with the rest. */
const MAX_BATCHES = 100;

/** Number of expired keys that is always deleted, whatever their share: a gateway that is hardly used has few newer keys. */
const ALWAYS_DELETED = 1_000;

/** The result of a sweep. */
export interface Sweep {
  readonly swept: number;
  /** Not null if the sweep deleted nothing because more keys are expired than not, which suggests a wrong clock. The number of each. */
  readonly skipped: { readonly expired: number; readonly kept: number } | null;
}

/**
 * Deletes the keys that are older than the retention, by the database's clock, which also set their time of creation.
 *
 * A clock that jumps ahead would make all keys look old, and their refunds could be paid a second time. So a sweep that would delete most of
 * the keys deletes nothing, until at least as many newer keys exist.
 */
export async function sweepIdempotencyKeys(em: EntityManager): Promise<Sweep> {
  const skipped = await suspiciousKeys(em);
  let swept = 0;
  for (let batch = 0; skipped === null && batch < MAX_BATCHES && swept === batch * BATCH; batch += 1) {
    swept += (await em.execute<{ affectedRows: number }>(DELETE_BATCH, [], 'run')).affectedRows;
  }
  return { swept, skipped };
}

const EXPIRED = `created_at < now() - interval '${IDEMPOTENCY_RETENTION_DAYS} days'`;

/** SQL for the keys of all organizations, one organization after another: the index of their age begins with the organization. */
const keysOf = (condition: string, limit: number | null) => `
  organizations organization cross join lateral (
    select organization_id, key from idempotency_keys where organization_id = organization.id and ${condition} limit ${limit}
  ) found`;

const DELETE_BATCH = `
  delete from idempotency_keys used
  using (select found.organization_id, found.key from ${keysOf(EXPIRED, BATCH)} limit ${BATCH}) expired
  where used.organization_id = expired.organization_id and used.key = expired.key`;

/** Returns the numbers of expired and of other keys if most keys are expired, which suggests a wrong clock; otherwise `null`. */
async function suspiciousKeys(em: EntityManager): Promise<Sweep['skipped']> {
  const expired = await countOf(em, `select from ${keysOf(EXPIRED, null)}`);
  if (expired <= ALWAYS_DELETED) return null;
  // The limit suffices for the comparison; there may be millions of keys.
  const kept = await countOf(em, `select from ${keysOf(`not (${EXPIRED})`, expired)} limit ${expired}`);
  return kept < expired ? { expired, kept } : null;
}

async function countOf(em: EntityManager, rows: string): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(`select count(*) as count from (${rows}) rows`);
  return Number(row?.count);
}
