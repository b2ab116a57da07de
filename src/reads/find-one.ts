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

/** Returns a row of the caller's organization with the selected columns and relations; `null` if none has the id. */
export async function findById<E extends Owned>(
  { em, actor }: Reader,
  info: GraphQLResolveInfo,
  entity: EntityClass<E>,
  id: string,
): Promise<Row<E> | null> {
  const numericId = parseId(id);
  return numericId === null ? null : findOne({ em, actor }, info, entity, ['id', '=', numericId]);
}

/**
 * Returns a row of the caller's organization with the selected columns and relations; `null` if none fulfils the condition.
 *
 * @param condition which at most one row fulfils
 */
export async function findOne<E extends Owned>(
  { em, actor }: Reader,
  info: GraphQLResolveInfo,
  entity: EntityClass<E>,
  condition: Condition<Filterable<E>>,
): Promise<Row<E> | null> {
  const list = { organizationId: actor.organization.id, where: [condition] };
  const [row] = await readRows(em, entity, list, selectionOf(info, metadataOf(em, entity)));
  return row ?? null;
}
