import type { EntityClass, FilterQuery, QueryOrderMap } from '@mikro-orm/core';
import type { Context } from '../context.js';
import { type Owned, parseId } from '../entities/owned.js';
import { findOwned } from '../services/find-owned.js';
import type { PageArgs } from './inputs/page.args.js';

/** One row of the caller's organization. */
export function findById<T extends Owned>({ em, actor }: Context, entity: EntityClass<T>, id: string): Promise<T | null> {
  return findOwned(em, entity, actor.organization, id);
}

/** A page of the caller's organization's rows, in the order of their ids. */
export function findPage<T extends Owned>(
  { em, actor }: Context,
  entity: EntityClass<T>,
  page: PageArgs,
  filter: object = {},
): Promise<T[]> {
  const where = { ...filter, organization: actor.organization.id, id: { $gt: afterId(page) } };
  return em.find(entity, where as FilterQuery<T>, { orderBy: { id: 'asc' } as QueryOrderMap<T>, limit: page.first });
}

/** The id that a page begins after; ids begin at 1. */
export function afterId({ after }: PageArgs): number {
  return (after && parseId(after)) || 0;
}
