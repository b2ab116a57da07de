import type { EntityManager } from '@mikro-orm/postgresql';
import { type Query, query, run } from '../orm/query.js';

/** Settings for a statement that reads few rows: it needs no compiler and no second process. PostgreSQL must use an index, whatever it expects. */
const FEW_ROWS = 'set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_seqscan = off; ';

/** The same for a search, which is stopped if it takes too long. */
export const ANY_INDEX = `set local statement_timeout = 5000; ${FEW_ROWS}`;

/** Settings for a statement that reads the first rows of an index in its order, and no others. */
export const IN_ORDER = `${ANY_INDEX}set local enable_bitmapscan = off; set local enable_sort = off; set local enable_incremental_sort = off; `;

/**
 * Runs statements that read the first rows of an index in its order, in one round trip. An order that is not that of the index would make PostgreSQL read a
 * whole other index that has it.
 */
export function runInOrder<T>(em: EntityManager, statements: Query<T>): Promise<T> {
  return runTogether(em, BEGIN_IN_ORDER, statements);
}

/** Runs statements that read few rows of an index, in one round trip. */
export function runByIndex<T>(em: EntityManager, statements: Query<T>): Promise<T> {
  return runTogether(em, BEGIN_BY_INDEX, statements);
}

/** All statements read the same snapshot of the database. Each connection plans them once: with the settings, no other plan suits any values. */
async function runTogether<T>(em: EntityManager, begin: Query<null>, statements: Query<T>): Promise<T> {
  if (statements.statements.length === 0) return statements.read([]);
  // A precondition reads in the transaction of its command, which must neither begin nor commit here.
  if (em.isInTransaction()) return (await run(em, statements))[0];
  const [, result] = await run(em, begin, statements, COMMIT);
  return result;
}

function beginWith(settings: string): Query<null> {
  const text = `begin isolation level repeatable read read only; ${settings}set local plan_cache_mode = force_generic_plan; `;
  return query(text, [], () => null);
}

const BEGIN_IN_ORDER = beginWith(IN_ORDER);
const BEGIN_BY_INDEX = beginWith(FEW_ROWS);
const COMMIT = query('commit', [], () => null);
