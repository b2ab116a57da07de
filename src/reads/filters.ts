import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Actor } from '../auth/actor.js';
import type { Owned } from '../entities/owned.js';
import type { Provenance } from '../entities/provenance.js';
import { columnOf, propertyOf } from '../orm/columns.js';
import type { ColumnOf } from './read-model.js';

/** A column of an entity, of its provenance, or of a row that it refers to, such as `creditNote.customer`. */
export type Filterable<E extends Owned> =
  | 'id'
  | ColumnOf<E>
  | (E extends { provenance: Provenance } ? `provenance.${keyof Provenance}` : never)
  | { [P in ColumnOf<E>]: NonNullable<E[P]> extends Owned ? `${P}.${ColumnOf<NonNullable<E[P]>>}` : never }[ColumnOf<E>];

/**
 * A comparison of a column with a value. `some` and `none` ask whether a relation has rows, and need no value. `matches` searches the words of
 * several columns, which have an index together.
 */
export type Condition<Column extends string = string> = readonly [
  column: Column | readonly Column[],
  operator: Operator,
  value?: unknown,
];

/** The conditions of one field of a filter: a column and an operator, or a function of the field's value. */
export type Filter<E extends Owned, Value> =
  | readonly [column: Filterable<E>, operator: Comparison]
  | ((value: Value, actor: Actor) => readonly Condition<Filterable<E>>[]);

/**
 * The filters of a list: one for each field of the filter's input. A new filter is one line.
 *
 * @example const FILTERS: Filters<Refund, RefundFilter> = { branchId: ['branch', '='], … };
 */
export type Filters<E extends Owned, Input> = { readonly [F in keyof Input]-?: Filter<E, NonNullable<Input[F]>> };

/** Returns the conditions of each field of the input that is present and not null. */
export function conditionsOf<E extends Owned, Input extends object>(
  filters: Filters<E, Input>,
  input: Input,
  actor: Actor,
): Condition<Filterable<E>>[] {
  return (Object.keys(filters) as (keyof Input)[]).flatMap((field) => {
    const value = input[field];
    if (value === undefined || value === null) return [];
    const filter = filters[field] as Filter<E, unknown>;
    return typeof filter === 'function' ? [...filter(value, actor)] : [[...filter, value] as const];
  });
}

type Compare = (column: RawBuilder<unknown>, value: RawBuilder<unknown>) => RawBuilder<SqlBool>;

/** The SQL of each comparison. A new operator is one line. */
const COMPARISONS = {
  '=': (column, value) => sql`${column} = ${value}`,
  '>=': (column, value) => sql`${column} >= ${value}`,
  '<=': (column, value) => sql`${column} <= ${value}`,
  '<': (column, value) => sql`${column} < ${value}`,
  /** Whether both texts are read as the same number or code. */
  'reads as': (column, value) => sql`as_read(${column}) = as_read(${value})`,
  in: (column, values) => sql`${column} = any (${values})`,
} satisfies Record<string, Compare>;

type Comparison = keyof typeof COMPARISONS;

export type Operator = Comparison | 'some' | 'none' | 'matches';

/** Returns a key for memos. Lists with the same key have the same SQL. */
export function kindOfConditions(where: readonly Condition[]): string {
  return where.map(([column, operator]) => `${column} ${operator}`).join();
}

/** Returns the SQL of a condition on the rows of the entity's table. */
export function conditionSql(
  meta: EntityMetadata,
  [columns, operator]: Condition,
  value: RawBuilder<unknown>,
  organization: RawBuilder<unknown>,
): RawBuilder<SqlBool> {
  if (operator === 'matches') {
    const properties = [columns].flat().map((column) => propertyOf(meta, column));
    return matches(properties, value);
  }
  const column = String(columns);
  const [first = '', second] = column.split('.');
  const relation = (meta.properties as Record<string, ReturnType<typeof propertyOf> | undefined>)[first];
  // Both look one row of the other table up for each row. PostgreSQL would read all rows of `exists (…)` and `in (…)` at once, however many there are.
  if (operator === 'some' || operator === 'none') {
    const { targetMeta, mappedBy } = propertyOf(meta, first);
    const target = targetMeta as EntityMetadata;
    const row = sql`(select true from ${sql.table(target.tableName)} item where item.organization_id = ${organization}
      and item.${sql.ref(columnOf(target, mappedBy))} = ${sql.table(meta.tableName)}.id limit 1)`;
    return operator === 'some' ? sql`${row} is true` : sql`${row} is not true`;
  }
  if (relation?.kind === 'm:1' && second !== undefined) {
    const target = relation.targetMeta as EntityMetadata;
    const row = sql`(select item.${sql.ref(columnOf(target, second))} from ${sql.table(target.tableName)} item
      where item.organization_id = ${organization} and item.id = ${sql.table(meta.tableName)}.${sql.ref(columnOf(meta, first))})`;
    return COMPARISONS[operator](row, value);
  }
  return COMPARISONS[operator](sql.ref(columnOf(meta, column)), value);
}

/** The texts are put together as in their index: see `src/migrations/lists.ts`. */
function matches(properties: readonly EntityProperty[], value: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const texts = properties.map(({ fieldNames: [column = ''], nullable }) =>
    nullable ? sql`coalesce(${sql.ref(column)}, '')` : sql.ref(column),
  );
  return sql`words_of(organization_id, ${sql.join(texts, sql` || ' ' || `)}) @@ to_tsquery('simple', ${value})`;
}
