import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { isSelected, isToOne, type Memo, memoize, metadataOf, prefixOf, type Selection, WHOLE } from './columns.js';
import type { ResultRow } from './query.js';

/**
 * Returns an entity for each row, without registering it in the identity map. Use it for rows that are only read, or that only triggers change:
 * change tracking is the most expensive part of the ORM.
 *
 * @param organization the owner of all rows; `null` if the rows contain it
 * @param selection the selection by which the rows were read; it must select whole rows
 * @example const accounts = mapRows(em, Account, organization, rows);
 */
export function mapRows<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization | null,
  rows: readonly ResultRow[],
  selection = WHOLE,
): T[] {
  const meta = metadataOf(em, entity);
  const isRead = organization === null ? isAny : isNotOrganization;
  const mapper = memoize(ENTITY_MAPPERS, selection, `${meta.tableName} ${organization !== null}`, () =>
    mapperOf(em.getPlatform(), ENTITIES, meta, selection, isRead),
  );
  return rows.map(mapper(organization === null ? {} : { organization })) as T[];
}

/**
 * Returns a plain object for each row, with the selected properties and without the entity's methods. To-one relations that are not
 * selected are {@link Reference}s. The objects have neither the organization nor to-many relations that may have several rows.
 *
 * @param rows with columns named by {@link columnNames}
 */
export function mapPlainRows(em: EntityManager, meta: EntityMetadata, selection: Selection, rows: readonly ResultRow[]): object[] {
  const mapper = memoize(PLAIN_MAPPERS, selection, meta.tableName, () =>
    mapperOf(em.getPlatform(), PLAIN, meta, selection, isNotOrganization),
  );
  return rows.map(mapper({})) as object[];
}

/** Memoized mappers keep these functions. Within another function, they would keep its variables too, and so the rows of a result. */
const isAny = (): boolean => true;
const isNotOrganization = ({ name }: EntityProperty): boolean => name !== 'organization';

/** The value of a to-one relation whose row was not read, only its id. */
export class Reference {
  constructor(readonly id: number) {}
}

type Values = Record<string, unknown>;

/** Creates the objects that rows are mapped to. */
interface Factory {
  object(of: { readonly prototype: object }): Values;
  reference(to: { readonly prototype: object }, id: number): object;
}

const ENTITIES: Factory = {
  object: ({ prototype }) => Object.create(prototype),
  reference: ({ prototype }, id) => Object.assign(Object.create(prototype), { id }),
};

const PLAIN: Factory = {
  object: () => ({}),
  reference: (_to, id) => new Reference(id),
};

/**
 * Maps the rows of one result. Rows with the same id, and the same organization if they contain it, get the same object.
 *
 * @param common properties of every object
 */
type Mapper = (common: Values) => (row: ResultRow) => object | null;

const ENTITY_MAPPERS: Memo<Mapper> = new WeakMap();
const PLAIN_MAPPERS: Memo<Mapper> = new WeakMap();

function mapperOf(
  platform: Platform,
  factory: Factory,
  meta: EntityMetadata,
  { properties, relations: selected }: Selection,
  isRead: (property: EntityProperty) => boolean,
  path = '',
): Mapper {
  const prefix = prefixOf(path);
  const idColumn = `${prefix}id`;
  const props = meta.props.filter((property) => isSelected(properties, property) && isRead(property));
  const scalars = props.filter(({ kind }) => kind === 'scalar').map(scalarOf(platform, prefix));
  const embedded = props.filter(({ kind }) => kind === 'embedded').map(({ name, embeddable }) => [name, embeddable] as const);
  const organization = props.find(({ name }) => name === 'organization');
  const keyOf = (row: ResultRow): unknown =>
    organization ? `${row[prefix + organization.fieldNames[0]]} ${row[idColumn]}` : row[idColumn];
  const relations = props.filter(isToOne).flatMap(({ name, kind, fieldNames, targetMeta }) => {
    const target = targetMeta as EntityMetadata;
    const selection = selected.get(name);
    if (selection === undefined)
      return kind === 'm:1' ? [[name, referenceOf(factory, target, prefix + fieldNames[0])] as const] : [];
    const mapper = mapperOf(platform, factory, target, selection, isRead, path === '' ? name : `${path}.${name}`);
    return [[name, kind === 'm:1' ? mapper : asArray(mapper)] as const];
  });
  return (common) => {
    const related = relations.map(([name, mapper]) => [name, mapper(common)] as const);
    const mapped = new Map<unknown, object>();
    return (row) => {
      if (row[idColumn] === null) return null;
      const key = keyOf(row);
      const known = mapped.get(key);
      if (known !== undefined) return known;
      const values = Object.assign(factory.object(meta), common);
      mapped.set(key, values);
      for (const [name, embeddable] of embedded) values[name] = factory.object(embeddable);
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

/** Makes the mapper of a to-many relation that has at most one row. */
function asArray(mapper: Mapper): Mapper {
  return (common) => {
    const map = mapper(common);
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
  /** Name of the embedded object that has the property. */
  readonly within: string | undefined;
  readonly read: ((value: unknown) => unknown) | undefined;
}

function referenceOf(factory: Factory, target: EntityMetadata, column: string): Mapper {
  return () => (row) => {
    const id = row[column];
    return id === null ? null : factory.reference(target, Number(id));
  };
}
