import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { ResultRow, Statement } from './statement.js';

/**
 * Sends the statements in one round trip, and returns the rows of each. They run one after the other, each on what was committed
 * before it began. Within a transaction they have been sent when this returns.
 *
 * @example const [rows = []] = await executeTogether(em, [{ text: 'select name from branches where id = $1', values: [id] }]);
 */
export async function executeTogether(em: EntityManager, statements: readonly Statement[]): Promise<ResultRow[][]> {
  if (statements.length === 0) return [];
  const start = performance.now();
  try {
    // In a transaction kysely 0.29 waits for the answer to a query before it sends the next one, so it gets them as one query.
    // Delete when it does not: https://github.com/kysely-org/kysely/issues/1711
    const { rows } = await em.getKysely().executeQuery<ResultRow[]>(CompiledQuery.raw(TOGETHER, [...statements]));
    return rows;
  } catch (error) {
    throw em.getDriver().convertException(error as Error);
  } finally {
    log(em, statements, start);
  }
}

/** Stands for the text of a query whose parameters are {@link Statement}s, and whose rows are the rows of each. */
export const TOGETHER = 'statements sent together';

function log(em: EntityManager, statements: readonly Statement[], start: number): void {
  const logger = em.config.getLogger();
  if (!logger.isEnabled('query')) return;
  const took = Math.round(performance.now() - start);
  for (const { text, values } of statements) logger.logQuery({ query: text, params: [...values], took });
}
