import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { isSelected, isToOne, metadataOf, prefixOf } from './columns.js';
import { type Memo, memoize, type Selection, WHOLE } from './selection.js';
import type { Row } from './statement.js';

/**
 * Returns an entity for each row, without registering it in the identity map. Use it for rows that are only read, or that
 * only triggers change: tracking changes is most of what the ORM costs.
 *
 * @param organization the owner of all rows; `null` if the selection reads it
 * @param selection the properties that the rows hold, in columns named by {@link columnsOf}. To-many relations are not mapped
 * @example const accounts = mapRows(em, Account, organization, rows);
 */
export function mapRows<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization | null,
  rows: readonly Row[],
  selection = WHOLE,
): T[] {
  const meta = metadataOf(em, entity);
  const isOwnerKnown = organization !== null;
  const mapper = memoize(MAPPERS, selection, `${meta.tableName} ${isOwnerKnown}`, () =>
    mapperOf(em.getPlatform(), meta, isOwnerKnown, '', selection),
  );
  const map = mapper(organization);
  return rows.map((row) => map(row) as T);
}

/** Whether the entity has been read, whole or in part. Otherwise it is a reference that holds an id only. */
export function isLoaded(entity: Owned): boolean {
  // The database sets the time of creation, so an entity that has one comes from a whole row.
  return entity.createdAt !== undefined || PARTIAL in entity;
}

const PARTIAL = Symbol('partial');

type Values = Record<string | symbol, unknown>;

/** Maps the rows of one result: rows that refer to the same id get the same entity. */
type Mapper = (organization: Organization | null) => (row: Row) => object | null;

const MAPPERS: Memo<Mapper> = new WeakMap();

function mapperOf(
  platform: Platform,
  meta: EntityMetadata,
  isOwnerKnown: boolean,
  path: string,
  { properties, relations: selected }: Selection,
): Mapper {
  const prefix = prefixOf(path);
  const idColumn = `${prefix}id`;
  const props = meta.props.filter((property) => isSelected(properties, property));
  const scalars = props.filter(({ kind }) => kind === 'scalar').map(scalarOf(platform, prefix));
  const embedded = props.filter(({ kind }) => kind === 'embedded').map(({ name, embeddable }) => [name, embeddable] as const);
  const relations = props
    .filter((property) => isToOne(property) && !(isOwnerKnown && property.name === 'organization'))
    .flatMap(({ name, kind, fieldNames, targetMeta }) => {
      const target = targetMeta as EntityMetadata;
      const selection = selected.get(name);
      if (selection === undefined) return kind === 'm:1' ? [[name, referenceTo(target, prefix + fieldNames[0])] as const] : [];
      const mapper = mapperOf(platform, target, isOwnerKnown, path === '' ? name : `${path}.${name}`, selection);
      return [[name, kind === 'm:1' ? mapper : asArray(mapper)] as const];
    });
  const { prototype } = meta;
  return (organization) => {
    const related = relations.map(([name, mapper]) => [name, mapper(organization)] as const);
    const mapped = new Map<unknown, object>();
    return (row) => {
      const id = row[idColumn];
      if (id === null) return null;
      const known = mapped.get(id);
      if (known !== undefined) return known;
      const values: Values = Object.create(prototype);
      mapped.set(id, values);
      if (properties !== null) values[PARTIAL] = true;
      if (organization !== null) values.organization = organization;
      for (const [name, { prototype }] of embedded) values[name] = Object.create(prototype);
      for (const { column, name, within, read } of scalars) {
        const value = row[column];
        const target = within === undefined ? values : (values[within] as Values);
        target[name] = value === null || read === undefined ? value : read(value);
      }
      for (const [name, map] of related) values[name] = map(row);
      return values;
    };
  };
}

/** For a to-many relation that has one row at most. */
function asArray(mapper: Mapper): Mapper {
  return (organization) => {
    const map = mapper(organization);
    return (row) => {
      const item = map(row);
      return item === null ? [] : [item];
    };
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
  /** Name of the embedded object that holds it. */
  readonly within: string | undefined;
  readonly read: ((value: unknown) => unknown) | undefined;
}

function referenceTo({ prototype }: EntityMetadata, column: string): Mapper {
  return () => (row) => {
    const id = row[column];
    if (id === null) return null;
    const reference: Values = Object.create(prototype);
    reference.id = Number(id);
    return reference;
  };
}
