import type { EntityManager } from '@mikro-orm/postgresql';

/** For so long a key is known; after that the same key is a new one. */
export const IDEMPOTENCY_RETENTION_DAYS = 30;

/** Keys that one statement deletes, so that none takes long. */
const BATCH = 1_000;

/** Batches of one sweep: what is left over is for the next one. */
const MAX_BATCHES = 100;

/** So few keys may go whatever their share is: nothing has been kept for long, or the gateway was hardly used. */
const UNSUSPICIOUS = 1_000;

/** What became of a sweep. */
export interface Sweep {
  readonly swept: number;
  /** Why nothing was swept: more keys are past their retention than within it, and so it is rather the clock that is wrong. */
  readonly doubt: { readonly expired: number; readonly kept: number } | null;
}

/**
 * Forgets the keys that are older than the retention, by the clock of the database, which is also the one that dated them.
 *
 * A clock that jumps ahead would make all keys look old, and what they were used for could be paid twice. So a sweep that
 * would take most of the keys is not made: it waits until as many newer ones have been used.
 */
export async function sweepIdempotencyKeys(em: EntityManager): Promise<Sweep> {
  const doubt = await doubtOf(em);
  let swept = 0;
  for (let batch = 0; doubt === null && batch < MAX_BATCHES && swept === batch * BATCH; batch += 1) {
    swept += (await em.execute<{ affectedRows: number }>(DELETE_BATCH, [], 'run')).affectedRows;
  }
  return { swept, doubt };
}

const EXPIRED = `created_at < now() - interval '${IDEMPOTENCY_RETENTION_DAYS} days'`;

const DELETE_BATCH = `
  delete from idempotency_keys where (organization_id, key) in (
    select organization_id, key from idempotency_keys where ${EXPIRED} order by created_at limit ${BATCH}
  )`;

async function doubtOf(em: EntityManager): Promise<Sweep['doubt']> {
  const expired = await countOf(em, `select from idempotency_keys where ${EXPIRED}`);
  if (expired <= UNSUSPICIOUS) return null;
  // No more of them than tell the answer: there may be millions.
  const kept = await countOf(em, `select from idempotency_keys where not (${EXPIRED}) limit ${expired}`);
  return kept < expired ? { expired, kept } : null;
}

async function countOf(em: EntityManager, rows: string): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(`select count(*) as count from (${rows}) rows`);
  return Number(row?.count);
}
