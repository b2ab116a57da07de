import type { EntityManager } from '@mikro-orm/postgresql';
import { executeTogether } from './execute-together.js';
import type { ResultRow, Statement } from './statement.js';

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
 * Runs the queries in one round trip, and returns the result of each. Each statement sees the commits from before its own start.
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
