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
import type { Statement } from './statement.js';

/** The names of tables and columns come from the entities' metadata, at run time. */
export type Tables = Record<string, Record<string, unknown>>;
export type Query = SelectQueryBuilder<Tables, string, object>;

/**
 * Writes names without quotes, which ours do not need: the log shows a statement as people write it. Kysely 0.29 has no option for it,
 * but lets a dialect override how a name is written. Delete when Kysely has one; `test/query-builder.test.ts` fails if this stops working.
 */
class UnquotedCompiler extends PostgresQueryCompiler {
  protected override getLeftIdentifierWrapper(): string {
    return '';
  }

  protected override getRightIdentifierWrapper(): string {
    return '';
  }
}

/** Builds statements, and executes none: several of them are sent in one round trip by `executeTogether`. */
export const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new UnquotedCompiler(),
  },
});

/** A compiled statement, whose values are taken from an input each time that it is executed. */
export interface Prepared<Input> {
  statement(input: Input): Statement;
}

/** Stands in a statement for a value that is known when it is executed. */
class Parameter<Input> {
  constructor(readonly of: (input: Input) => unknown) {}
}

/** Returns a parameter of a statement, whose value is taken from the statement's input. */
export function parameter<Input, T = unknown>(of: (input: Input) => T | undefined): RawBuilder<T> {
  return sql.val(new Parameter(of)) as RawBuilder<never>;
}

/** Compiles the query once, for inputs to come. */
export function prepared<Input>(query: Query): Prepared<Input> {
  const { sql: text, parameters } = query.compile();
  return {
    statement(input) {
      const values = parameters.map((value) => (value instanceof Parameter ? arrayText(value.of(input)) : value));
      return { text, values };
    },
  };
}

/** Returns ids as PostgreSQL writes an array of them: the driver would look at each for what is to be escaped. */
function arrayText(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? `{${value.join()}}` : value;
}
