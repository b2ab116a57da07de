import type { EntityClass, EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Owned } from '../entities/owned.js';
import { metadataOf, type Selection, WHOLE } from '../orm/columns.js';
import { type Query, query, run } from '../orm/query.js';
import { mapPlainRows } from '../orm/row-mapping.js';
import type { Filterable } from './filters.js';
import type { ReferenceOf, Row, WholeRow } from './read-model.js';
import { type List, listStatements, type Pages, pagesStatement } from './statements.js';

/** Reads the whole rows of the list, in one statement. */
export function readWhole<E extends Owned>(
  em: EntityManager,
  entity: EntityClass<E>,
  list: List<Filterable<E>>,
): Promise<WholeRow<E>[]> {
  return readRows(em, entity, list, WHOLE) as Promise<WholeRow<E>[]>;
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
 * Reads pages of the rows that belong to several owners, such as the refunds of credit notes, in one statement. Returns the rows of all pages, each
 * once, in the order of their ids.
 *
 * @param reference the to-one relation to the owner
 */
export async function readPages<E extends Owned>(
  em: EntityManager,
  entity: EntityClass<E>,
  reference: ReferenceOf<E>,
  pages: Pages,
): Promise<WholeRow<E>[]> {
  const meta = metadataOf(em, entity);
  const { text, values } = pagesStatement(meta, reference, pages);
  // Pages may overlap. The mapper returns the same object for equal ids, so the set contains each row once.
  const [rows] = await run(
    em,
    query(text, values, (rows) => new Set(mapPlainRows(em, meta, WHOLE, rows))),
  );
  return [...rows] as WholeRow<E>[];
}

type Values = Record<string, unknown>;

/**
 * One statement reads the rows and their to-one relations, and one more each to-many relation. The later statements also see commits from between
 * the statements. A row without items gets no array, and so the loader reads them.
 */
function listQuery(em: EntityManager, meta: EntityMetadata, list: List, selection: Selection): Query<object[]> {
  const { statements, toMany } = listStatements(meta, list, selection);
  return {
    statements,
    read: ([rows = [], ...rowsOfItems]) => {
      const result = mapPlainRows(em, meta, selection, rows) as Values[];
      for (const [index, { owner, name, mappedBy, meta, selection }] of toMany.entries()) {
        const items = mapPlainRows(em, meta, selection, rowsOfItems[index] ?? []) as Values[];
        const itemsOf = Map.groupBy(items, (item) => (item[mappedBy] as Values).id);
        for (const row of follow(result, owner)) row[name] = itemsOf.get(row.id);
      }
      return result;
    },
  };
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
