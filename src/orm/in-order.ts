import type { EntityManager } from '@mikro-orm/postgresql';
import { type Query, query, run } from './query.js';

/**
 * Settings for a statement that reads few rows: it needs no compiler and no second process. PostgreSQL must use an index, whatever it expects. It stops the
 * statement if it takes too long.
 */
export const ANY_INDEX =
  'set local statement_timeout = 5000; set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_seqscan = off; ';

/** Settings for a statement that reads the first rows of an index in its order, and no others. */
export const IN_ORDER = `${ANY_INDEX}set local enable_bitmapscan = off; set local enable_sort = off; set local enable_incremental_sort = off; `;

/**
 * Runs statements that read the first rows of an index in its order, in one round trip. An order that is not that of the index would make PostgreSQL read a
 * whole other index that has it.
 *
 * All statements read the same snapshot of the database. Each connection plans them once: with the settings, no other plan suits any values. So their
 * texts must never run without the settings, which would plan them in another way for everybody on the connection.
 */
export async function runInOrder<T>(em: EntityManager, statements: Query<T>): Promise<T> {
  if (statements.statements.length === 0) return statements.read([]);
  // A precondition reads in the transaction of its command, which must neither begin nor commit here, and whose other statements are planned as usual.
  const [before, after] = em.isInTransaction()
    ? [SETTINGS, DEFAULTS]
    : [`begin isolation level repeatable read read only; ${SETTINGS}`, 'commit'];
  const [, result] = await run(em, textOf(before), statements, textOf(after));
  return result;
}

const SETTINGS = `${IN_ORDER}set local plan_cache_mode = force_generic_plan; `;
const DEFAULTS = SETTINGS.replaceAll(/= \w+;/g, '= default;');

function textOf(text: string): Query<null> {
  return query(text, [], () => null);
}
