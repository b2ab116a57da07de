import type { EntityManager } from '@mikro-orm/postgresql';
import type { DatabaseDriver } from './driver.js';
import type { Transaction } from './kysely.js';
import type { Row, Statement } from './statement.js';

/**
 * Sends the statements in one round trip, and returns the rows of each. They run one after the other, each on what was committed
 * before it began. Within a transaction they have been sent when this returns.
 *
 * @example const [rows = []] = await executeTogether(em, [{ text: 'select name from branches where id = $1', values: [id] }]);
 */
export function executeTogether(em: EntityManager, statements: readonly Statement[]): Promise<Row[][]> {
  return (em.getDriver() as DatabaseDriver).executeTogether(statements, em.getTransactionContext<Transaction>());
}
