import type { EntityClass, EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { FieldNode, GraphQLResolveInfo } from 'graphql';
import type { Actor } from '../auth/actor.js';
import type { Owned } from '../entities/owned.js';
import { TooManyMatches } from '../errors.js';
import { type Memo, memoize, metadataOf, type Selection } from '../orm/columns.js';
import { searchInTurn } from '../orm/driver.js';
import { runInOrder } from '../orm/in-order.js';
import { combine, type Query, query, run, type Statement } from '../orm/query.js';
import { BoundedSearch } from './bounded-search.js';
import { conditionsOf, type Filterable, type Filters } from './filters.js';
import { KEYS, type Key, type Order, readCursor, writeCursor } from './orders.js';
import {
  comparedRows,
  countStatement,
  isInOrderOfIds,
  isReadInOrder,
  isSearch,
  isSorted,
  MAX_COUNT,
  MAX_PAGE,
  othersStatement,
  type Page,
  unreadStatement,
} from './pages.js';
import type { ColumnOf, ReferenceOf, Row } from './read-model.js';
import { listQuery } from './rows.js';
import type { SearchedList } from './search-statements.js';
import { type ConnectionSelection, connectionSelectionOf } from './selection.js';
import type { List } from './statements.js';

/** A list that clients read in pages. */
export interface PagedList<E extends Owned, Filter extends object> {
  /** Its name, which its cursors contain. */
  readonly name: string;
  readonly entity: EntityClass<E>;
  /** The orders by their names in the API, such as `DATE_DESC`. */
  readonly orders: ReadonlyMap<string, Order>;
  readonly filters: Filters<E, Filter>;
  /** The properties that an index of the organization's rows begins with. */
  readonly indexed: readonly string[];
  /** The to-one relation of a row to its owner, if each list belongs to an owner, such as the refunds of a credit note. */
  readonly reference?: ReferenceOf<E>;
}

/** What a list is ordered by: the id if no column is named. */
interface OrderColumn<E extends Owned> {
  /** What it is called in descriptions. */
  readonly by: string;
  readonly column?: ColumnOf<E>;
  readonly type?: Exclude<keyof typeof KEYS, 'id'>;
  /** The columns with an index that begins with them and goes on in this order. The one that narrows a list most comes first. */
  readonly indexed?: readonly Filterable<E>[];
}

/**
 * Declares a list. Each order exists in both directions, and has an index that begins with the organization.
 *
 * @example
 * export const CUSTOMERS = pagedList<Customer, CustomerFilter>('customers', Customer, {
 *   orders: { ID: BY_ID, NAME: { by: 'name', column: 'displayName', type: 'text' } },
 *   filters: { currencyCode: ['currencyCode', '='] },
 * });
 */
export function pagedList<E extends Owned, Filter extends object>(
  name: string,
  entity: EntityClass<E>,
  { orders, filters }: { readonly orders: Readonly<Record<string, OrderColumn<E>>>; readonly filters: Filters<E, Filter> },
): PagedList<E, Filter> {
  const both = Object.entries(orders).flatMap(([name, order]) => [orderOf(name, order, false), orderOf(name, order, true)]);
  const indexed = both.flatMap(({ properties, indexed }) => [properties[0] ?? 'id', ...indexed]);
  return { name, entity, filters, orders: new Map(both.map((order) => [order.name, order])), indexed: [...new Set(indexed)] };
}

function orderOf<E extends Owned>(key: string, { by, column, type, indexed = [] }: OrderColumn<E>, isDescending: boolean): Order {
  const keys: Key[] = type === undefined ? [KEYS.id] : [KEYS[type], KEYS.id];
  const properties = column === undefined ? ['id'] : [column, 'id'];
  const [suffix, direction] = isDescending ? ['DESC', 'descending'] : ['ASC', 'ascending'];
  const description =
    column === undefined ? `By ${by}: the ${isDescending ? 'newest' : 'oldest'} first.` : `By ${by}, ${direction}.`;
  return { name: `${key}_${suffix}`, description, properties, keys, indexed, isDescending };
}

/** Declares the same list for each owner, such as the refunds of a credit note. */
export function within<E extends Owned, Filter extends object>(
  name: string,
  list: PagedList<E, Filter>,
  reference: ReferenceOf<E>,
): PagedList<E, Filter> {
  return { ...list, name, reference };
}

/** The arguments of a connection. */
export interface PageArguments<Filter> {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly orderBy: string;
  readonly filter?: Filter | null;
}

/** The caller, and the EntityManager of the request. */
interface Reader {
  readonly em: EntityManager;
  readonly actor: Actor;
}

/**
 * Reads a page of the caller's organization's rows, with what the query selects of them: in one round trip, if an index has the filter and the order.
 *
 * @throws {TooManyMatches} if no index has them, and the rows are not found among so many as a page may read
 */
export async function findConnection<E extends Owned, Filter extends object>(
  reader: Reader,
  info: GraphQLResolveInfo,
  list: PagedList<E, Filter>,
  args: PageArguments<Filter>,
): Promise<Connection<E>> {
  const meta = metadataOf(reader.em, list.entity);
  const request = requestOf(reader.actor, list, args);
  const selection = connectionSelectionOf(info, meta);
  const found = isReadInOrder(request)
    ? await readInOrder(reader.em, meta, request, selection)
    : await search(reader.em, meta, { ...request, indexed: list.indexed }, selection);
  return new Connection(list.name, request.page, found);
}

/** Loads what the field nodes select together. A node that stands in a fragment may be merged with others in one place, and not in another. */
interface ConnectionLoader {
  readonly nodes: readonly FieldNode[];
  readonly loader: DataLoader<number, unknown>;
}

/** Returns the loader of the owners' connections in one request: all owners that a field of the query has are read together. */
export function createOwnedConnections(em: EntityManager, actor: () => Actor) {
  const loaders: ConnectionLoader[] = [];

  /** Returns the connection of one owner, such as the refunds of a credit note. */
  return function load<E extends Owned, Filter extends object>(
    info: GraphQLResolveInfo,
    list: PagedList<E, Filter>,
    args: PageArguments<Filter>,
    owner: { readonly id: number },
  ): Promise<Connection<E>> {
    const { fieldNodes } = info;
    let found = loaders.find(
      ({ nodes }) => nodes.length === fieldNodes.length && nodes.every((node, at) => node === fieldNodes[at]),
    );
    if (found === undefined) {
      found = { nodes: fieldNodes, loader: loaderOf(em, actor, info, list, args) };
      loaders.push(found);
    }
    return found.loader.load(owner.id) as Promise<Connection<E>>;
  };
}

function loaderOf<E extends Owned, Filter extends object>(
  em: EntityManager,
  actor: () => Actor,
  info: GraphQLResolveInfo,
  list: PagedList<E, Filter>,
  args: PageArguments<Filter>,
): DataLoader<number, Connection<E>> {
  const meta = metadataOf(em, list.entity);
  const selection = connectionSelectionOf(info, meta);
  return new DataLoader<number, Connection<E>>(async (ids) => {
    const connections = () => run(em, ownedQuery({ em, actor: actor() }, meta, list, args, selection, ids));
    const [read] = await (args.filter ? searchInTurn(em, connections) : connections());
    return read;
  });
}

type Values = Record<string, unknown>;

/** The rows of a page, beginning with the one next to its cursor, and what else the query selects. */
interface Found {
  readonly rows: readonly object[];
  readonly count: number | null;
  /** Whether all rows of the list have been counted, up to {@link MAX_COUNT}; by default, they have. */
  readonly isCountComplete?: boolean | undefined;
  /** Whether the list has rows on the other side of the cursor that the page begins with. */
  readonly hasOthers: boolean;
  /** The same for the cursor that the page ends at, such as `before` of the first rows. */
  readonly hasBeyond: boolean;
}

async function readInOrder(
  em: EntityManager,
  meta: EntityMetadata,
  request: Request,
  selection: ConnectionSelection,
): Promise<Found> {
  const parts = combine(partsOf(em, meta, request, selection, []), (found) => found);
  const [rows, counts, others, beyond] = isInOrderOfIds(request.page) ? (await run(em, parts))[0] : await runInOrder(em, parts);
  const count = counts === null ? null : Number(counts[0]?.value);
  return { rows, count, hasOthers: others?.[0]?.value === true, hasBeyond: beyond?.[0]?.value === true };
}

/** The number of rows that are compared with a filter first. */
const FIRST_COMPARED = 1_000;

/**
 * Reads the rows of the page that are among the first ones in its order, in one round trip. If they do not fill it and there are more, its rows are looked
 * for. Words are looked for at once, since comparing them takes longer.
 */
async function search(
  em: EntityManager,
  meta: EntityMetadata,
  request: SearchedList,
  selection: ConnectionSelection,
): Promise<Found> {
  const { rows, hasRows, isCounted } = selection;
  const { page, where } = request;
  const readsFirst = hasRows && !where.some(isSearch);
  const among = { ...request, compared: FIRST_COMPARED };
  const parts = partsOf(em, meta, among, { ...selection, hasRows: readsFirst, isCounted: false }, []);
  const first = combine(parts, (found) => found);
  const [read, , others, beyond] = await searchInTurn(em, () => runInOrder(em, first));
  const isFound = !hasRows || (readsFirst && (read.length === page.size || !(await hasUnread())));
  const found = new BoundedSearch(em, meta, request);
  const rowsOfPage = isFound ? read : await readFound();
  const counted = isCounted ? await found.count() : null;
  return {
    rows: rowsOfPage,
    count: counted?.count ?? null,
    isCountComplete: counted?.isComplete,
    hasOthers: others?.[0]?.value === true,
    hasBeyond: beyond?.[0]?.value === true,
  };

  /** Whether the list has rows that have not been compared. A full page need not ask: to read as many rows takes a fifth of its time. */
  async function hasUnread(): Promise<boolean> {
    const [unread] = await searchInTurn(em, () => runInOrder(em, valuesOf(unreadStatement(meta, among, 'page'))));
    return unread?.value === true;
  }

  async function readFound(): Promise<readonly object[]> {
    const ids = await found.ids();
    if (ids.length === 0) return [];
    const [rowsOfIds] = await run(em, listQuery(em, meta, { ...request, ids }, withColumns(rows, page.order.properties)));
    return rowsOfIds;
  }
}

function ownedQuery<E extends Owned, Filter extends object>(
  reader: Reader,
  meta: EntityMetadata,
  list: PagedList<E, Filter>,
  args: PageArguments<Filter>,
  selection: ConnectionSelection,
  ids: readonly number[],
): Query<(Connection<E> | TooManyMatches)[]> {
  const reference: string = list.reference ?? '';
  const { page, ...request } = requestOf(reader.actor, list, args);
  const owned = { ...request, page: { ...page, owners: { reference, ids } } };
  const [areSorted, areAll] = [isSorted(owned), isReadInOrder(owned)];
  const unread = (range: 'page' | 'list') => valuesOf(unreadStatement(meta, owned, range));
  const parts = [
    ...partsOf(reader.em, meta, owned, selection, [reference]),
    selection.hasRows && (areSorted || !areAll) ? unread('page') : NOTHING,
    selection.isCounted && owned.where.length > 0 && (areSorted || !areAll) ? unread('list') : NOTHING,
  ] as const;
  return combine(parts, ([rows, counts, others, beyond, unreadOfPage, unreadOfList]) => {
    const rowsOf = Map.groupBy(rows as Values[], (row) => (row[reference] as { readonly id: number }).id);
    const countOf = counts && new Map(counts.map(({ owner, value }) => [Number(owner), Number(value)]));
    const [otherOwners, ownersBeyond] = [ownersIn(others), ownersIn(beyond)];
    const [pagesCut, countsCut] = [ownersIn(unreadOfPage), ownersIn(unreadOfList)];
    return ids.map((id) => {
      const rows = rowsOf.get(id) ?? [];
      if ((areSorted || rows.length < page.size) && pagesCut.has(id))
        return new TooManyMatches(comparedRows(owned), areSorted ? 'orderBy' : 'filter');
      const count = countOf && (countOf.get(id) ?? 0);
      const [hasOthers, hasBeyond] = [otherOwners.has(id), ownersBeyond.has(id)];
      const found = { rows, count, isCountComplete: !countsCut.has(id), hasOthers, hasBeyond };
      return new Connection<E>(list.name, page, found);
    });
  });
}

/** Returns the owners for which the value is true. */
function ownersIn(values: readonly Values[] | null): ReadonlySet<number> {
  return new Set(values?.flatMap(({ owner, value }) => (value === true ? Number(owner) : [])));
}

type Request = List & { readonly page: Page };

function requestOf<E extends Owned, Filter extends object>(
  actor: Actor,
  { name, orders, filters }: PagedList<E, Filter>,
  { first, after, last, before, orderBy, filter }: PageArguments<Filter>,
): Request {
  const order = orders.get(orderBy);
  if (order === undefined) throw new Error(`the list ${name} has no order ${orderBy}`);
  const position = (cursor: string | null | undefined) => (cursor ? readCursor(name, order, cursor) : null);
  const isBackward = last !== undefined && last !== null;
  const size = (isBackward ? last : (first ?? MAX_PAGE)) + 1;
  const where = filter ? conditionsOf(filters, filter, actor) : [];
  const page = { order, after: position(after), before: position(before), isBackward, size };
  return { organizationId: actor.organization.id, where, page };
}

/** Returns the queries of the rows, of their count, and of rows beyond each of the page's cursors; those that are not selected have no statement. */
function partsOf(
  em: EntityManager,
  meta: EntityMetadata,
  request: Request,
  selection: ConnectionSelection,
  columns: readonly string[],
) {
  const { page } = request;
  const { rows, hasRows, isCounted } = selection;
  const others = (page: Page) => {
    const list = { ...request, page };
    return needsOthers(page, selection) ? valuesOf(othersStatement(meta, list)) : NOTHING;
  };
  return [
    hasRows ? listQuery(em, meta, request, withColumns(rows, [...page.order.properties, ...columns])) : NO_ROWS,
    isCounted ? valuesOf(countStatement(meta, request)) : NOTHING,
    others(page),
    others(oppositeOf(page)),
  ] as const;
}

/** Returns the page in the opposite direction: it begins with the cursor that this one ends at. */
function oppositeOf(page: Page): Page {
  return { ...page, isBackward: !page.isBackward };
}

/** Whether the query selects whether there are rows on the other side of the page's cursor. Without a cursor there are none. */
function needsOthers({ after, before, isBackward }: Page, { pageInfo }: ConnectionSelection): boolean {
  return isBackward ? before !== null && pageInfo.has('hasNextPage') : after !== null && pageInfo.has('hasPreviousPage');
}

function valuesOf({ text, values }: Statement): Query<readonly Values[]> {
  return query(text, values, (rows) => rows);
}

const NO_ROWS: Query<object[]> = { statements: [], read: () => [] };
const NOTHING: Query<null> = { statements: [], read: () => null };

/** Adds the columns that cursors are made of. Memoized, because the statements are memoized by the selection. */
function withColumns(selection: Selection, columns: readonly string[]): Selection {
  return memoize(WITH_COLUMNS, selection, columns.join(), () => ({
    ...selection,
    properties: selection.properties && new Set([...selection.properties, ...columns]),
  }));
}

const WITH_COLUMNS: Memo<Selection> = new WeakMap();

/** A page of a list, as the Relay specification describes it: https://relay.dev/graphql/connections.htm */
export class Connection<E extends Owned> {
  readonly nodes: readonly Row<E>[];
  private readonly hasMore: boolean;

  constructor(
    private readonly list: string,
    private readonly page: Page,
    private readonly found: Found,
  ) {
    const rows = found.rows.slice(0, page.size - 1);
    this.hasMore = found.rows.length === page.size;
    this.nodes = (page.isBackward ? rows.reverse() : rows) as Row<E>[];
  }

  get edges(): { readonly cursor: string; readonly node: Row<E> }[] {
    return this.nodes.map((node) => ({ cursor: this.cursorOf(node), node }));
  }

  get pageInfo() {
    const { found, page } = this;
    const hasMore = this.hasMore || found.hasBeyond;
    const [start, end] = [this.nodes[0], this.nodes.at(-1)];
    return {
      hasNextPage: page.isBackward ? found.hasOthers : hasMore,
      hasPreviousPage: page.isBackward ? hasMore : found.hasOthers,
      startCursor: start === undefined ? null : this.cursorOf(start),
      endCursor: end === undefined ? null : this.cursorOf(end),
    };
  }

  get totalCount(): number {
    return Math.min(this.found.count ?? 0, MAX_COUNT);
  }

  get totalCountIsCapped(): boolean {
    return (this.found.count ?? 0) > MAX_COUNT || this.found.isCountComplete === false;
  }

  private cursorOf(row: Row<E>): string {
    return writeCursor(this.list, this.page.order, row);
  }
}
