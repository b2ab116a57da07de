import type { EntityClass, EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { FieldNode, GraphQLResolveInfo } from 'graphql';
import type { Actor } from '../auth/actor.js';
import type { Owned } from '../entities/owned.js';
import { type Memo, memoize, metadataOf, type Selection } from '../orm/columns.js';
import { combine, type Query, query, run, type Statement } from '../orm/query.js';
import { conditionsOf, type Filterable, type Filters } from './filters.js';
import { KEYS, type Key, type Order, readCursor, writeCursor } from './orders.js';
import { countStatement, MAX_COUNT, MAX_PAGE, othersStatement, type Page } from './pages.js';
import type { ColumnOf, ReferenceOf, Row } from './read-model.js';
import { listQuery, plannedFor, withValues } from './rows.js';
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
  return { name, entity, filters, orders: new Map(both.map((order) => [order.name, order])) };
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

/** Reads a page of the caller's organization's rows, with what the query selects of them, in one round trip. */
export async function findConnection<E extends Owned, Filter extends object>(
  reader: Reader,
  info: GraphQLResolveInfo,
  list: PagedList<E, Filter>,
  args: PageArguments<Filter>,
): Promise<Connection<E>> {
  const meta = metadataOf(reader.em, list.entity);
  const [connection] = await run(reader.em, connectionQuery(reader, meta, list, args, connectionSelectionOf(info, meta)));
  return connection;
}

/** The connections of the owners in one request: all owners that a field of the query has are read together. */
export type OwnedConnections = ReturnType<typeof createOwnedConnections>;

export function createOwnedConnections(em: EntityManager, actor: () => Actor) {
  const loaders = new Map<FieldNode | undefined, DataLoader<number, unknown>>();

  /** Returns the connection of one owner, such as the refunds of a credit note. */
  return function load<E extends Owned, Filter extends object>(
    info: GraphQLResolveInfo,
    list: PagedList<E, Filter>,
    args: PageArguments<Filter>,
    owner: { readonly id: number },
  ): Promise<Connection<E>> {
    const [node] = info.fieldNodes;
    const loader = loaders.get(node) ?? loaderOf(em, actor, info, list, args);
    loaders.set(node, loader);
    return loader.load(owner.id) as Promise<Connection<E>>;
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
  return new DataLoader(async (ids) => {
    const [connections] = await run(em, ownedQuery({ em, actor: actor() }, meta, list, args, selection, ids));
    return connections;
  });
}

type Values = Record<string, unknown>;

/** The rows of a page, beginning with the one next to its cursor, and what else the query selects. */
interface Found {
  readonly rows: readonly object[];
  readonly count: number | null;
  readonly hasOthers: boolean;
}

function connectionQuery<E extends Owned, Filter extends object>(
  reader: Reader,
  meta: EntityMetadata,
  list: PagedList<E, Filter>,
  args: PageArguments<Filter>,
  selection: ConnectionSelection,
): Query<Connection<E>> {
  const request = requestOf(reader.actor, list, args);
  const { rows, counts, others } = partsOf(reader.em, meta, request, selection, []);
  return combine([rows, counts, others], ([rows, counts, others]) => {
    const found = { rows, count: counts === null ? null : Number(counts[0]?.value), hasOthers: others?.[0]?.value === true };
    return new Connection(list.name, request.page, found);
  });
}

function ownedQuery<E extends Owned, Filter extends object>(
  reader: Reader,
  meta: EntityMetadata,
  list: PagedList<E, Filter>,
  args: PageArguments<Filter>,
  selection: ConnectionSelection,
  ids: readonly number[],
): Query<Connection<E>[]> {
  const reference: string = list.reference ?? '';
  const { page, ...request } = requestOf(reader.actor, list, args);
  const owned = { ...request, page: { ...page, owners: { reference, ids } } };
  const { rows, counts, others } = partsOf(reader.em, meta, owned, selection, [reference]);
  return combine([rows, counts, others], ([rows, counts, others]) => {
    const rowsOf = Map.groupBy(rows as Values[], (row) => (row[reference] as { readonly id: number }).id);
    const countOf = counts && new Map(counts.map(({ owner, value }) => [Number(owner), Number(value)]));
    const otherOwners = new Set(others?.flatMap(({ owner, value }) => (value === true ? Number(owner) : [])));
    return ids.map((id) => {
      const found = { rows: rowsOf.get(id) ?? [], count: countOf && (countOf.get(id) ?? 0), hasOthers: otherOwners.has(id) };
      return new Connection<E>(list.name, page, found);
    });
  });
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

/** Returns the queries of the rows, of their count, and of rows beyond the page's cursor; those that are not selected have no statement. */
function partsOf(
  em: EntityManager,
  meta: EntityMetadata,
  request: Request,
  { rows, hasRows, isCounted, hasPageInfo }: ConnectionSelection,
  columns: readonly string[],
) {
  const { order, after, before, isBackward } = request.page;
  const hasCursor = (isBackward ? before : after) !== null;
  return {
    rows: hasRows ? listQuery(em, meta, request, withColumns(rows, [...order.properties, ...columns])) : NO_ROWS,
    counts: isCounted ? valuesOf(countOf(em, meta, request)) : NOTHING,
    others: hasPageInfo && hasCursor ? valuesOf(plannedFor(em, request, othersStatement(meta, request))) : NOTHING,
  };
}

/** A filter is planned for its values: a rare one is counted in its index, and a common one wherever 10,000 rows are found first. */
function countOf(em: EntityManager, meta: EntityMetadata, request: Request): Statement {
  const statement = countStatement(meta, request);
  return request.where.length === 0 ? statement : withValues(em, statement);
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
    const { hasMore, found, page } = this;
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
    return (this.found.count ?? 0) > MAX_COUNT;
  }

  private cursorOf(row: Row<E>): string {
    return writeCursor(this.list, this.page.order, row);
  }
}
