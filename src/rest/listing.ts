import type { EntityClass } from '@mikro-orm/core';
import { Type } from '@sinclair/typebox';
import { Refusals } from '../domain-error.js';
import type { Owned } from '../entities/owned.js';
import { TooManyMatches } from '../errors.js';
import { metadataOf } from '../orm/columns.js';
import { BoundedSearch } from '../reads/bounded-search.js';
import type { Condition, Filterable } from '../reads/filters.js';
import type { ColumnOf, WholeRow } from '../reads/read-model.js';
import { type Columns, countSlice, readColumns, readWhole } from '../reads/rows.js';
import type { List, Slice } from '../reads/statements.js';
import type { Context } from '../request/context.js';
import { count, id } from './fields.js';
import { type Choices, readChoices, type SearchedAs } from './list-choices.js';
import { parametersIn, snakeCase } from './names.js';
import type { Parameter } from './openapi/headers.js';
import { type Listing, type NumberedPage, nextLink, pageTooLarge, readPage, sliceOf } from './paging.js';
import { costOfPage } from './read-costs.js';
import type { Call } from './route.js';

export type Where<E extends Owned> = List<Filterable<E>>['where'];

export const Pagination = Type.Object({ total: count, page: id, page_size: id });

/**
 * Reads the page of the rows that the request names, with a Link to the next page if there is one. Nothing is read before there is room for it: if there is
 * none for a full page, the rows are counted first.
 *
 * @param columns those that the reply needs; all by default
 * @throws {InvalidInput} if the page is malformed, if the request asks for a filter or an order that the list lacks, or if the page is longer than usual and
 * its lines cost more than an operation may
 */
export async function listed<E extends Owned, K extends ColumnOf<E> = ColumnOf<E>>(
  call: Call,
  entity: EntityClass<E>,
  where: Where<E>,
  listing: Listing,
  columns?: Columns<K>,
) {
  const { context, request, reply } = call;
  const refusals = new Refusals();
  const page = refusals.check(() => readPage(request.query, listing.sizes));
  const choices = refusals.check(() => readChoices(request.query, listing));
  if (page === undefined || choices === undefined) throw refusals.all();
  const { isDescending, meta } = choices;
  const list: SliceOf<E> = {
    organizationId: context.actor.organization.id,
    where: (choices.where as Where<E> | undefined) ?? where,
    orderBy: choices.orderBy as Filterable<E>,
    isDescending,
    slice: sliceOf(page),
  };
  if (choices.search !== undefined && listing.searchedAs !== undefined) {
    return searched(call, entity, list, { page, meta, listing, search: choices.search, searchedAs: listing.searchedAs }, columns);
  }
  const needsCount = listing.hasTotal === true || listing.lines !== undefined;
  const isAdmitted = !needsCount && call.admitNow(costOfPage(listing.cost, page.size, 0));
  const counted = isAdmitted ? null : await admitCounted(call, entity, list, listing);
  // Without a count, one row more than the page has shows whether there are any behind it.
  const slice = { ...list.slice, limit: page.size + (counted === null ? 1 : 0) };
  const found = await readColumns(context.em, entity, { ...list, slice }, columns);
  const total = counted ?? slice.offset + found.length;
  const next = nextLink(request.url, page, total);
  if (next !== undefined) reply.header('link', next);
  return {
    rows: found.slice(0, page.size),
    pagination: { total, page: page.number, page_size: page.size },
    filter_meta: meta,
  };
}

type SliceOf<E extends Owned> = List<Filterable<E>> & { readonly slice: Slice };

interface Search {
  readonly page: NumberedPage;
  readonly meta: Choices['meta'];
  readonly listing: Listing;
  readonly search: string;
  readonly searchedAs: SearchedAs;
}

/**
 * Reads a page of the rows that have the words, and no more rows on the way to it than a search of GraphQL may read.
 *
 * @throws {TooManyMatches}
 */
async function searched<E extends Owned, K extends ColumnOf<E>>(
  call: Call,
  entity: EntityClass<E>,
  list: SliceOf<E>,
  { page, meta, listing, search, searchedAs }: Search,
  columns: Columns<K> | undefined,
) {
  const { em, actor } = call.context;
  const { orders, indexed, conditions } = searchedAs;
  const { orderBy, isDescending = false, slice } = list;
  const order = [...orders.values()].find((each) => each.properties[0] === orderBy && each.isDescending === isDescending);
  if (order === undefined) throw new Error(`a search has no order by ${String(orderBy)}`);
  const read = { order, after: null, before: null, isBackward: false, size: slice.offset + slice.limit };
  const { organizationId } = list;
  const where = [...((list.where ?? []) as readonly Condition[]), ...conditions(search, actor)];
  const matches = new BoundedSearch(em, metadataOf(em, entity), { organizationId, where, page: read, indexed });
  const [ids, total] = await withFieldName(async () => [(await matches.ids()).slice(slice.offset), await matches.total()] as const);
  const found = { ...list, where: [['id', 'in', ids] as const] as Where<E>, slice: { offset: 0, limit: slice.limit } };
  await admitCounted(call, entity, found, listing);
  const rows = ids.length === 0 ? [] : await readColumns(em, entity, found, columns);
  const next = nextLink(call.request.url, page, total);
  if (next !== undefined) call.reply.header('link', next);
  return { rows, pagination: { total, page: page.number, page_size: page.size }, filter_meta: meta };
}

/** The search has another name in GraphQL. */
async function withFieldName<T>(search: () => Promise<T>): Promise<T> {
  try {
    return await search();
  } catch (error) {
    if (error instanceof TooManyMatches) error.field = 'search_keyword';
    throw error;
  }
}

/** Counts the rows of the slice, waits until there is room for them, and returns the number of rows of the list, or up to one behind the slice. */
async function admitCounted<E extends Owned>(
  { context, limit, admit }: Call,
  entity: EntityClass<E>,
  list: SliceOf<E>,
  listing: Listing,
): Promise<number> {
  const counted = { items: listing.lines, needsTotal: listing.hasTotal === true };
  const { total, rows, items } = await countSlice(context.em, entity, list, counted);
  const cost = costOfPage(listing.cost, rows, items);
  if (cost > limit && items > 0 && rows > listing.sizes.usual) throw pageTooLarge(rows, items);
  await admit(cost);
  return total;
}

/** The parameters that ask for the inactive records of a list instead of the active ones, by the names that the legacy API has. */
export type InactiveParameter = 'onlyInactive' | 'inactiveMode';

/** Returns the condition of a list that has active records, unless the parameter asks for the inactive ones. */
export function whetherActive({ request }: Call, parameter: InactiveParameter) {
  const value = parametersIn(request.query)[parameter];
  const isInactive = typeof value === 'string' && ['true', '1'].includes(value.trim().toLowerCase());
  return ['active', '=', !isInactive] as const;
}

/** Returns the declaration of such a parameter. */
export function inactiveParameter(parameter: InactiveParameter): Parameter {
  const description = 'Whether the inactive records are returned, instead of the active ones.';
  return { name: snakeCase(parameter), in: 'query', description, schema: { type: 'boolean', default: false } };
}

/** Reads one record of the caller's organization; `undefined` if there is none. */
export async function one<E extends Owned>(
  { em, actor }: Context,
  entity: EntityClass<E>,
  where: Where<E>,
): Promise<WholeRow<E> | undefined> {
  const [row] = await readWhole(em, entity, { organizationId: actor.organization.id, where });
  return row;
}
