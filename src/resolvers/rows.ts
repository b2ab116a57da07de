import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import type { Row } from '../database-driver.js';
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

/**
 * Reads rows to be shown. They are of the entities' classes, but no unit of work knows them: what is only shown need not be
 * watched for changes, and watching is most of what the ORM costs. A relation that does not come along has just its id.
 */
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
    `select ${ROOT}.*${along.map((path) => joinedColumns(meta, path)).join('')}
     from (
       select * from ${meta.tableName} where organization_id = ? ${conditions.join(' ')} order by ${order} limit ?
     ) ${ROOT}${along.map((path) => join(meta, path)).join('')} order by ${ROOT}.${order}`,
    [organization.id, ...where.map(([, , value]) => value), limit],
  );
  return showRows(em, entity, organization, rows, along);
}

function columnOf(meta: EntityMetadata, property: string): string {
  return propertyOf(meta, property.replace('.', '_')).fieldNames[0] as string;
}

function joinedColumns(meta: EntityMetadata, path: string): string {
  const properties = targetOf(meta, path).props.filter(({ kind }) => kind === 'scalar' || kind === 'm:1');
  return properties.map(({ fieldNames: [column] }) => `, ${alias(path)}.${column} as "${alias(path)}__${column}"`).join('');
}

/** Each reference carries the organization in the database, so what is joined by its id alone is of the same one. */
function join(meta: EntityMetadata, path: string): string {
  const owner = path.slice(0, Math.max(path.lastIndexOf('.'), 0));
  const name = path.slice(path.lastIndexOf('.') + 1);
  const [column] = propertyOf(targetOf(meta, owner), name).fieldNames;
  return ` left join ${targetOf(meta, path).tableName} ${alias(path)} on ${alias(path)}.id = ${alias(owner)}.${column}`;
}

/** Rows of a statement of one's own, which has all columns of the entity's table. */
export function showRows<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization,
  rows: readonly Row[],
  along: readonly string[] = [],
): T[] {
  const reader = readerOf(em, em.getMetadata().get(entity) as EntityMetadata, organization, '', new Set(along));
  return rows.map((row) => reader(row) as T);
}

type Shown = Record<string, unknown>;

const ROOT = 'root';

/** One path's rows are read once each, however many rows refer to them. */
function readerOf(
  em: EntityManager,
  meta: EntityMetadata,
  organization: Organization,
  path: string,
  along: ReadonlySet<string>,
): (row: Row) => object | null {
  const platform = em.getPlatform();
  const prefix = path === '' ? '' : `${alias(path)}__`;
  const scalars = meta.props.filter(({ kind }) => kind === 'scalar').map(scalarOf(platform, prefix));
  const embedded = meta.props.filter(({ kind }) => kind === 'embedded').map(({ name, embeddable }) => [name, embeddable] as const);
  const relations = meta.props
    .filter(({ name, kind }) => kind === 'm:1' && name !== 'organization')
    .map(({ name, fieldNames, targetMeta }) => {
      const target = targetMeta as EntityMetadata;
      const inner = path === '' ? name : `${path}.${name}`;
      const read = along.has(inner)
        ? readerOf(em, target, organization, inner, along)
        : referenceTo(target, prefix + fieldNames[0]);
      return [name, read] as const;
    });
  const prototype = shownPrototype(meta);
  const known = new Map<unknown, object>();
  return (row) => {
    const id = row[`${prefix}id`];
    if (id === null) return null;
    const before = known.get(id);
    if (before !== undefined) return before;
    const shown: Shown = Object.create(prototype);
    known.set(id, shown);
    shown.organization = organization;
    for (const [name, { prototype }] of embedded) shown[name] = Object.create(prototype);
    for (const { column, name, within, read } of scalars) {
      const value = row[column];
      const target = within === undefined ? shown : (shown[within] as Shown);
      target[name] = value === null || read === undefined ? value : read(value);
    }
    for (const [name, read] of relations) shown[name] = read(row);
    return shown;
  };
}

function scalarOf(platform: Platform, prefix: string): (property: EntityProperty) => Scalar {
  return ({ name, fieldNames, customType, runtimeType, embedded }) => {
    const read = customType
      ? (value: unknown) => customType.convertToJSValue(value, platform)
      : runtimeType === 'Date'
        ? (value: unknown) => platform.parseDate(value as string)
        : undefined;
    return { column: prefix + fieldNames[0], name: embedded?.[1] ?? name, within: embedded?.[0], read };
  };
}

interface Scalar {
  readonly column: string;
  readonly name: string;
  /** The embedded object that it is a part of. */
  readonly within: string | undefined;
  readonly read: ((value: unknown) => unknown) | undefined;
}

function referenceTo(meta: EntityMetadata, column: string): (row: Row) => object | null {
  const prototype = shownPrototype(meta);
  return (row) => {
    const id = row[column];
    if (id === null) return null;
    const reference: Shown = Object.create(prototype);
    reference.id = Number(id);
    return reference;
  };
}

/** The entity's own behaviour, with plain properties in place of the watched ones. */
function shownPrototype({ prototype, props }: EntityMetadata): object {
  const plain = { value: undefined, writable: true, configurable: true, enumerable: true };
  let shown = PROTOTYPES.get(prototype);
  if (shown === undefined) {
    shown = Object.create(prototype, Object.fromEntries(props.map(({ name }) => [name, plain]))) as object;
    PROTOTYPES.set(prototype, shown);
  }
  return shown;
}

const PROTOTYPES = new WeakMap<object, object>();

function alias(path: string): string {
  return path === '' ? ROOT : path.replaceAll('.', '_').toLowerCase();
}

/** The entity at the end of a path. */
function targetOf(meta: EntityMetadata, path: string): EntityMetadata {
  if (path === '') return meta;
  return path.split('.').reduce((meta, name) => propertyOf(meta, name).targetMeta as EntityMetadata, meta);
}

function propertyOf(meta: EntityMetadata, name: string): EntityProperty {
  return (meta.properties as Record<string, EntityProperty>)[name] as EntityProperty;
}
