import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Client, escapeIdentifier } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { END_OF_TABLE, line, type TableHeader } from './backup-file.js';

/** Returns the table and its columns in SQL, as `COPY` takes them. */
export function target({ table, columns }: TableHeader): string {
  return `${escapeIdentifier(table)} (${columnList(columns)})`;
}

/** Returns the columns in SQL. */
export function columnList(columns: readonly string[]): string {
  return columns.map(escapeIdentifier).join(', ');
}

/**
 * Yields the table's header, its rows and their end, as a file holds them. Returns the number of rows.
 *
 * @param condition SQL of the rows to include and of their order; all rows by default
 */
export async function* linesOfTable(
  client: Client,
  { table, columns }: TableHeader,
  condition = '',
): AsyncGenerator<string | Buffer, number> {
  yield line<TableHeader>({ table, columns });
  // `COPY` takes no partitioned table by its name, but a query.
  const rows = `select ${columnList(columns)} from ${escapeIdentifier(table)} ${condition}`;
  const copy = client.query(copyTo(`copy (${rows}) to stdout`));
  for await (const chunk of copy) yield chunk as Buffer;
  yield END_OF_TABLE;
  return copy.rowCount;
}

/** Inserts rows in the text format of `COPY`, and returns their number. */
export async function insertRows(client: Client, table: TableHeader, rows: AsyncIterable<Buffer>): Promise<number> {
  const copy = client.query(copyFrom(`copy ${target(table)} from stdin`));
  await pipeline(Readable.from(rows), copy);
  return copy.rowCount;
}

/**
 * Returns all tables but the list of migrations, each after the tables that it references. Columns with transaction ids are left out: ids of
 * another cluster mean nothing, and each row gets the id of the transaction that restores it.
 */
export async function tablesInOrder(client: Client): Promise<TableHeader[]> {
  const { rows } = await client.query<{ table: string; columns: string[]; targets: string[] }>(`
    select class.relname as table,
      array(
        select attname::text from pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped and attgenerated = '' and atttypid <> 'xid8'::regtype
        order by attnum
      ) as columns,
      array(
        select distinct other.relname::text from pg_constraint join pg_class other on other.oid = confrelid
        where conrelid = class.oid and contype = 'f' and confrelid <> conrelid and conparentid = 0
      ) as targets
    from pg_class class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relpersistence = 'p' and relname <> 'schema_migrations' order by relname`);
  const ordered: TableHeader[] = [];
  for (let left = rows; left.length > 0; ) {
    const isLeft = new Set(left.map(({ table }) => table));
    const ready = left.filter(({ targets }) => !targets.some((each) => isLeft.has(each)));
    if (ready.length === 0) throw new Error(`tables reference one another in a circle: ${[...isLeft].join(', ')}`);
    ordered.push(...ready.map(({ table, columns }) => ({ table, columns })));
    left = left.filter((each) => !ready.includes(each));
  }
  return ordered;
}

/** Returns the enabled triggers of the tables. `when` is the SQL keyword that enables the trigger in the same mode again. */
export async function triggersOf(client: Client): Promise<{ table: string; name: string; when: '' | 'always' }[]> {
  const { rows } = await client.query(`
    select tgrelid::regclass::text as table, quote_ident(tgname) as name, case tgenabled when 'A' then 'always' else '' end as when
    from pg_trigger join pg_class class on class.oid = tgrelid
    where relnamespace = 'public'::regnamespace and not tgisinternal and tgenabled <> 'D'`);
  return rows;
}

/** Advances the sequences, so that new rows get ids after the restored ones. */
export async function advanceSequences(client: Client): Promise<void> {
  const { rows } = await client.query<{ sequence: string; table: string; column: string }>(`
    select sequence.oid::regclass::text as sequence, class.relname as table, attname as column
    from pg_class sequence
      join pg_depend on classid = 'pg_class'::regclass and objid = sequence.oid and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
      join pg_class class on class.oid = refobjid
      join pg_attribute on attrelid = refobjid and attnum = refobjsubid
    where sequence.relkind = 'S' and sequence.relnamespace = 'public'::regnamespace`);
  for (const { sequence, table, column } of rows) {
    const newest = `select max(${escapeIdentifier(column)}) as id from ${escapeIdentifier(table)}`;
    await client.query(`select setval($1::regclass, id) from (${newest}) newest where id is not null`, [sequence]);
  }
}
