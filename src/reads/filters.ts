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

/** A comparison of a column with a value. */
export type Condition<Column extends string = string> = readonly [column: Column, operator: Operator, value: unknown];

/**
 * The filters of a list: the column and the operator for each field of the filter's input. A new filter is one line.
 *
 * @example const FILTERS: Filters<Refund, ProvenanceFilter> = { createdBy: ['provenance.createdBy', '='], … };
 */
export type Filters<E extends Owned, Input> = {
  readonly [F in keyof Input]-?: readonly [column: Filterable<E>, operator: Operator];
};

/** Returns a condition for each field of the input that is present and not null. */
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

/** The SQL of each comparison. A new operator is one line. */
export const OPERATORS = {
  '=': (column, value) => eb(column, '=', value),
  in: (column, values) => eb(column, '=', fn.any(values as RawBuilder<unknown[]>)),
} satisfies Record<string, Comparison>;

export type Operator = keyof typeof OPERATORS;
