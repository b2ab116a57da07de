import type { EntityMetadata } from '@mikro-orm/core';
import { sql } from 'kysely';
import {
  aliasOf,
  columnNames,
  columnOf,
  isToOne,
  type Memo,
  memoize,
  prefixOf,
  propertyOf,
  type Selection,
  WHOLE,
} from '../orm/columns.js';
import type { Statement } from '../orm/query.js';
import { db, type Prepared, parameter, prepared, type SelectQuery } from '../orm/query-builder.js';
import { type Condition, OPERATORS } from './filters.js';

/** A list of an entity's rows: its conditions, its order and its page. */
export interface List<Column extends string = string> {
  readonly organizationId: number;
  readonly where: readonly Condition<Column>[];
  /** Column to order by; the id by default. A page is always in the order of ids. */
  readonly orderBy?: Column;
  /** At most {@link MAX_PAGE} rows, after an id. */
  readonly page?: { readonly after: number; readonly first: number };
}

/** Maximum size of a page, in rows. */
export const MAX_PAGE = 100;

/** A to-many relation, whose items are read by a separate statement. */
export interface ToMany {
  /** Path from the rows of the list to the rows that have the relation; empty for the rows themselves. */
  readonly owner: string;
  readonly name: string;
  /** Name of the to-one relation from the item to its owner. */
  readonly mappedBy: string;
  readonly meta: EntityMetadata;
  readonly selection: Selection;
}

interface ListStatements {
  readonly statements: readonly Statement[];
  readonly toMany: readonly ToMany[];
}

/**
 * Returns the statements that read the list: the first for its rows with the selected to-one relations, and one for each selected
 * to-many relation. Their SQL is memoized by the selection and the kind of list; only the values differ.
 */
export function listStatements(meta: EntityMetadata, list: List, selection: Selection): ListStatements {
  const { queries, toMany } = memoize(LISTS, selection, `${meta.tableName} ${kindOf(list)}`, () => build(meta, list, selection));
  return { statements: queries.map((query) => query.statement(list)), toMany };
}

/** Returns a key of the memo. Lists with the same key have the same SQL. */
function kindOf({ where, orderBy, page }: List): string {
  return `${where.map(([column, operator]) => `${column} ${operator}`)} ${orderBy} ${page !== undefined}`;
}

interface Built {
  readonly queries: readonly Prepared<List>[];
  readonly toMany: readonly ToMany[];
}

const LISTS: Memo<Built> = new WeakMap();

const ORGANIZATION = parameter<{ readonly organizationId: number }>(({ organizationId }) => organizationId);
const AFTER = parameter<List, number>(({ page }) => page?.after);
const FIRST = parameter<List, number>(({ page }) => page?.first);

/** A table in a statement. */
interface Level {
  /** Path from the rows of the list; empty for these rows themselves. */
  readonly path: string;
  readonly meta: EntityMetadata;
  readonly selection: Selection;
}

function build(meta: EntityMetadata, list: List, selection: Selection): Built {
  const levels = levelsOf(meta, selection);
  const isPage = list.page !== undefined;
  const all = ordered(joined(rowsOf(meta, list), levels), orderOf(meta, list), `${ROOT}.`);
  const rows = isPage ? all.limit(FIRST) : all;
  const toMany = levels.flatMap(toManyOf);
  const queries = toMany.map(({ owner, mappedBy, meta, selection }) => {
    const levels = levelsOf(meta, selection);
    const items = rowsWithin(meta).where(
      columnOf(meta, mappedBy),
      '=',
      sql`any (array(${rows.select(`${tableAlias(owner)}.id`)}))`,
    );
    return selected(ordered(joined(items, levels), ['id'], `${ROOT}.`), levels);
  });
  return { queries: [selected(rows, levels), ...queries].map((query) => prepared<List>(query)), toMany };
}

function rowsWithin(meta: EntityMetadata): SelectQuery {
  return db.selectFrom(meta.tableName).selectAll().where('organization_id', '=', ORGANIZATION) as SelectQuery;
}

/** Selects the rows of the list, without their relations. */
function rowsOf(meta: EntityMetadata, list: List): SelectQuery {
  const order = orderOf(meta, list);
  const isPage = list.page !== undefined;
  let query = isPage ? rowsAfter(meta) : rowsWithin(meta);
  for (const [index, [column, operator]] of list.where.entries()) {
    const value = parameter<List>(({ where }) => where[index]?.[2]);
    query = query.where(OPERATORS[operator](columnOf(meta, column), value));
  }
  // The literal limit makes PostgreSQL plan for at most a full page. The caller adds the real limit as a parameter.
  return isPage ? ordered(query, order).limit(sql.lit(MAX_PAGE)) : ordered(query, order);
}

/**
 * Selects the rows after the page's id. The conditions and the order match the index (organization_id, id), so that PostgreSQL scans this index
 * and not that of all ids. The generic plan of a prepared statement knows no organization: if one organization has most rows, a scan of all ids
 * looks as cheap, but it is slow for a small organization.
 */
function rowsAfter(meta: EntityMetadata): SelectQuery {
  return db
    .selectFrom(meta.tableName)
    .selectAll()
    .where('organization_id', '<=', ORGANIZATION)
    .where(({ eb, refTuple, tuple }) => eb(refTuple('organization_id', 'id'), '>', tuple(ORGANIZATION, AFTER))) as SelectQuery;
}

function orderOf(meta: EntityMetadata, { page, orderBy = 'id' }: List): string[] {
  return page === undefined ? [columnOf(meta, orderBy)] : ['organization_id', 'id'];
}

function ordered(query: SelectQuery, columns: readonly string[], prefix = ''): SelectQuery {
  return columns.reduce((query, column) => query.orderBy(`${prefix}${column}`), query);
}

/**
 * Joins the tables of the to-one relations to the rows. The rows are a subquery, so that PostgreSQL limits them before it joins.
 *
 * A join compares the organizations of both rows, and not each with the parameter: so PostgreSQL looks each related row up in the primary key. With
 * the parameter, it expects an organization of average size, and reads all rows of a large one.
 */
function joined(rows: SelectQuery, levels: readonly (Level & { readonly join?: Join })[]): SelectQuery {
  return levels.reduce(
    (query, { path, meta, join }) => {
      if (join === undefined) return query;
      const { above, theirs, ours } = join;
      const alias = aliasOf(path);
      return query.leftJoin(`${meta.tableName} as ${alias}`, (on) =>
        on.onRef(`${alias}.organization_id`, '=', `${above}.organization_id`).onRef(`${alias}.${theirs}`, '=', `${above}.${ours}`),
      ) as SelectQuery;
    },
    db.selectFrom(rows.as(ROOT)) as SelectQuery,
  );
}

/** Selects the columns by name: a prepared statement with `*` fails when a migration adds a column to the table. */
function selected(query: SelectQuery, levels: readonly Level[]): SelectQuery {
  const columns = levels.flatMap(({ path, meta, selection }) =>
    columnNames(meta, selection).map((name) =>
      path === '' ? `${ROOT}.${name}` : `${aliasOf(path)}.${name} as ${prefixOf(path)}${name}`,
    ),
  );
  return query.select(columns) as SelectQuery;
}

/** The columns that a join compares, beside the organization. */
interface Join {
  /** Alias of the table that has the relation. */
  readonly above: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Returns the level of the rows themselves, and those of their selected to-one relations, recursively. */
function levelsOf(meta: EntityMetadata, selection: Selection): (Level & { readonly join?: Join })[] {
  const root = { path: '', meta, selection };
  return [root, ...toOneBelow(root)];
}

function toOneBelow({ path: above, meta, selection }: Level): (Level & { readonly join: Join })[] {
  return [...selection.relations].flatMap(([name, selection]) => {
    const property = propertyOf(meta, name);
    if (!isToOne(property)) return [];
    const target = property.targetMeta as EntityMetadata;
    const path = above === '' ? name : `${above}.${name}`;
    const [theirs, ours] =
      property.kind === 'm:1' ? ['id', property.fieldNames[0] as string] : [columnOf(target, property.mappedBy), 'id'];
    const level = { path, meta: target, selection };
    return [{ ...level, join: { above: tableAlias(above), theirs, ours } }, ...toOneBelow(level)];
  });
}

function toManyOf({ path, meta, selection }: Level): ToMany[] {
  return [...selection.relations].flatMap(([name, selection]) => {
    const property = propertyOf(meta, name);
    if (isToOne(property)) return [];
    const { mappedBy, targetMeta } = property;
    return [{ owner: path, name, mappedBy, meta: targetMeta as EntityMetadata, selection }];
  });
}

const ROOT = 'root';

function tableAlias(path: string): string {
  return path === '' ? ROOT : aliasOf(path);
}

/** Pages of rows that belong to owners, such as the refunds of several credit notes. */
export interface Pages {
  readonly organizationId: number;
  readonly pages: readonly { readonly owner: number; readonly first: number; readonly after: number }[];
}

/**
 * Returns the statement that reads the whole rows of all pages, in the order of their ids.
 *
 * @param reference the to-one relation to the owner
 */
export function pagesStatement(meta: EntityMetadata, reference: string, pages: Pages): Statement {
  const query = memoize(PAGES, WHOLE, `${meta.tableName} ${reference}`, () => {
    const page = sql`unnest(${pageValues('owner')}::bigint[], ${pageValues('first')}::bigint[], ${pageValues('after')}::bigint[])`;
    const rows = ordered(
      rowsWithin(meta).whereRef(columnOf(meta, reference), '=', 'page.owner').whereRef('id', '>', 'page.after'),
      ['id'],
    ).limit(sql.ref<number>('page.first'));
    const all = db.selectFrom(page.as(sql`page (owner, first, after)`)).crossJoinLateral(rows.as(ROOT)) as SelectQuery;
    return prepared<Pages>(selected(ordered(all, ['id'], `${ROOT}.`), levelsOf(meta, WHOLE)));
  });
  return query.statement(pages);
}

const PAGES: Memo<Prepared<Pages>> = new WeakMap();

function pageValues(name: 'owner' | 'first' | 'after') {
  return parameter<Pages>(({ pages }) => pages.map((page) => page[name]));
}
