import type { EntityManager } from '@mikro-orm/postgresql';
import { type Query, query, run } from '../orm/query.js';

/** Settings for a statement that reads few rows: it needs no compiler and no second process. PostgreSQL must use an index, whatever it expects. */
export const ANY_INDEX =
  'set local statement_timeout = 5000; set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_seqscan = off; ';

/** Settings for a statement that reads the first rows of an index in its order, and no others. */
export const IN_ORDER = `${ANY_INDEX}set local enable_bitmapscan = off; set local enable_sort = off; set local enable_incremental_sort = off; `;

/**
 * Runs statements that read the first rows of an index in its order, in one round trip. Each connection plans them once: with these settings, no
 * other plan suits any values. An order that is not that of the index would make PostgreSQL read a whole other index that has it.
 */
export async function runInOrder<T>(em: EntityManager, statements: Query<T>): Promise<T> {
  if (statements.statements.length === 0) return statements.read([]);
  const [, result] = await run(em, BEGIN, statements, COMMIT);
  return result;
}

const BEGIN = query(`begin; ${IN_ORDER}`, [], () => null);
const COMMIT = query('commit', [], () => null);
