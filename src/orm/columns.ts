import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';

/** The properties and relations of an entity that a statement reads. */
export interface Selection {
  /** The entity's own properties; `null` selects all. The id is always selected. */
  readonly properties: ReadonlySet<string> | null;
  /** The relations that are read in the same round trip. Of any other to-one relation only the id is read. */
  readonly relations: ReadonlyMap<string, Selection>;
}

/** Selects the whole row and no relation. */
export const WHOLE: Selection = { properties: null, relations: new Map() };

/**
 * Selects the whole row and the whole rows of these relations.
 *
 * Create a selection once, as a constant: values that are computed from it are memoized by the object.
 *
 * @example const WITH_ACCOUNT = wholeWith('account');
 */
export function wholeWith(...relations: readonly string[]): Selection {
  return { properties: null, relations: new Map(relations.map((name) => [name, WHOLE])) };
}

/** Values computed from a selection. An entry lives as long as its selection does. */
export type Memo<T> = WeakMap<Selection, Map<string, T>>;

/** The most values of a selection. Keys contain the filters and orders that clients combine, and there are millions of combinations. */
export const MAX_MEMOIZED = 500;

/** Returns the memoized value for the selection and the key, and computes it the first time. The oldest value makes room for a new one. */
export function memoize<T>(memo: Memo<T>, selection: Selection, key: string, compute: () => T): T {
  const values = memo.get(selection) ?? new Map<string, T>();
  memo.set(selection, values);
  const known = values.get(key);
  if (known !== undefined) return known;
  const value = compute();
  const [oldest] = values.keys();
  if (oldest !== undefined && values.size >= MAX_MEMOIZED) values.delete(oldest);
  values.set(key, value);
  return value;
}

/**
 * Returns the columns of the entity's table, separated by commas. Each column is named: a prepared statement with `*` fails when a migration
 * adds a column.
 *
 * @param path path of relations from the root of the statement to this table, such as `creditNote.customer`; {@link aliasOf} the path must be the
 *   table's alias in the statement
 * @example `select ${columnsOf(em, Branch)} from branches where organization_id = $1`
 */
export function columnsOf(em: EntityManager, entity: EntityClass<object>, path = ''): string {
  const meta = metadataOf(em, entity);
  return memoize(COLUMNS, WHOLE, `${meta.tableName} ${path}`, () => {
    const alias = aliasOf(path);
    return meta.props
      .filter(isColumn)
      .map((property) => {
        const name = property.fieldNames[0] as string;
        if (property.formula) return `${formulaOf(meta, property.formula, alias)} as ${prefixOf(path)}${name}`;
        return path === '' ? name : `${alias}.${name} as ${prefixOf(path)}${name}`;
      })
      .join(', ');
  });
}

const COLUMNS: Memo<string> = new WeakMap();

/** Returns the names of the selected columns, without the foreign keys of selected relations: the rows of these contain their ids. */
export function columnNames(meta: EntityMetadata, { properties, relations }: Selection): string[] {
  return meta.props
    .filter((property) => isColumn(property) && isSelected(properties, property) && !relations.has(property.name))
    .map(({ fieldNames }) => fieldNames[0] as string);
}

/** Returns the column of a property, or of a property of an embedded object such as `provenance.createdBy`. */
export function columnOf(meta: EntityMetadata, property: string): string {
  return propertyOf(meta, property.replace('.', '_')).fieldNames[0] as string;
}

/** Returns the metadata of a property; throws an error if the entity has no such property. */
export function propertyOf(meta: EntityMetadata, name: string): EntityProperty {
  const property = (meta.properties as Record<string, EntityProperty | undefined>)[name];
  if (property === undefined) throw new Error(`${meta.className} has no property ${name}`);
  return property;
}

/** @param alias the table's alias in the statement; empty if the statement reads no other table */
function formulaOf(meta: EntityMetadata, formula: NonNullable<EntityProperty['formula']>, alias: string): string {
  const { tableName } = meta;
  const table = { alias, name: tableName, qualifiedName: tableName, toString: () => alias };
  return String(formula(meta.createColumnMappingObject(alias === '' ? undefined : alias), table));
}

/** Returns the alias of a relation's table in a statement. */
export function aliasOf(path: string): string {
  return path.replaceAll('.', '_').toLowerCase();
}

/** Returns the prefix of a relation's columns in a row. */
export function prefixOf(path: string): string {
  return path === '' ? '' : `${aliasOf(path)}__`;
}

/** Whether a selection contains the property. The id is always selected. */
export function isSelected(properties: ReadonlySet<string> | null, { name, embedded }: EntityProperty): boolean {
  return properties === null || name === 'id' || properties.has(embedded?.[0] ?? name);
}

/**
 * Whether the relation has at most one row. This includes a to-many relation whose foreign key is unique. MikroORM 7.2 lists the unique keys of several
 * columns in the metadata of the root entity only, and not in those of the property.
 */
export function isToOne({ kind, mappedBy, targetMeta }: EntityProperty): boolean {
  return kind === 'm:1' || (kind === '1:m' && targetMeta?.root.uniques.some(({ properties }) => properties === mappedBy) === true);
}

/** Whether the entity's own table has a column for the property. */
export function isColumn({ kind }: EntityProperty): boolean {
  return kind === 'scalar' || kind === 'm:1';
}

/** Returns MikroORM's metadata of an entity. */
export function metadataOf(em: EntityManager, entity: EntityClass<object>): EntityMetadata {
  return em.getMetadata().get(entity) as EntityMetadata;
}
