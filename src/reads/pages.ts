import type { EntityMetadata } from '@mikro-orm/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { columnOf, type Memo, memoize, WHOLE } from '../orm/columns.js';
import type { Statement } from '../orm/query.js';
import { db, type Prepared, parameter, prepared, type SelectQuery } from '../orm/query-builder.js';
import { type Condition, conditionSql, kindOfConditions } from './filters.js';
import type { Order, Position } from './orders.js';

/** Maximum number of rows of a page. */
export const MAX_PAGE = 100;

/** The largest number of rows that is counted exactly. */
export const MAX_COUNT = 10_000;

/** The largest number of an index's entries for one condition of a filter, if the rows of all of them may be read. */
export const MAX_ENTRIES = 100_000;

/** The largest number of rows that are read one after the other and compared with a filter. */
export const MAX_READ = 50_000;

/** The same for a search, which takes ten times as long for each row as a comparison of columns. */
export const MAX_SEARCHED = 10_000;

/** The same as {@link MAX_READ} for the lists of several owners together. */
const MAX_READ_OF_OWNERS = 200_000;

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

interface Owners {
  /** The to-one relation of the list's rows to their owner. */
  readonly reference: string;
  readonly ids: readonly number[];
}

/** What a statement knows of a list. */
export interface PagedList {
  readonly organizationId: number;
  readonly where: readonly Condition[];
  readonly page?: Page;
  /** The rows of the page, if they have been found before: see `bounded-search.ts`. */
  readonly ids?: readonly number[];
  /** Only so many rows are compared with the filter, in the order of the page. */
  readonly compared?: number;
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

/** @param prefix stands before each column: the name of its table and a dot */
export function ordered(query: SelectQuery, by: readonly OrderBy[], prefix = ''): SelectQuery {
  return by.reduce((query, [column, direction]) => query.orderBy(`${prefix}${column}`, direction), query);
}

/** Returns the order in which the rows of the page are read. */
export function orderOfPage(meta: EntityMetadata, list: PagedList, page: Page): OrderBy[] {
  const columns = [...prefixOf(meta, list), ...page.order.properties.map((property) => columnOf(meta, property))];
  return columns.map((column) => [column, directionOf(page)]);
}

function directionOf({ order, isBackward }: Page): 'asc' | 'desc' {
  return order.isDescending === isBackward ? 'asc' : 'desc';
}

/** Selects the rows of the page; with owners, those of the page of each owner. */
export function rowsOfPage(meta: EntityMetadata, list: PagedList, page: Page): SelectQuery {
  const within = cursorsOf(page);
  if (page.owners === undefined) {
    const rows = list.compared === undefined ? new Range(meta, list, page).rows(...within) : filtered(meta, list, page, within);
    return rows.limit(sql.lit(MAX_PAGE + 1));
  }
  const rows = filtered(meta, list, page, within).limit(PAGE_SIZE);
  return (db.selectFrom(OWNERS) as SelectQuery).crossJoinLateral(rows.as('item')).selectAll('item') as SelectQuery;
}

/** Returns the ends of the page, the lower one first. */
export function cursorsOf({ order, after, before }: Page): [lower: Bound, upper: Bound] {
  const ends: [Bound, Bound] = [
    { by: after && 'after', isStrict: true },
    { by: before && 'before', isStrict: true },
  ];
  return order.isDescending ? [ends[1], ends[0]] : ends;
}

/** Returns the ends of what lies on the other side of the cursor that the page begins with. */
function othersOf({ order, isBackward }: Page): [lower: Bound, upper: Bound] {
  const end: Bound = { by: isBackward ? 'before' : 'after', isStrict: false };
  return order.isDescending === isBackward ? [OPEN, end] : [end, OPEN];
}

/**
 * Selects the rows in the range. Only so many of them are compared with the filter as {@link comparedRows} allows, unless the range itself consists of
 * the rows that fit; and only so many of an owner are sorted.
 */
function filtered(meta: EntityMetadata, list: PagedList, page: Page, [lower, upper]: readonly [Bound, Bound]): SelectQuery {
  if (isSorted(list)) return new Range(meta, list, page, () => true, rowsOfOwner(meta, page, COMPARED)).rows(lower, upper);
  if (isReadInOrder(list)) return new Range(meta, list, page).rows(lower, upper);
  const read = new Range(meta, list, page, (condition) => isInRange(condition, list)).rows(lower, upper).limit(COMPARED);
  const rows = db.selectFrom(read.as(meta.tableName)).selectAll() as SelectQuery;
  return ordered(
    withConditions(rows, meta, list, (condition) => !isInRange(condition, list)),
    orderOfPage(meta, list, page),
  );
}

/** Selects the oldest rows of the owner. */
function rowsOfOwner(meta: EntityMetadata, { owners }: Page, limit: RawBuilder<number>, offset?: RawBuilder<number>): SelectQuery {
  const reference = columnOf(meta, owners?.reference ?? '');
  const rows = (db.selectFrom(meta.tableName).selectAll() as SelectQuery)
    .where('organization_id', '=', ORGANIZATION)
    .where(reference, '=', sql.ref('owner.id'))
    .orderBy('id')
    .limit(limit);
  return db.selectFrom((offset === undefined ? rows : rows.offset(offset)).as(meta.tableName)) as SelectQuery;
}

/** Adds the conditions of the list to a query of its rows. */
export function withConditions(
  rows: SelectQuery,
  meta: EntityMetadata,
  { where }: PagedList,
  isIncluded: (condition: Condition) => boolean,
): SelectQuery {
  return where.reduce(
    (query, condition, place) =>
      isIncluded(condition) ? query.where(conditionSql(meta, condition, conditionValue(place), ORGANIZATION)) : query,
    rows,
  );
}

/** Returns how many rows of the list, or of each owner, are compared with a filter or sorted. */
export function comparedRows({ where, page, compared }: PagedList): number {
  if (compared !== undefined) return compared;
  const owners = page?.owners?.ids.length ?? 1;
  const rows = Math.min(MAX_READ, Math.floor(MAX_READ_OF_OWNERS / owners));
  return where.some(isSearch) ? Math.ceil(rows * (MAX_SEARCHED / MAX_READ)) : rows;
}

export const PAGE_SIZE = parameter<PagedList, number>(({ page }) => page?.size);
const COMPARED = parameter<PagedList, number>(comparedRows);
const OWNERS = sql`unnest(${parameter<PagedList>(({ page }) => page?.owners?.ids)}::bigint[])`.as(sql`owner (id)`);
/** A single row, for a list without owners. */
const NOBODY = sql`(values (0))`.as(sql`owner (id)`);

/** One end of a range: a position, or the range of the filter if there is none. */
export interface Bound {
  readonly by: 'after' | 'before' | null;
  readonly isStrict: boolean;
}

export const OPEN: Bound = { by: null, isStrict: false };

/** Whether the list is in the order of ids, which has an index for each filter that divides it. */
export function isInOrderOfIds({ order }: Page): boolean {
  return order.properties.length === 1;
}

/** Whether the rows of each owner are sorted: no index has them in the order of the page. */
export function isSorted({ page }: PagedList): boolean {
  return page?.owners !== undefined && !page.order.indexed.includes(page.owners.reference);
}

/** Whether one index has the rows of the list, and no others, in the order of the page. */
export function isReadInOrder(list: PagedList): boolean {
  return list.where.every((condition) => isInRange(condition, list));
}

/** Whether the rows that fulfil the condition follow each other in the order of the page. */
export function isInRange(condition: Condition, list: PagedList): boolean {
  const { page } = list;
  return page !== undefined && (condition === dividerOf(list) || endOf(condition, page.order) !== null);
}

/**
 * Returns the filter's column that the index must begin with, in a statement that is planned once. It is compared and ordered together with the id, and
 * not as equal to its value: so only this index has the order.
 */
function prefixOf(meta: EntityMetadata, list: PagedList): string[] {
  const divider = dividerOf(list);
  return divider === undefined || list.ids !== undefined ? [] : [columnOf(meta, String(divider[0]))];
}

/** Returns the table. If the rows of the page are known, only these: `offset 0` makes PostgreSQL look them up, whatever it expects of the filter. */
function tableOf({ tableName }: EntityMetadata, { ids }: PagedList): SelectQuery {
  if (ids === undefined) return db.selectFrom(tableName) as SelectQuery;
  const rows = db.selectFrom(tableName).selectAll().where('organization_id', '=', ORGANIZATION).where('id', '=', sql`any (${IDS})`);
  return db.selectFrom(rows.offset(sql.lit(0)).as(tableName)) as SelectQuery;
}

const IDS = parameter<PagedList>(({ ids }) => ids);

/** Whether the condition looks for words. */
export function isSearch([, operator]: Condition): boolean {
  return operator === 'matches';
}

/** Returns the condition that an index of the order begins with; `undefined` if no index does. */
function dividerOf({ where, page }: PagedList): Condition | undefined {
  // Only the order of ids has such indexes.
  if (page === undefined || page.owners !== undefined || page.order.properties.length > 1) return undefined;
  const equal = where.filter(([, operator]) => operator === '=');
  const property = page.order.indexed.find((name) => equal.some(([column]) => column === name));
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
export class Range {
  /** The column that the index must begin with, and its value. */
  private readonly prefix: ColumnValue[] = [];
  private readonly keys: string[];
  private readonly others: RawBuilder<SqlBool>[] = [];
  private readonly ends: { lower?: RawBuilder<unknown>; upper?: RawBuilder<unknown> } = {};

  /**
   * @param isIncluded whether the range fulfils the condition; by default, it fulfils all
   * @param table the table, or a query of some of its rows
   */
  constructor(
    private readonly meta: EntityMetadata,
    private readonly list: PagedList,
    private readonly page: Page,
    isIncluded: (condition: Condition) => boolean = () => true,
    private readonly table: SelectQuery = tableOf(meta, list),
  ) {
    const { order, owners } = page;
    this.keys = order.properties.map((property) => columnOf(meta, property));
    const [prefix] = prefixOf(meta, list);
    const divider = dividerOf(list);
    if (owners !== undefined) this.others.push(sql`${sql.ref(columnOf(meta, owners.reference))} = ${sql.ref('owner.id')}`);
    for (const [place, condition] of list.where.entries()) {
      if (!isIncluded(condition)) continue;
      const value = conditionValue(place);
      const end = endOf(condition, order);
      if (prefix !== undefined && condition === divider) this.prefix.push([prefix, value]);
      else if (end !== null) this.ends[end] = value;
      else this.others.push(conditionSql(meta, condition, value, ORGANIZATION));
    }
  }

  rows(lower: Bound, upper: Bound): SelectQuery {
    const conditions = [...this.bound('>', lower, this.ends.lower), ...this.bound('<', upper, this.ends.upper), ...this.others];
    const rows = this.table.selectAll().where('organization_id', '=', ORGANIZATION);
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
  const { page } = list;
  return memoize(STATEMENTS, WHOLE, kindOf('count', meta, list), () => {
    const max = sql.lit(MAX_COUNT + 1);
    const isWhole = isSorted(list) && list.where.length === 0;
    const rows = isWhole ? rowsOfOwner(meta, page, max) : filtered(meta, list, page, [OPEN, OPEN]).clearSelect().limit(max);
    return prepared<PagedList>(perPage(page, sql`(select count(*)::int from (${rows.select(sql.lit(1).as('one'))}) counted)`));
  }).statement(list);
}

/** Returns the statement that asks for each owner whether the list has rows on the other side of the cursor that the page begins with. */
export function othersStatement(meta: EntityMetadata, list: PagedList & { readonly page: Page }): Statement {
  const { page } = list;
  return memoize(STATEMENTS, WHOLE, kindOf('others', meta, list), () => {
    const rows = filtered(meta, list, { ...page, isBackward: !page.isBackward }, othersOf(page)).limit(sql.lit(1));
    // PostgreSQL ignores the order within exists (…), and would not search the index.
    return prepared<PagedList>(perPage(page, sql`(select true from (${rows}) other)`));
  }).statement(list);
}

/** Returns the statement that asks whether the list, or that of each owner, has more rows than are compared with the filter or sorted. */
export function unreadStatement(
  meta: EntityMetadata,
  list: PagedList & { readonly page: Page },
  range: 'page' | 'list',
): Statement {
  const { page } = list;
  return memoize(STATEMENTS, WHOLE, kindOf(`unread ${range}`, meta, list), () => {
    const ends = range === 'page' ? cursorsOf(page) : ([OPEN, OPEN] as const);
    const rows = isSorted(list)
      ? rowsOfOwner(meta, page, sql.lit(1), COMPARED).selectAll()
      : new Range(meta, list, page, (condition) => isInRange(condition, list))
          .rows(...ends)
          .offset(COMPARED)
          .limit(sql.lit(1));
    return prepared<PagedList>(perPage(page, sql`(select true from (${rows}) unread)`));
  }).statement(list);
}

/** Returns a key of the memo. */
function kindOf(purpose: string, { tableName }: EntityMetadata, { where, page }: PagedList & { readonly page: Page }): string {
  return `${purpose} ${tableName} ${kindOfConditions(where)} ${kindOfPage(page)}`;
}

const STATEMENTS: Memo<Prepared<PagedList>> = new WeakMap();

/** Selects the value for the page, or for the page of each owner. */
function perPage({ owners }: Page, value: RawBuilder<unknown>): SelectQuery {
  return (db.selectFrom(owners ? OWNERS : NOBODY) as SelectQuery).select([sql.ref('owner.id').as('owner'), value.as('value')]);
}
