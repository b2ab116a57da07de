import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { executeTogether, type Row, type Statement } from './driver.js';

/** What is read of an entity's rows. */
export interface Shape {
  /** Its own properties; `null` is all. Its id is always among them. */
  readonly properties: ReadonlySet<string> | null;
  /** The relations that come along. Of other relations there is just the id. */
  readonly relations: ReadonlyMap<string, Shape>;
}

/** Shapes are few and stay: each is a constant, or kept with the document that asks for it. */
export type Remembered<T> = WeakMap<Shape, Map<string, T>>;

export function remembered<T>(memory: Remembered<T>, shape: Shape, key: string, make: () => T): T {
  const known = memory.get(shape) ?? new Map<string, T>();
  memory.set(shape, known);
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

export const WHOLE: Shape = { properties: null, relations: new Map() };

/** The whole row, and the whole rows of these relations. */
export function wholeWith(...relations: readonly string[]): Shape {
  return { properties: null, relations: new Map(relations.map((name) => [name, WHOLE])) };
}

/**
 * Entities of the rows, which no unit of work knows: what is only shown, or changed by triggers alone, need not be watched for
 * changes, and watching is most of what the ORM costs.
 *
 * @param organization whose rows they are; `null` if it comes along
 * @param shape what each row holds, with the columns of to-one relations named as {@link columnsOf} does. To-many relations are
 *   not looked for
 */
export function detached<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization | null,
  rows: readonly Row[],
  shape = WHOLE,
): T[] {
  const meta = metadataOf(em, entity);
  const within = organization === null ? 'with its organization' : 'within its organization';
  const reader = remembered(READERS, shape, `${meta.tableName} ${within}`, () =>
    readerOf(em.getPlatform(), meta, within, '', shape),
  );
  const read = reader(organization);
  return rows.map((row) => read(row) as T);
}

/** Whether there is more of the entity than its id, so far as it was asked for. */
export function hasBeenRead(entity: Owned): boolean {
  // The database says when each row was recorded: who has read the whole row knows that.
  return entity.createdAt !== undefined || IN_PART in entity;
}

const IN_PART = Symbol('read in part');

/**
 * The columns of the entity's table that a row of the shape is read from, one by one: with `*`, a kept plan would fail as soon as
 * the table gets one more. A relation that comes along brings its id, so the reference to it is not among them.
 *
 * @param path of the relation whose columns they are; the table has its {@link aliasOf} in the statement
 */
export function columnsOf(em: EntityManager, entity: EntityClass<object>, path = '', shape = WHOLE): string {
  const meta = metadataOf(em, entity);
  return remembered(COLUMNS, shape, `${meta.tableName} ${path}`, () => {
    const alias = aliasOf(path);
    return meta.props
      .filter((property) => isColumn(property.kind) && isAmong(shape.properties, property) && !shape.relations.has(property.name))
      .map((property) => {
        const name = property.fieldNames[0] as string;
        if (property.formula) return `${formulaOf(meta, property.formula, alias)} as ${prefixOf(path)}${name}`;
        return path === '' ? name : `${alias}.${name} as ${prefixOf(path)}${name}`;
      })
      .join(', ');
  });
}

/** @param alias of the table in the statement; empty if the statement reads no other */
function formulaOf(meta: EntityMetadata, formula: NonNullable<EntityProperty['formula']>, alias: string): string {
  const { tableName } = meta;
  const table = { alias, name: tableName, qualifiedName: tableName, toString: () => alias };
  return String(formula(meta.createColumnMappingObject(alias === '' ? undefined : alias), table));
}

const COLUMNS: Remembered<string> = new WeakMap();

function isAmong(properties: ReadonlySet<string> | null, { name, primary, embedded }: EntityProperty): boolean {
  return properties === null || primary === true || properties.has(embedded?.[0] ?? name);
}

/** What the table of a relation is called in a statement. */
export function aliasOf(path: string): string {
  return path.replaceAll('.', '_').toLowerCase();
}

function prefixOf(path: string): string {
  return path === '' ? '' : `${aliasOf(path)}__`;
}

/** New entities of one table, in their order. */
export type Batch = readonly Owned[];

/**
 * Inserts the entities, all of a batch by one statement, and gives them their ids. What they refer to has been inserted before.
 * What has a default in the database gets that. Within a transaction the statements have been sent when this returns.
 */
export async function insert(em: EntityManager, ...batches: readonly Batch[]): Promise<void> {
  const filled = batches.filter(({ length }) => length > 0);
  if (filled.length === 0) return;
  const answers = await executeTogether(
    em,
    filled.map((batch) => insertion(em, batch)),
  );
  for (const [index, batch] of filled.entries()) {
    const rows = answers[index] ?? [];
    if (rows.length !== batch.length) throw new Error(`of ${batch.length} rows, ${rows.length} were inserted`);
    for (const [place, entity] of batch.entries()) {
      entity.id = Number(rows[place]?.id);
      entity.createdAt = em.getPlatform().parseDate(String(rows[place]?.created_at));
    }
  }
}

function insertion(em: EntityManager, batch: Batch): Statement {
  const platform = em.getPlatform();
  const { text, columns } = writerOf(metadataOf(em, (batch[0] as Owned).constructor as EntityClass<Owned>), platform);
  const rows = batch.map((entity) => Object.fromEntries(columns.map(({ column, write }) => [column, write(entity as never)])));
  return { text, values: [JSON.stringify(rows)] };
}

interface Writer {
  readonly text: string;
  readonly columns: readonly { readonly column: string; write(entity: Record<string, unknown>): unknown }[];
}

/** What the database fills in is not written. */
function writerOf(meta: EntityMetadata, platform: Platform): Writer {
  let writer = WRITERS.get(meta);
  if (writer === undefined) {
    const columns = meta.props
      .filter(({ kind, primary, defaultRaw, generated }) => isColumn(kind) && !primary && !defaultRaw && !generated)
      .map((property) => ({ column: property.fieldNames[0] as string, write: writeOf(property, platform) }));
    const names = columns.map(({ column }) => column).join(', ');
    const table = meta.tableName;
    // In the order of the entities, and so answered in that order.
    const text = `
      insert into ${table} (${names})
      select ${names} from json_populate_recordset(null::${table}, $1) with ordinality order by ordinality
      returning id, created_at`;
    writer = { text, columns };
    WRITERS.set(meta, writer);
  }
  return writer;
}

const WRITERS = new WeakMap<EntityMetadata, Writer>();

function writeOf({ name, kind, customType, embedded }: EntityProperty, platform: Platform): (entity: Shown) => unknown {
  if (kind === 'm:1') return (entity) => idOf(entity[name] as Owned | null, name);
  const read = embedded ? (entity: Shown) => (entity[embedded[0]] as Shown)[embedded[1]] : (entity: Shown) => entity[name];
  return customType ? (entity) => customType.convertToDatabaseValue(read(entity), platform) : read;
}

function idOf(related: Owned | null, name: string): number | null {
  if (related === null) return null;
  if (related.id === undefined) throw new Error(`${name} has not been inserted`);
  return related.id;
}

type Shown = Record<string | symbol, unknown>;

/** Reads the rows of one answer: what several of them refer to is one entity. */
type Reader = (organization: Organization | null) => (row: Row) => object | null;

const READERS: Remembered<Reader> = new WeakMap();

function readerOf(
  platform: Platform,
  meta: EntityMetadata,
  within: 'within its organization' | 'with its organization',
  path: string,
  { properties, relations: along }: Shape,
): Reader {
  const prefix = prefixOf(path);
  const idColumn = `${prefix}id`;
  const props = meta.props.filter((property) => isAmong(properties, property));
  const scalars = props.filter(({ kind }) => kind === 'scalar').map(scalarOf(platform, prefix));
  const embedded = props.filter(({ kind }) => kind === 'embedded').map(({ name, embeddable }) => [name, embeddable] as const);
  const relations = props
    .filter((property) => isToOne(property) && (within === 'with its organization' || property.name !== 'organization'))
    .flatMap(({ name, kind, fieldNames, targetMeta }) => {
      const target = targetMeta as EntityMetadata;
      const shape = along.get(name);
      if (shape === undefined) return kind === 'm:1' ? [[name, referenceTo(target, prefix + fieldNames[0])] as const] : [];
      const reader = readerOf(platform, target, within, path === '' ? name : `${path}.${name}`, shape);
      return [[name, kind === 'm:1' ? reader : asArray(reader)] as const];
    });
  const { prototype } = meta;
  return (organization) => {
    const readers = relations.map(([name, reader]) => [name, reader(organization)] as const);
    const known = new Map<unknown, object>();
    return (row) => {
      const id = row[idColumn];
      if (id === null) return null;
      const before = known.get(id);
      if (before !== undefined) return before;
      const shown: Shown = Object.create(prototype);
      known.set(id, shown);
      if (properties !== null) shown[IN_PART] = true;
      if (organization !== null) shown.organization = organization;
      for (const [name, { prototype }] of embedded) shown[name] = Object.create(prototype);
      for (const { column, name, within, read } of scalars) {
        const value = row[column];
        const target = within === undefined ? shown : (shown[within] as Shown);
        target[name] = value === null || read === undefined ? value : read(value);
      }
      for (const [name, read] of readers) shown[name] = read(row);
      return shown;
    };
  };
}

function asArray(reader: Reader): Reader {
  return (organization) => {
    const read = reader(organization);
    return (row) => {
      const item = read(row);
      return item === null ? [] : [item];
    };
  };
}

/** Also a to-many relation whose items are one at most. */
export function isToOne({ kind, mappedBy, targetMeta }: EntityProperty): boolean {
  const owning = (targetMeta?.properties as Record<string, EntityProperty> | undefined)?.[mappedBy];
  return kind === 'm:1' || (kind === '1:m' && owning?.unique === true);
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

function referenceTo({ prototype }: EntityMetadata, column: string): Reader {
  return () => (row) => {
    const id = row[column];
    if (id === null) return null;
    const reference: Shown = Object.create(prototype);
    reference.id = Number(id);
    return reference;
  };
}

function metadataOf(em: EntityManager, entity: EntityClass<object>): EntityMetadata {
  return em.getMetadata().get(entity) as EntityMetadata;
}

function isColumn(kind: string): boolean {
  return kind === 'scalar' || kind === 'm:1';
}
