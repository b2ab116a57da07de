import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import { executeTogether, type Row, type Statement } from './database-driver.js';
import type { Organization } from './entities/organization.js';
import type { Owned } from './entities/owned.js';

/**
 * Entities of the rows, which no unit of work knows: what is only shown, or changed by triggers alone, need not be watched for
 * changes, and watching is most of what the ORM costs. Each row has all columns of the entity's table.
 *
 * @param organization whose rows they are; `null` if it comes along
 * @param along paths of the relations that come along, each after the path that it begins with, with their columns named as
 *   {@link columnsOf} does. Of other relations there is just the id
 */
export function detached<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization | null,
  rows: readonly Row[],
  along: readonly string[] = [],
): T[] {
  const read = readerOf(em.getPlatform(), metadataOf(em, entity), organization, '', new Set(along));
  return rows.map((row) => read(row) as T);
}

/**
 * The columns of the entity's table, one by one: with `*`, a kept plan would fail as soon as the table gets one more.
 *
 * @param path of the relation whose columns they are; the table has its {@link aliasOf} in the statement
 */
export function columnsOf(em: EntityManager, entity: EntityClass<object>, path = ''): string {
  const meta = metadataOf(em, entity);
  const known = COLUMNS.get(meta) ?? new Map<string, string>();
  COLUMNS.set(meta, known);
  let columns = known.get(path);
  if (columns === undefined) {
    const names = meta.props.flatMap(({ kind, fieldNames }) => (isColumn(kind) ? fieldNames : []));
    const alias = aliasOf(path);
    columns = names.map((name) => (path === '' ? name : `${alias}.${name} as ${prefixOf(path)}${name}`)).join(', ');
    known.set(path, columns);
  }
  return columns;
}

const COLUMNS = new WeakMap<EntityMetadata, Map<string, string>>();

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

type Shown = Record<string, unknown>;

/** One path's rows are read once each, however many rows refer to them. */
function readerOf(
  platform: Platform,
  meta: EntityMetadata,
  organization: Organization | null,
  path: string,
  along: ReadonlySet<string>,
): (row: Row) => object | null {
  const prefix = prefixOf(path);
  const scalars = meta.props.filter(({ kind }) => kind === 'scalar').map(scalarOf(platform, prefix));
  const embedded = meta.props.filter(({ kind }) => kind === 'embedded').map(({ name, embeddable }) => [name, embeddable] as const);
  const relations = meta.props
    .filter(({ name, kind }) => kind === 'm:1' && (organization === null || name !== 'organization'))
    .map(({ name, fieldNames, targetMeta }) => {
      const target = targetMeta as EntityMetadata;
      const inner = path === '' ? name : `${path}.${name}`;
      const read = along.has(inner)
        ? readerOf(platform, target, organization, inner, along)
        : referenceTo(target, prefix + fieldNames[0]);
      return [name, read] as const;
    });
  const { prototype } = meta;
  const known = new Map<unknown, object>();
  return (row) => {
    const id = row[`${prefix}id`];
    if (id === null) return null;
    const before = known.get(id);
    if (before !== undefined) return before;
    const shown: Shown = Object.create(prototype);
    known.set(id, shown);
    if (organization !== null) shown.organization = organization;
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

function referenceTo({ prototype }: EntityMetadata, column: string): (row: Row) => object | null {
  return (row) => {
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
