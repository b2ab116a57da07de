import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager, Platform } from '@mikro-orm/postgresql';
import type { Owned } from '../entities/owned.js';
import { isColumn, metadataOf } from './columns.js';
import { executeTogether } from './execute-together.js';
import type { Row, Statement } from './statement.js';

/** New entities of one table, in their order. */
export type Batch = readonly Owned[];

/**
 * Inserts the entities, each batch by one statement, and gives them their ids and times of creation. Whatever they refer to must
 * have been inserted before. Columns with a default in the database get the default. Within a transaction the statements have been
 * sent when this returns.
 *
 * @example await bulkInsert(em, entries, lines);
 */
export async function bulkInsert(em: EntityManager, ...batches: readonly Batch[]): Promise<void> {
  await bulkInsertThen(em, batches, []);
}

/**
 * {@link bulkInsert}, followed by the statements in the same round trip. A second call would wait for the answers to the first: Kysely
 * lends the connection of a transaction to one call at a time.
 *
 * @returns the rows of each statement
 * @example const [rows = []] = await bulkInsertThen(em, [entries], [statement]);
 */
export async function bulkInsertThen(
  em: EntityManager,
  batches: readonly Batch[],
  statements: readonly Statement[],
): Promise<Row[][]> {
  const filled = batches.filter(({ length }) => length > 0);
  if (filled.length + statements.length === 0) return [];
  const answers = await executeTogether(em, [...filled.map((batch) => insertion(em, batch)), ...statements]);
  for (const [index, batch] of filled.entries()) {
    const rows = answers[index] ?? [];
    if (rows.length !== batch.length) throw new Error(`of ${batch.length} rows, ${rows.length} were inserted`);
    for (const [place, entity] of batch.entries()) {
      entity.id = Number(rows[place]?.id);
      entity.createdAt = em.getPlatform().parseDate(String(rows[place]?.created_at));
    }
  }
  return answers.slice(filled.length);
}

function insertion(em: EntityManager, batch: Batch): Statement {
  const platform = em.getPlatform();
  const { text, columns } = writerOf(metadataOf(em, (batch[0] as Owned).constructor as EntityClass<Owned>), platform);
  const rows = batch.map((entity) => Object.fromEntries(columns.map(({ column, write }) => [column, write(entity as never)])));
  return { text, values: [JSON.stringify(rows)] };
}

interface Writer {
  readonly text: string;
  readonly columns: readonly { readonly column: string; write(entity: Values): unknown }[];
}

type Values = Record<string, unknown>;

/** Leaves out the columns that the database fills in. */
function writerOf(meta: EntityMetadata, platform: Platform): Writer {
  let writer = WRITERS.get(meta);
  if (writer === undefined) {
    const columns = meta.props
      .filter((property) => isColumn(property) && !property.primary && !property.defaultRaw && !property.generated)
      .map((property) => ({ column: property.fieldNames[0] as string, write: writeOf(property, platform) }));
    const names = columns.map(({ column }) => column).join(', ');
    const table = meta.tableName;
    // Ids are assigned in the order of the entities, and returned in that order.
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

function writeOf({ name, kind, customType, embedded }: EntityProperty, platform: Platform): (entity: Values) => unknown {
  if (kind === 'm:1') return (entity) => idOf(entity[name] as Owned | null, name);
  const read = embedded ? (entity: Values) => (entity[embedded[0]] as Values)[embedded[1]] : (entity: Values) => entity[name];
  return customType ? (entity) => customType.convertToDatabaseValue(read(entity), platform) : read;
}

function idOf(related: Owned | null, name: string): number | null {
  if (related === null) return null;
  if (related.id === undefined) throw new Error(`${name} has not been inserted`);
  return related.id;
}
