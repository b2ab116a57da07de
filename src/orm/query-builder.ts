import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type SelectQueryBuilder,
  sql,
} from 'kysely';
import type { Statement } from './query.js';

/** Any table with any columns: their names come from the entities' metadata at run time. */
export type Tables = Record<string, Record<string, unknown>>;
export type SelectQuery = SelectQueryBuilder<Tables, string, object>;

/**
 * Writes names without quotes, which the gateway's names do not need, so that statements in the log are easy to read. Kysely 0.29 has no option
 * for this, but a dialect may override the quotes. Delete when Kysely has an option; `test/query-builder.test.ts` fails if this stops working.
 */
class UnquotedCompiler extends PostgresQueryCompiler {
  protected override getLeftIdentifierWrapper(): string {
    return '';
  }

  protected override getRightIdentifierWrapper(): string {
    return '';
  }
}

/** Builds statements, and does not execute them: `run` sends several of them in one round trip. */
export const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new UnquotedCompiler(),
  },
});

/** A compiled query. It returns the statement with the values of an input. */
export interface Prepared<Input> {
  statement(input: Input): Statement;
}

/** Placeholder in a query for a value of the input. */
class Parameter<Input> {
  constructor(readonly read: (input: Input) => unknown) {}
}

/**
 * Returns a parameter for a query. `read` returns its value from the input.
 *
 * @example const AFTER = parameter<List, number>(({ page }) => page?.after);
 */
export function parameter<Input, T = unknown>(read: (input: Input) => T | undefined): RawBuilder<T> {
  return sql.val(new Parameter(read)) as RawBuilder<never>;
}

/** A query of the builder, or one written in SQL. */
export type Compilable = SelectQuery | RawBuilder<unknown>;

/** Compiles the query once, for any number of inputs. */
export function prepared<Input>(query: Compilable): Prepared<Input> {
  const { sql: text, parameters } = query.compile(db);
  return {
    statement(input) {
      const values = parameters.map((value) => (value instanceof Parameter ? arrayText(value.read(input)) : value));
      return { text, values };
    },
  };
}

/** Returns an array of numbers as PostgreSQL's text of an array, which is faster than pg's conversion: that one escapes each item. */
function arrayText(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? `{${value.join()}}` : value;
}
