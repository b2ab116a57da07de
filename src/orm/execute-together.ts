import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { ResultRow, Statement } from './statement.js';

/**
 * Sends the statements in one round trip, and resolves to the rows of each. They run one after the other, and each sees the commits from before
 * its own start. Within a transaction, the statements have been sent when the function returns its promise.
 *
 * @example const [rows = []] = await executeTogether(em, [{ text: 'select name from branches where id = $1', values: [id] }]);
 */
export async function executeTogether(em: EntityManager, statements: readonly Statement[]): Promise<ResultRow[][]> {
  if (statements.length === 0) return [];
  const start = performance.now();
  try {
    // In a transaction kysely 0.29 sends a query only after the result of the previous one, so all statements are passed as one query.
    // Delete when kysely can pipeline: https://github.com/kysely-org/kysely/issues/1711
    const { rows } = await em.getKysely().executeQuery<ResultRow[]>(CompiledQuery.raw(TOGETHER, [...statements]));
    return rows;
  } catch (error) {
    throw em.getDriver().convertException(error as Error);
  } finally {
    log(em, statements, start);
  }
}

/** The text of a query whose parameters are {@link Statement}s, and whose result has the rows of each. `DatabaseClient` recognizes it. */
export const TOGETHER = 'statements sent together';

function log(em: EntityManager, statements: readonly Statement[], start: number): void {
  const logger = em.config.getLogger();
  if (!logger.isEnabled('query')) return;
  const took = Math.round(performance.now() - start);
  for (const { text, values } of statements) logger.logQuery({ query: text, params: [...values], took });
}
