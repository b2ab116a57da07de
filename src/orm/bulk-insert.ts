import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import type { Owned } from '../entities/owned.js';
import { isColumn, metadataOf } from './columns.js';
import { type Query, query } from './query.js';

/**
 * Inserts new entities of one table by one statement, in their order. Entities that they refer to must have been inserted before. Columns whose
 * default the database computes get the default.
 *
 * @param ids whether the database draws the ids: then sets `id` and `createdAt`. It keeps given ones only during an import
 * @example await run(em, bulkInsert(em, lines), bulkInsert(em, refunds));
 */
export function bulkInsert(em: EntityManager, entities: readonly Owned[], ids: 'drawn' | 'given' = 'drawn'): Query<void> {
  const [first] = entities;
  if (first === undefined) return { statements: [], read: () => undefined };
  const platform = em.getPlatform();
  const { text, columns } = writerOf(metadataOf(em, first.constructor as EntityClass<Owned>), platform, ids);
  if (ids === 'given') {
    const values = columns.map(({ write }) => arrayOf(entities.map(write)));
    return query(text, values, () => undefined);
  }
  const values = entities.map((entity) => valuesOf(entity, columns));
  return query(text, [JSON.stringify(values)], (rows) => {
    if (rows.length !== entities.length) throw new Error(`the insert returned ${rows.length} rows instead of ${entities.length}`);
    for (const [index, entity] of entities.entries()) {
      entity.id = Number(rows[index]?.id);
      entity.createdAt = platform.parseDate(String(rows[index]?.created_at));
    }
  });
}

interface Writer {
  readonly text: string;
  readonly columns: readonly { readonly column: string; readonly type: string; readonly write: (entity: object) => unknown }[];
}

/** Returns the values as PostgreSQL writes an array. Its texts are those of JSON, except that a backslash has no meaning before a letter. */
function arrayOf(values: readonly unknown[]): string {
  const json = JSON.stringify(values).slice(1, -1);
  const text = json.includes('\\') ? json.replaceAll(/\\(?:u.{4}|.)/g, unescaped) : json;
  return `{${text}}`;
}

function unescaped(sequence: string): string {
  return /\\[\\"]/.test(sequence) ? sequence : JSON.parse(`"${sequence}"`);
}

type Values = Record<string, unknown>;

/** Omits nulls: a column that the JSON lacks is null. */
function valuesOf(entity: object, columns: Writer['columns']): Values {
  const values: Values = {};
  for (const { column, write } of columns) {
    const value = write(entity);
    if (value !== null) values[column] = value;
  }
  return values;
}

/** Returns the memoized statement of the table. It omits the columns that the database sets. */
function writerOf(meta: EntityMetadata, platform: Platform, ids: 'drawn' | 'given'): Writer {
  let writer = WRITERS[ids].get(meta);
  if (writer === undefined) {
    const columns = meta.props
      .filter(
        (property) =>
          isColumn(property) && (ids === 'given' || property.name !== 'id') && !isComputed(property) && !property.generated,
      )
      .map((property) => ({
        column: property.fieldNames[0] as string,
        type: (property.columnTypes[0] as string).replace('bigserial', 'bigint'),
        write: writeOf(property, platform),
      }));
    const names = columns.map(({ column }) => column).join(', ');
    const text = `insert into ${meta.tableName} (${names}) ${ids === 'given' ? fromArrays(columns) : fromJson(meta.tableName, names)}`;
    writer = { text, columns };
    WRITERS[ids].set(meta, writer);
  }
  return writer;
}

/** Ids are assigned in the order of the entities, and returned in that order. */
function fromJson(table: string, names: string): string {
  return `select ${names} from json_populate_recordset(null::${table}, $1) with ordinality order by ordinality
      returning id, created_at`;
}

/** PostgreSQL reads thousands of rows from arrays in half the time that it takes for JSON, but one row in twice the time. */
function fromArrays(columns: Writer['columns']): string {
  return `select * from unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})`;
}

/** Whether only the database can compute the column's default, such as now(). Of a constant one, the class has the value, too. */
function isComputed({ default: constant, defaultRaw }: EntityProperty): boolean {
  return defaultRaw !== undefined && constant === undefined;
}

const WRITERS = { drawn: new WeakMap<EntityMetadata, Writer>(), given: new WeakMap<EntityMetadata, Writer>() };

function writeOf({ name, kind, customType, embedded }: EntityProperty, platform: Platform): (entity: object) => unknown {
  const valueIn = (object: unknown, property: string): unknown => (object as Values)[property];
  if (kind === 'm:1') return (entity) => idOf(valueIn(entity, name) as Owned | null, name);
  const read = embedded
    ? (entity: object) => valueIn(valueIn(entity, embedded[0]), embedded[1])
    : (entity: object) => valueIn(entity, name);
  return customType ? (entity) => customType.convertToDatabaseValue(read(entity), platform) : read;
}

function idOf(related: Owned | null, name: string): number | null {
  if (related === null) return null;
  if (related.id === undefined) throw new Error(`${name} has not been inserted`);
  return related.id;
}
