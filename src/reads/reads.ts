import type { EntityClass } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Actor } from '../auth/actor.js';
import { type Owned, parseId } from '../entities/owned.js';
import { metadataOf } from '../orm/columns.js';
import type { Condition, Filterable } from './filters.js';
import type { Row } from './read-model.js';
import { readRows } from './rows.js';
import { selectionOf } from './selection.js';

/** The caller, and the EntityManager of the request. */
interface Reader {
  readonly em: EntityManager;
  readonly actor: Actor;
}

/** A page of a list, which is in the order of the ids. */
interface Page {
  readonly first: number;
  /** Id of the last row of the previous page. Absent: the page begins with the first row. */
  readonly after?: string | null;
}

/** Returns a row of the caller's organization with the selected columns and relations; `null` if none has the id. */
export async function findById<E extends Owned>(
  { em, actor }: Reader,
  info: GraphQLResolveInfo,
  entity: EntityClass<E>,
  id: string,
): Promise<Row<E> | null> {
  const key = parseId(id);
  if (key === null) return null;
  const list = { organizationId: actor.organization.id, where: [['id', '=', key] as const] };
  const [row] = await readRows(em, entity, list, selectionOf(info, metadataOf(em, entity)));
  return row ?? null;
}

/**
 * Returns a page of the caller's organization's rows with the selected columns and relations, in the order of their ids.
 *
 * @example findPage(context, info, Refund, page, conditionsOf(filters, input))
 */
export function findPage<E extends Owned>(
  { em, actor }: Reader,
  info: GraphQLResolveInfo,
  entity: EntityClass<E>,
  page: Page,
  where: readonly Condition<Filterable<E>>[] = [],
): Promise<Row<E>[]> {
  const list = { organizationId: actor.organization.id, where, page: { after: afterId(page), first: page.first } };
  return readRows(em, entity, list, selectionOf(info, metadataOf(em, entity)));
}

/** Returns the id after which a page begins; 0, which is before all ids, for the first page. */
export function afterId({ after }: Page): number {
  return (after && parseId(after)) || 0;
}
