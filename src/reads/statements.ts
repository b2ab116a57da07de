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
import { type Condition, conditionSql, kindOfConditions } from './filters.js';
import {
  conditionValue,
  kindOfPage,
  ORGANIZATION,
  type OrderBy,
  ordered,
  orderOfPage,
  type PagedList,
  rowsOfPage,
} from './pages.js';

/** A list of an entity's rows: its conditions, and its order or its page. */
export interface List<Column extends string = string> extends PagedList {
  readonly where: readonly Condition<Column>[];
  /** Column to order by, and then the id; the id alone by default. A page has an order of its own. */
  readonly orderBy?: Column;
  readonly isDescending?: boolean;
  /** A part of the list by numbers of rows, for clients that know no cursors. */
  readonly slice?: Slice;
}

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

/** A to-many relation, whose items are read by a separate statement. */
interface ToMany {
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
function kindOf({ where, orderBy, isDescending = false, page, ids, compared, slice }: List): string {
  return `${kindOfConditions(where)} ${orderBy} ${isDescending} ${page && kindOfPage(page)} ${ids !== undefined} ${compared !== undefined} ${slice !== undefined}`;
}

interface Built {
  readonly queries: readonly Prepared<List>[];
  readonly toMany: readonly ToMany[];
}

const LISTS: Memo<Built> = new WeakMap();

const SIZE = parameter<List, number>(({ page }) => page?.size);
const LIMIT = parameter<List, number>(({ slice }) => slice?.limit);
const OFFSET = parameter<List, number>(({ slice }) => slice?.offset);

/** The rows up to the end of the slice, and one more. */
const THROUGH = parameter<List, number>(({ slice }) => slice && slice.offset + slice.limit + 1);

/** Returns the statement that counts the rows of the list: all of them, or up to one behind its slice. */
export function countRows(meta: EntityMetadata, list: List, range: 'all' | 'through the slice'): Statement {
  const { slice: _, ...whole } = list;
  const kind = `${meta.tableName} ${kindOf(whole)} ${range}`;
  const build = () => {
    const rows = rowsOf(meta, whole).clearOrderBy();
    const counted = range === 'all' ? rows : rows.limit(THROUGH);
    return prepared<List>(db.selectFrom(counted.as('item')).select(sql`count(*)`.as('value')) as SelectQuery);
  };
  return memoize(COUNTS, WHOLE, kind, build).statement(list);
}

/** Returns the statement that counts the items of the list's rows in the to-many relation. */
export function countItems(meta: EntityMetadata, list: List, name: string): Statement {
  const kind = `${meta.tableName} ${kindOf(list)} ${name}`;
  const build = () => {
    const { targetMeta, mappedBy } = propertyOf(meta, name);
    if (targetMeta === undefined) throw new Error(`${meta.className} has no relation ${name}`);
    const owners = db.selectFrom(rowsOf(meta, list).as('owner')).select('owner.id');
    const items = rowsWithin(targetMeta).where(columnOf(targetMeta, mappedBy), '=', sql`any (array(${owners}))`);
    return prepared<List>(db.selectFrom(items.as('item')).select(sql`count(*)`.as('value')) as SelectQuery);
  };
  return memoize(COUNTS, WHOLE, kind, build).statement(list);
}

const COUNTS: Memo<Prepared<List>> = new WeakMap();

/** A table in a statement. */
interface Level {
  /** Path from the rows of the list; empty for these rows themselves. */
  readonly path: string;
  readonly meta: EntityMetadata;
  readonly selection: Selection;
}

function build(meta: EntityMetadata, list: List, selection: Selection): Built {
  const levels = levelsOf(meta, selection);
  const toMany = levels.flatMap(toManyOf);
  const queries = toMany.map(({ owner, mappedBy, meta: itemMeta, selection }) => {
    const itemLevels = levelsOf(itemMeta, selection);
    const items = rowsWithin(itemMeta).where(
      columnOf(itemMeta, mappedBy),
      '=',
      sql`any (array(${idsAt(owner, meta, list, levels)}))`,
    );
    return selected(joined(items, itemLevels), itemLevels);
  });
  return { queries: [selected(listWith(levels, meta, list), levels), ...queries].map((query) => prepared<List>(query)), toMany };
}

/** Selects the ids of the rows at the path, and joins only what leads there. */
function idsAt(path: string, meta: EntityMetadata, list: List, levels: readonly JoinedLevel[]): SelectQuery {
  const to = levels.find((level) => level.path === path)?.join;
  const id = to?.theirs === 'id' ? `${to.above}.${to.ours}` : `${tableAlias(path)}.id`;
  const leading = levels.filter((level) => path.startsWith(`${level.path}.`) || (level.path === path && to?.theirs !== 'id'));
  return listWith(leading, meta, list).select(id) as SelectQuery;
}

/** Selects from the rows of the list and the joined levels. */
function listWith(levels: readonly JoinedLevel[], meta: EntityMetadata, list: List): SelectQuery {
  const rows = ordered(joined(rowsOf(meta, list), levels), orderOf(meta, list), `${ROOT}.`);
  // The rows of several owners have been limited for each owner.
  return list.page === undefined || list.page.owners ? rows : rows.limit(SIZE);
}

function rowsWithin(meta: EntityMetadata): SelectQuery {
  return db.selectFrom(meta.tableName).selectAll().where('organization_id', '=', ORGANIZATION) as SelectQuery;
}

/** Selects the rows of the list, without their relations. */
function rowsOf(meta: EntityMetadata, list: List): SelectQuery {
  if (list.page !== undefined) return rowsOfPage(meta, list, list.page);
  const conditions = list.where.map((condition, index) => conditionSql(meta, condition, conditionValue(index), ORGANIZATION));
  const rows = conditions.reduce((query, condition) => query.where(condition), rowsWithin(meta));
  // Without a limit, the order of the whole statement suffices.
  return list.slice === undefined ? rows : ordered(rows, orderOf(meta, list)).limit(LIMIT).offset(OFFSET);
}

function orderOf(meta: EntityMetadata, list: List): OrderBy[] {
  const { page, orderBy = 'id', isDescending = false } = list;
  if (page !== undefined) return orderOfPage(meta, list, page);
  const columns = orderBy === 'id' ? ['id'] : [orderBy, 'id'];
  return columns.map((column) => [columnOf(meta, column), isDescending ? 'desc' : 'asc']);
}

/**
 * Joins the rows of the to-one relations. The limit of one makes PostgreSQL look each of them up in the index of its organization and id. Without it, a
 * generic plan may read all rows of a table, or of the organization: it knows neither the organization nor how many rows are joined.
 */
function joined(rows: SelectQuery, levels: readonly JoinedLevel[]): SelectQuery {
  return levels.reduce(
    (query, { path, meta, join }) => {
      if (join === undefined) return query;
      const { above, theirs, ours } = join;
      const related = (db.selectFrom(meta.tableName).selectAll() as SelectQuery)
        .whereRef('organization_id', '=', `${above}.organization_id`)
        .whereRef(theirs, '=', `${above}.${ours}`)
        .limit(sql.lit(1));
      return query.leftJoinLateral(related.as(aliasOf(path)), (on) => on.onTrue()) as SelectQuery;
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

/** The rows themselves are joined to nothing. */
type JoinedLevel = Level & { readonly join?: Join };

/** Returns the level of the rows themselves, and those of their selected to-one relations, recursively. */
function levelsOf(meta: EntityMetadata, selection: Selection): JoinedLevel[] {
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
