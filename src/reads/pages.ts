import type { EntityMetadata } from '@mikro-orm/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { columnOf, type Memo, memoize, WHOLE } from '../orm/columns.js';
import type { Statement } from '../orm/query.js';
import { db, type Prepared, parameter, prepared, type SelectQuery } from '../orm/query-builder.js';
import { type Condition, conditionSql } from './filters.js';
import type { Order, Position } from './orders.js';

/** Maximum number of rows of a page. */
export const MAX_PAGE = 100;

/** The largest number of rows that is counted exactly. */
export const MAX_COUNT = 10_000;

/** A part of a list in an order. */
export interface Page {
  readonly order: Order;
  /** The page begins after this position. */
  readonly after: Position | null;
  /** The page ends before this position. */
  readonly before: Position | null;
  /** Whether the rows are the last ones before the end, in the opposite order, and not the first ones. */
  readonly isBackward: boolean;
  /** Number of rows to read; one more than the page has shows whether there are more. */
  readonly size: number;
  /** Each of these owners has a page of its own, such as the refunds of several credit notes. */
  readonly owners?: Owners;
}

export interface Owners {
  /** The to-one relation of the list's rows to their owner. */
  readonly reference: string;
  readonly ids: readonly number[];
}

/** What a statement knows of a list. */
interface PagedList {
  readonly organizationId: number;
  readonly where: readonly Condition[];
  readonly page?: Page;
}

/** Returns a key of the memo. Pages with the same key have the same SQL. */
export function kindOfPage({ order, after, before, isBackward, owners }: Page): string {
  return `${order.name} ${after !== null} ${before !== null} ${isBackward} ${owners?.reference}`;
}

export const ORGANIZATION = parameter<{ readonly organizationId: number }, number>(({ organizationId }) => organizationId);

/** Returns the parameter for the value of a condition. */
export function conditionValue(index: number): RawBuilder<unknown> {
  return parameter<PagedList>(({ where }) => where[index]?.[2]);
}

export type OrderBy = readonly [column: string, direction: 'asc' | 'desc'];

export function ordered(query: SelectQuery, by: readonly OrderBy[], prefix = ''): SelectQuery {
  return by.reduce((query, [column, direction]) => query.orderBy(`${prefix}${column}`, direction), query);
}

/** Returns the order in which the rows of the page are read. */
export function orderOfPage(meta: EntityMetadata, list: PagedList, page: Page): OrderBy[] {
  const columns = [...prefixOf(meta, list, page), ...page.order.properties.map((property) => columnOf(meta, property))];
  return columns.map((column) => [column, directionOf(page)]);
}

function directionOf({ order, isBackward }: Page): 'asc' | 'desc' {
  return order.isDescending === isBackward ? 'asc' : 'desc';
}

/** Selects the rows of the page; with owners, those of the page of each owner. */
export function rowsOfPage(meta: EntityMetadata, list: PagedList, page: Page): SelectQuery {
  const { isDescending } = page.order;
  const [after, before]: [Bound, Bound] = [
    { by: page.after && 'after', isStrict: true },
    { by: page.before && 'before', isStrict: true },
  ];
  const rows = new Range(meta, list, page).rows(isDescending ? before : after, isDescending ? after : before);
  if (page.owners === undefined) return rows.limit(sql.lit(MAX_PAGE + 1));
  return (db.selectFrom(OWNERS) as SelectQuery).crossJoinLateral(rows.limit(SIZE).as('item')).selectAll('item') as SelectQuery;
}

const SIZE = parameter<PagedList, number>(({ page }) => page?.size);
const OWNERS = sql`unnest(${parameter<PagedList>(({ page }) => page?.owners?.ids)}::bigint[])`.as(sql`owner (id)`);
/** A single row, for a list without owners. */
const NOBODY = sql`(values (0))`.as(sql`owner (id)`);

/** One end of a range: a position, or the range of the filter if there is none. */
interface Bound {
  readonly by: 'after' | 'before' | null;
  readonly isStrict: boolean;
}

const OPEN: Bound = { by: null, isStrict: false };

/**
 * Whether PostgreSQL needs to plan the statement only once: in the order of ids, and with no filter but one that an index begins with. Any other
 * statement is planned for its values. A generic plan expects an organization and a filter of average size: it may sort all rows of a large one, or
 * scan all rows for a rare value.
 */
export function isPlannedOnce({ where, page }: PagedList): boolean {
  if (page === undefined || page.owners !== undefined) return true;
  const divider = dividerOf(where, page.order);
  return page.order.properties.length === 1 && where.every((condition) => condition === divider);
}

/**
 * Returns the filter's column that the index must begin with, in a statement that is planned once. It is compared and ordered together with the id, and
 * not as equal to its value: so only this index has the order.
 */
function prefixOf(meta: EntityMetadata, list: PagedList, { order, owners }: Page): string[] {
  const divider = dividerOf(list.where, order);
  if (owners !== undefined || divider === undefined || !isPlannedOnce(list)) return [];
  return [columnOf(meta, String(divider[0]))];
}

/**
 * Returns the table; if the list is searched, only its rows that match. These are read first, from the index of the words: PostgreSQL cannot know how
 * many there are, and might look for the words in every row. `offset 0` keeps both queries apart.
 */
function tableOf(meta: EntityMetadata, list: PagedList): SelectQuery {
  const { tableName } = meta;
  const searches = list.where.flatMap((condition, index) =>
    isSearch(condition, list) ? [conditionSql(meta, condition, conditionValue(index), ORGANIZATION)] : [],
  );
  if (searches.length === 0) return db.selectFrom(tableName) as SelectQuery;
  const rows = db.selectFrom(tableName).selectAll().where('organization_id', '=', ORGANIZATION).offset(sql.lit(0));
  return db.selectFrom(searches.reduce((rows, search) => rows.where(search), rows).as(tableName)) as SelectQuery;
}

/** Whether the condition searches all rows of the organization. The few rows of an owner are searched one by one. */
function isSearch([, operator]: Condition, { page }: PagedList): boolean {
  return operator === 'matches' && page?.owners === undefined;
}

/** Returns the condition that an index of the order begins with; `undefined` if no index does. */
function dividerOf(where: readonly Condition[], { indexed }: Order): Condition | undefined {
  const equal = where.filter(([, operator]) => operator === '=');
  const property = indexed.find((name) => equal.some(([column]) => column === name));
  return equal.find(([column]) => column === property);
}

/** Returns the end of the order that the condition cuts off, if it compares the column of the order. */
function endOf([column, operator]: Condition, { properties }: Order): 'lower' | 'upper' | null {
  if (column !== properties[0]) return null;
  return operator === '>=' ? 'lower' : operator === '<=' ? 'upper' : null;
}

type ColumnValue = readonly [column: string, value: RawBuilder<unknown>];

/**
 * A range of rows in an order. The organization is compared by an equal sign, so that PostgreSQL reads one partition if the tables are partitioned by
 * organization.
 */
class Range {
  /** The column that the index must begin with, and its value. */
  private readonly prefix: ColumnValue[] = [];
  private readonly keys: string[];
  private readonly others: RawBuilder<SqlBool>[] = [];
  private readonly ends: { lower?: RawBuilder<unknown>; upper?: RawBuilder<unknown> } = {};

  constructor(
    private readonly meta: EntityMetadata,
    private readonly list: PagedList,
    private readonly page: Page,
  ) {
    const { order, owners } = page;
    this.keys = order.properties.map((property) => columnOf(meta, property));
    const [prefix] = prefixOf(meta, list, page);
    const divider = dividerOf(list.where, order);
    if (owners !== undefined) this.others.push(sql`${sql.ref(columnOf(meta, owners.reference))} = ${sql.ref('owner.id')}`);
    for (const [index, condition] of list.where.entries()) {
      const value = conditionValue(index);
      const end = endOf(condition, order);
      if (isSearch(condition, list)) continue;
      if (prefix !== undefined && condition === divider) this.prefix.push([prefix, value]);
      else if (end !== null) this.ends[end] = value;
      else this.others.push(conditionSql(meta, condition, value, ORGANIZATION));
    }
  }

  rows(lower: Bound, upper: Bound): SelectQuery {
    const conditions = [...this.bound('>', lower, this.ends.lower), ...this.bound('<', upper, this.ends.upper), ...this.others];
    const rows = tableOf(this.meta, this.list).selectAll().where('organization_id', '=', ORGANIZATION);
    return ordered(
      conditions.reduce((query, condition) => query.where(condition), rows),
      orderOfPage(this.meta, this.list, this.page),
    );
  }

  private bound(operator: '>' | '<', { by, isStrict }: Bound, end: RawBuilder<unknown> | undefined): RawBuilder<SqlBool>[] {
    const ends: ColumnValue[] = end === undefined ? [] : [[this.keys[0] as string, end]];
    if (by === null) return compare(`${operator}=`, [...this.prefix, ...ends]);
    const position = this.keys.map((key, index): ColumnValue => [key, parameter<PagedList>(({ page }) => page?.[by]?.[index])]);
    // A cursor that the client got with this filter lies within the filter's range, so the index is searched by the cursor.
    return [...compare(isStrict ? operator : `${operator}=`, [...this.prefix, ...position]), ...compare(`${operator}=`, ends)];
  }
}

/** Compares the columns together, in their order. */
function compare(operator: string, values: readonly ColumnValue[]): RawBuilder<SqlBool>[] {
  if (values.length === 0) return [];
  const columns = sql.join(values.map(([column]) => sql.ref(column)));
  return [sql`(${columns}) ${sql.raw(operator)} (${sql.join(values.map(([, value]) => value))})`];
}

/** Returns the statement that counts the rows of the list, for each owner if it has owners. It stops beyond {@link MAX_COUNT}. */
export function countStatement(meta: EntityMetadata, list: PagedList & { readonly page: Page }): Statement {
  const { where, page } = list;
  const kind = `count ${meta.tableName} ${where.map(([column, operator]) => `${column} ${operator}`)} ${page.owners?.reference}`;
  return memoize(STATEMENTS, WHOLE, kind, () => {
    let rows = tableOf(meta, list).where('organization_id', '=', ORGANIZATION);
    if (page.owners) rows = rows.whereRef(columnOf(meta, page.owners.reference), '=', 'owner.id');
    for (const [index, condition] of where.entries())
      if (!isSearch(condition, list)) rows = rows.where(conditionSql(meta, condition, conditionValue(index), ORGANIZATION));
    const limited = rows.select(sql.lit(1).as('one')).limit(sql.lit(MAX_COUNT + 1));
    return prepared<PagedList>(perPage(page, sql`(select count(*)::int from (${limited}) counted)`));
  }).statement(list);
}

/** Returns the statement that asks for each owner whether the list has rows on the other side of the cursor that the page begins with. */
export function othersStatement(meta: EntityMetadata, list: PagedList & { readonly page: Page }): Statement {
  const { where, page } = list;
  const kind = `others ${meta.tableName} ${where.map(([column, operator]) => `${column} ${operator}`)} ${kindOfPage(page)}`;
  return memoize(STATEMENTS, WHOLE, kind, () => {
    const end: Bound = { by: page.isBackward ? 'before' : 'after', isStrict: false };
    const isUpper = page.order.isDescending === page.isBackward;
    const reversed = new Range(meta, list, { ...page, isBackward: !page.isBackward });
    const rows = reversed.rows(isUpper ? OPEN : end, isUpper ? end : OPEN).limit(sql.lit(1));
    // PostgreSQL ignores the order within exists (…), and would not search the index.
    return prepared<PagedList>(perPage(page, sql`(select true from (${rows}) other)`));
  }).statement(list);
}

const STATEMENTS: Memo<Prepared<PagedList>> = new WeakMap();

/** Selects the value for the page, or for the page of each owner. */
function perPage({ owners }: Page, value: RawBuilder<unknown>): SelectQuery {
  return (db.selectFrom(owners ? OWNERS : NOBODY) as SelectQuery).select([sql.ref('owner.id').as('owner'), value.as('value')]);
}
