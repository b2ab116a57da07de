import { type Expression, expressionBuilder, type RawBuilder, type SqlBool } from 'kysely';
import type { Owned } from '../entities/owned.js';
import type { Provenance } from '../entities/provenance.js';
import type { Tables } from '../orm/query-builder.js';
import type { ColumnOf } from './read-model.js';

/** A column of an entity, or of its provenance. */
export type Filterable<E extends Owned> =
  | 'id'
  | ColumnOf<E>
  | (E extends { provenance: Provenance } ? `provenance.${keyof Provenance}` : never);

/** Compares a column with a value. */
export type Condition<Column extends string = string> = readonly [column: Column, operator: Operator, value: unknown];

/** The filters of a list: for each field of its input the column and the operator. One line is one filter. */
export type Filters<E extends Owned, Input> = {
  readonly [F in keyof Input]-?: readonly [column: Filterable<E>, operator: Operator];
};

/** Returns the conditions that the given fields of the input make. */
export function conditionsOf<E extends Owned, Input extends object>(
  filters: Filters<E, Input>,
  input: Input,
): Condition<Filterable<E>>[] {
  return (Object.keys(filters) as (keyof Input)[]).flatMap((field) => {
    const value = input[field];
    return value === undefined || value === null ? [] : [[...filters[field], value] as const];
  });
}

type Comparison = (column: string, value: RawBuilder<unknown>) => Expression<SqlBool>;

const { eb, fn } = expressionBuilder<Tables, string>();

/** How a column is compared in SQL. One line is one operator. */
export const OPERATORS = {
  '=': (column, value) => eb(column, '=', value),
  in: (column, values) => eb(column, '=', fn.any(values as RawBuilder<unknown[]>)),
} satisfies Record<string, Comparison>;

export type Operator = keyof typeof OPERATORS;
