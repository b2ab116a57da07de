import type { Collection, EntityClass, EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import type { Actor } from '../auth/actor.js';
import { type Owned, parseId } from '../entities/owned.js';
import { isLoaded } from '../orm/row-mapping.js';
import { type Condition, readRows } from './rows.js';
import { selectionOf } from './selection.js';

/** Who reads, and through which unit of work. */
interface Reader {
  readonly em: EntityManager;
  readonly actor: Actor;
}

/** A page of a list in the order of its ids. */
interface Page {
  readonly first: number;
  /** Id of the last row that is known; absent: the page begins with the first one. */
  readonly after?: string | null;
}

/** One row of the caller's organization, with the relations that are asked for. */
export async function findById<T extends Owned>(
  { em, actor }: Reader,
  info: GraphQLResolveInfo,
  entity: EntityClass<T>,
  id: string,
): Promise<T | null> {
  const key = parseId(id);
  if (key === null) return null;
  const selection = selectionOf(info, em.getMetadata().get(entity) as EntityMetadata);
  const [row] = await readRows(em, entity, actor.organization, { where: [['id', '=', key]], selection });
  return row ?? null;
}

/** A page of the caller's organization's rows with the relations that are asked for, in the order of their ids. */
export function findPage<T extends Owned>(
  { em, actor }: Reader,
  info: GraphQLResolveInfo,
  entity: EntityClass<T>,
  page: Page,
  where: readonly Condition[] = [],
): Promise<T[]> {
  const selection = selectionOf(info, em.getMetadata().get(entity) as EntityMetadata);
  return readRows(em, entity, actor.organization, { where, page: { after: afterId(page), first: page.first }, selection });
}

/** The relation itself if it came along, or else what the loader reads. */
export function related<T extends Owned>(loader: DataLoader<number, T>, relation: T): T | Promise<T> {
  return isLoaded(relation) ? relation : loader.load(relation.id);
}

/** The collection's rows if they came along, or else what the loader reads. */
export function relatedRows<T extends Owned>(
  loader: DataLoader<number, T[]>,
  owner: Owned,
  collection: Collection<T> | T[] | undefined,
): T[] | Promise<T[]> {
  if (Array.isArray(collection)) return collection;
  return collection?.isInitialized() ? collection.getItems() : loader.load(owner.id);
}

/** The id that a page begins after; ids begin at 1. */
export function afterId({ after }: Page): number {
  return (after && parseId(after)) || 0;
}
