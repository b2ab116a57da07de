import type { EntityClass, EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Owned } from '../entities/owned.js';
import { metadataOf, type Selection, WHOLE } from '../orm/columns.js';
import { searchInTurn } from '../orm/driver.js';
import { type Query, query, run, type Statement } from '../orm/query.js';
import { mapPlainRows } from '../orm/row-mapping.js';
import type { Filterable } from './filters.js';
import type { ColumnOf, Row, WholeRow } from './read-model.js';
import { countItems, countRows, type List, listStatements, type Slice } from './statements.js';

/** Reads the whole rows of the list, in one statement. */
export function readWhole<E extends Owned>(
  em: EntityManager,
  entity: EntityClass<E>,
  list: List<Filterable<E>>,
): Promise<WholeRow<E>[]> {
  return readRows(em, entity, list, WHOLE) as Promise<WholeRow<E>[]>;
}

/** The columns that are read of each row, and no relation. Create one once, as a constant: statements are memoized by its selection. */
export class Columns<K extends string> {
  readonly selection: Selection;

  constructor(...names: readonly K[]) {
    this.selection = { properties: new Set(names), relations: new Map() };
  }
}

/** Reads the columns of the list's rows, in one statement. Without columns, the rows are whole. */
export function readColumns<E extends Owned, K extends ColumnOf<E>>(
  em: EntityManager,
  entity: EntityClass<E>,
  list: List<Filterable<E>>,
  columns: Columns<K> | undefined,
): Promise<Row<E, K>[]> {
  return readRows(em, entity, list, columns?.selection ?? WHOLE) as Promise<Row<E, K>[]>;
}

/** Reads the selected columns and relations of the list's rows, in one round trip. */
export async function readRows<E extends Owned>(
  em: EntityManager,
  entity: EntityClass<E>,
  list: List<Filterable<E>>,
  selection: Selection,
): Promise<Row<E>[]> {
  const [rows] = await run(em, listQuery(em, metadataOf(em, entity), list, selection));
  return rows as Row<E>[];
}

/**
 * Counts the rows of the list, those of its slice, and the items of these in a to-many relation, in one round trip. All rows of the list are counted if the
 * total is needed, and otherwise up to one behind the slice.
 *
 * @param items name of the relation
 */
export async function countSlice<E extends Owned>(
  em: EntityManager,
  entity: EntityClass<E>,
  list: List<Filterable<E>> & { readonly slice: Slice },
  { items: name, needsTotal }: { readonly items: string | undefined; readonly needsTotal: boolean },
): Promise<{ total: number; rows: number; items: number }> {
  const meta = metadataOf(em, entity);
  const rows = countRows(meta, list, needsTotal ? 'all' : 'through the slice');
  const statements = [rows, ...(name === undefined ? [] : [countItems(meta, list, name)])];
  const counts = statements.map(({ text, values }) => query(text, values, ([row]) => Number(row?.value)));
  const [total = 0, items = 0] = await (needsTotal ? searchInTurn(em, () => run(em, ...counts)) : run(em, ...counts));
  const { offset, limit } = list.slice;
  return { total, rows: Math.min(Math.max(total - offset, 0), limit), items };
}

type Values = Record<string, unknown>;

/**
 * One statement reads the rows and their to-one relations, and one more each to-many relation. The later statements also see commits from between
 * the statements. A row without items gets no array, and so the loader reads them.
 */
export function listQuery(em: EntityManager, meta: EntityMetadata, list: List, selection: Selection): Query<object[]> {
  const { statements, toMany } = listStatements(meta, list, selection);
  return {
    statements,
    read: ([rows = [], ...rowsOfItems]) => {
      const result = mapPlainRows(em, meta, selection, rows) as Values[];
      for (const [index, { owner, name, mappedBy, meta, selection }] of toMany.entries()) {
        const items = mapPlainRows(em, meta, selection, rowsOfItems[index] ?? []) as Values[];
        // Not sorted by PostgreSQL, which might read an index of all ids instead of the items.
        items.sort((one, other) => Number(one.id) - Number(other.id));
        const itemsOf = Map.groupBy(items, (item) => (item[mappedBy] as Values).id);
        for (const row of follow(result, owner)) row[name] = itemsOf.get(row.id);
      }
      return result;
    },
  };
}

/** Returns the statement with its values in its text, so that PostgreSQL plans it for them. */
export function withValues(em: EntityManager, { text, values }: Statement): Statement {
  const platform = em.getPlatform();
  const quoted = values.map((value) => String(platform.quoteValue(Array.isArray(value) ? platform.marshallArray(value) : value)));
  return { text: text.replaceAll(/\$(\d+)/g, (_, number) => quoted[Number(number) - 1] ?? ''), values: [] };
}

/** Returns the rows at the end of a path of to-one relations, each once. */
function follow(rows: readonly Values[], path: string): ReadonlySet<Values> {
  let ends = new Set(rows);
  for (const name of path === '' ? [] : path.split('.')) {
    const related = [...ends].map((row) => row[name] as Values | null);
    ends = new Set(related.filter((row) => row !== null));
  }
  return ends;
}
