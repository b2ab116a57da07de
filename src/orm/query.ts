import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';

/** A row as the database returns it: the columns by name. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** A statement with the values of its parameters $1, $2, … Each connection prepares its text once. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Statements together with the function that reads their rows, so that the order of both always agrees. */
export interface Query<T> {
  readonly statements: readonly Statement[];
  /** @param rows the rows of each statement, in the order of the statements */
  read(rows: readonly (readonly ResultRow[])[]): T;
}

type Results<Queries extends readonly Query<unknown>[]> = {
  -readonly [I in keyof Queries]: Queries[I] extends Query<infer T> ? T : never;
};

/**
 * Returns a query of one statement.
 *
 * @example query('select name from branches where id = $1', [id], ([row]) => String(row?.name))
 */
export function query<T>(text: string, values: readonly unknown[], read: (rows: readonly ResultRow[]) => T): Query<T> {
  return { statements: [{ text, values }], read: ([rows = []]) => read(rows) };
}

/**
 * Combines several queries into one. The statements run in the order of the queries.
 *
 * @example combine([accountsOf(ids), branchesOf(ids)], ([accounts, branches]) => new Places(accounts, branches))
 */
export function combine<const Queries extends readonly Query<unknown>[], T>(
  queries: Queries,
  read: (results: Results<Queries>) => T,
): Query<T> {
  return {
    statements: queries.flatMap(({ statements }) => statements),
    read: (rows) => {
      let next = 0;
      const results = queries.map(({ statements, read }) => {
        const first = next;
        next += statements.length;
        return read(rows.slice(first, next));
      });
      return read(results as Results<Queries>);
    },
  };
}

/**
 * Runs the queries in one round trip, and returns the result of each. The statements run one after the other, and each sees the commits from
 * before its own start. Within a transaction, they have been sent when the function returns its promise.
 *
 * @example const [organization, roles] = await run(em, readOrganization(em, id), readCurrentRoles(id, actors))
 */
export async function run<const Queries extends readonly Query<unknown>[]>(
  em: EntityManager,
  ...queries: Queries
): Promise<Results<Queries>> {
  const { statements, read } = combine(queries, (results) => results);
  return read(await executeTogether(em, statements));
}

/** The text of a query whose parameters are {@link Statement}s, and whose result has the rows of each. `DatabaseClient` recognizes it. */
export const TOGETHER = 'statements sent together';

async function executeTogether(em: EntityManager, statements: readonly Statement[]): Promise<ResultRow[][]> {
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

function log(em: EntityManager, statements: readonly Statement[], start: number): void {
  const logger = em.config.getLogger();
  if (!logger.isEnabled('query')) return;
  const took = Math.round(performance.now() - start);
  for (const { text, values } of statements) logger.logQuery({ query: text, params: [...values], took });
}
