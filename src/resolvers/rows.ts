import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Row } from '../database-driver.js';
import { aliasOf, columnsOf, detached } from '../detached.js';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';

/** A property of the entity, or of what is embedded in it (`provenance.createdBy`), and what its column must be. */
export type Condition = readonly [property: string, operator: '=' | '>' | 'in', value: unknown];

/** What is to be read of an organization's rows. */
export interface Reading {
  readonly where: readonly Condition[];
  /** The property that tells the order. */
  readonly orderBy?: string;
  readonly limit?: number | null;
  /** Paths of to-one relations that are to come along in the same statement, each after the path that it begins with. */
  readonly along?: readonly string[];
}

/** Reads rows to be shown, {@link detached}. A relation that does not come along has just its id. */
export async function readRows<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization,
  { where, orderBy = 'id', limit = null, along = [] }: Reading,
): Promise<T[]> {
  const meta = em.getMetadata().get(entity) as EntityMetadata;
  const conditions = where.map(
    ([property, operator]) => `and ${columnOf(meta, property)} ${operator} ${operator === 'in' ? '(?)' : '?'}`,
  );
  const order = columnOf(meta, orderBy);
  // The page first, and then what is joined to it: so it is also cheap to plan, which is done anew each time.
  const rows = await em.execute<Row[]>(
    `select ${ROOT}.*${along.map((path) => `, ${columnsOf(em, targetOf(meta, path).class, path)}`).join('')}
     from (
       select ${columnsOf(em, entity)} from ${meta.tableName} where organization_id = ? ${conditions.join(' ')} order by ${order} limit ?
     ) ${ROOT}${along.map((path) => join(meta, path)).join('')} order by ${ROOT}.${order}`,
    [organization.id, ...where.map(([, , value]) => value), limit],
  );
  return detached(em, entity, organization, rows, along);
}

function columnOf(meta: EntityMetadata, property: string): string {
  return propertyOf(meta, property.replace('.', '_')).fieldNames[0] as string;
}

/** Each reference carries the organization in the database, so what is joined by its id alone is of the same one. */
function join(meta: EntityMetadata, path: string): string {
  const owner = path.slice(0, Math.max(path.lastIndexOf('.'), 0));
  const name = path.slice(path.lastIndexOf('.') + 1);
  const [column] = propertyOf(targetOf(meta, owner), name).fieldNames;
  return ` left join ${targetOf(meta, path).tableName} ${alias(path)} on ${alias(path)}.id = ${alias(owner)}.${column}`;
}

const ROOT = 'root';

function alias(path: string): string {
  return path === '' ? ROOT : aliasOf(path);
}

/** The entity at the end of a path. */
function targetOf(meta: EntityMetadata, path: string): EntityMetadata {
  if (path === '') return meta;
  return path.split('.').reduce((meta, name) => propertyOf(meta, name).targetMeta as EntityMetadata, meta);
}

function propertyOf(meta: EntityMetadata, name: string): EntityProperty {
  return (meta.properties as Record<string, EntityProperty>)[name] as EntityProperty;
}
