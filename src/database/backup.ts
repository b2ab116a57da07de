import { createReadStream, createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { type Client, escapeIdentifier } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { hasCode, syncFolder } from './embedded-postgres/shelter.js';

/** Stands in the first line of each file. */
const FORMAT = 'credit-note-refunds backup 1';
const END_OF_TABLE = '\\.\n';

/** Its message is for the operator. */
export class BackupRefused extends Error {}

/** The first line of a file. */
interface Header {
  readonly format: typeof FORMAT;
  /** What the database's clock said. */
  readonly takenAt: string;
  /** Names of the migrations that made the tables. */
  readonly migrations: readonly string[];
}

/** Stands before the rows of each table. The rows follow in the text format of `COPY`, up to a line `\.`. */
interface TableHeader {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The last line of a file. */
interface Footer {
  readonly rows: number;
}

/**
 * Writes all rows into a new file, as of one moment, while the gateway goes on. The file appears under its name only when it is complete and
 * on disk. It holds what the database holds, so only its owner may read it.
 *
 * @returns how many rows there are
 * @throws {BackupRefused} if the file exists already
 */
export async function writeBackup(client: Client, migrations: readonly string[], file: string): Promise<number> {
  const part = `${file}.part`;
  let rows = 0;
  async function* dump(): AsyncGenerator<string | Buffer> {
    yield line<Header>({ format: FORMAT, takenAt: await databaseTime(client), migrations });
    for (const table of await tablesInOrder(client)) {
      yield line<TableHeader>(table);
      const copy = client.query(copyTo(`copy ${target(table)} to stdout`));
      for await (const chunk of copy) yield chunk as Buffer;
      yield END_OF_TABLE;
      rows += copy.rowCount;
    }
    yield line<Footer>({ rows });
  }
  await assertMissing(file);
  await client.query('begin isolation level repeatable read read only');
  try {
    await pipeline(Readable.from(dump()), createGzip(), createWriteStream(part, { mode: 0o600, flush: true }));
    await rename(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await client.query('rollback');
  }
  return rows;
}

/**
 * The names of the migrations that the tables of a file's rows were made by.
 *
 * @throws {BackupRefused} if the file is no backup
 */
export async function migrationsOf(file: string): Promise<readonly string[]> {
  const lines = linesOf(file);
  const header = await nextJson<Header>(lines, file);
  await lines.return(undefined);
  if (header.format !== FORMAT) throw new BackupRefused(`${file} is no backup of this program, or of a newer version of it`);
  return header.migrations;
}

/**
 * Fills empty tables from a file: all of it, or nothing. Triggers are switched off meanwhile, because they would book anew what is booked
 * already; constraints are not. The client's role must own the tables.
 *
 * @returns how many rows there are
 * @throws {BackupRefused} if the file is damaged or incomplete, or the database holds an organization
 */
export async function readBackup(client: Client, file: string): Promise<number> {
  await client.query('begin');
  try {
    const tables = await tablesInOrder(client);
    // Waits for nobody: it would wait for a gateway that serves this database.
    for (const { table } of tables) await client.query(`lock table ${escapeIdentifier(table)} in access exclusive mode nowait`);
    const { rowCount } = await client.query('select from organizations limit 1');
    if (rowCount !== 0) throw new BackupRefused('The database holds an organization already. Restore into an empty one.');
    const triggers = await triggersOf(client);
    for (const { table, name } of triggers) await client.query(`alter table ${table} disable trigger ${name}`);
    // What migrations have filled is in the file, too.
    for (const { table } of [...tables].reverse()) await client.query(`delete from ${escapeIdentifier(table)}`);

    const rows = await copyAll(client, file, new Set(tables.map(target)));
    await advanceSequences(client);
    for (const { table, name, when } of triggers) await client.query(`alter table ${table} enable ${when} trigger ${name}`);
    await client.query('commit');
    return rows;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function copyAll(client: Client, file: string, known: ReadonlySet<string>): Promise<number> {
  const lines = linesOf(file);
  await nextJson<Header>(lines, file);
  for (let rows = 0; ; ) {
    const next = await nextJson<TableHeader | Footer>(lines, file);
    if ('rows' in next) {
      if (next.rows !== rows) throw damaged(file);
      return rows;
    }
    // Nothing in a file gets into a statement but the names of tables and columns that there are.
    if (!known.has(target(next))) throw new BackupRefused(`${file} has other tables than the database: ${next.table}`);
    const copy = client.query(copyFrom(`copy ${target(next)} from stdin`));
    await pipeline(Readable.from(rowsOf(lines, file)), copy);
    rows += copy.rowCount;
  }
}

async function* rowsOf(lines: AsyncGenerator<Buffer>, file: string): AsyncGenerator<Buffer> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw damaged(file);
    if (value.equals(END_OF_TABLE_BYTES)) return;
    yield value;
  }
}

const END_OF_TABLE_BYTES = Buffer.from(END_OF_TABLE);
const NEW_LINE = 0x0a;

/** Lines with their ends. Texts may hold what other readers of lines take for ends, such as U+2028. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  const unpacked = createGunzip();
  source.on('error', (error) => unpacked.destroy(error));
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of source.pipe(unpacked)) {
      const data = Buffer.concat([rest, chunk as Buffer]);
      let start = 0;
      for (let end = data.indexOf(NEW_LINE); end !== -1; end = data.indexOf(NEW_LINE, start)) {
        yield data.subarray(start, end + 1);
        start = end + 1;
      }
      rest = data.subarray(start);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new BackupRefused(`There is no file ${file}`);
    if (hasCode(error, 'Z_DATA_ERROR', 'Z_BUF_ERROR')) throw damaged(file);
    throw error;
  } finally {
    source.destroy();
  }
  if (rest.length > 0) throw damaged(file);
}

async function nextJson<T>(lines: AsyncGenerator<Buffer>, file: string): Promise<T> {
  const { value, done } = await lines.next();
  if (done) throw damaged(file);
  try {
    return JSON.parse(value.toString());
  } catch {
    throw damaged(file);
  }
}

function damaged(file: string): BackupRefused {
  return new BackupRefused(`${file} is damaged or incomplete`);
}

function line<T extends object>(value: T): string {
  return `${JSON.stringify(value)}\n`;
}

function target({ table, columns }: TableHeader): string {
  return `${escapeIdentifier(table)} (${columns.map(escapeIdentifier).join(', ')})`;
}

/**
 * All tables but the list of migrations, each after those that it refers to. Columns are left out that hold the number of a transaction: such
 * numbers mean something else in another cluster, where each row gets that of the transaction that restores it.
 */
async function tablesInOrder(client: Client): Promise<TableHeader[]> {
  const { rows } = await client.query<{ table: string; columns: string[]; targets: string[] }>(`
    select class.relname as table,
      array(
        select attname::text from pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped and attgenerated = '' and atttypid <> 'xid8'::regtype
        order by attnum
      ) as columns,
      array(
        select distinct other.relname::text from pg_constraint join pg_class other on other.oid = confrelid
        where conrelid = class.oid and contype = 'f' and confrelid <> conrelid
      ) as targets
    from pg_class class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relpersistence = 'p' and relname <> 'schema_migrations' order by relname`);
  const ordered: TableHeader[] = [];
  for (let left = rows; left.length > 0; ) {
    const isLeft = new Set(left.map(({ table }) => table));
    const ready = left.filter(({ targets }) => !targets.some((each) => isLeft.has(each)));
    if (ready.length === 0) throw new Error(`tables refer to one another in a circle: ${[...isLeft].join(', ')}`);
    ordered.push(...ready.map(({ table, columns }) => ({ table, columns })));
    left = left.filter((each) => !ready.includes(each));
  }
  return ordered;
}

/** Our triggers, each with the word that switches it on as it was. */
async function triggersOf(client: Client): Promise<{ table: string; name: string; when: '' | 'always' }[]> {
  const { rows } = await client.query(`
    select tgrelid::regclass::text as table, quote_ident(tgname) as name, case tgenabled when 'A' then 'always' else '' end as when
    from pg_trigger join pg_class class on class.oid = tgrelid
    where relnamespace = 'public'::regnamespace and not tgisinternal and tgenabled <> 'D'`);
  return rows;
}

/** The next row of each table gets an id behind those that were restored. */
async function advanceSequences(client: Client): Promise<void> {
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

async function databaseTime(client: Client): Promise<string> {
  const { rows } = await client.query<{ now: Date }>('select now() as now');
  return rows[0]?.now.toISOString() ?? '';
}

/** @throws {BackupRefused} */
async function assertMissing(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) throw new BackupRefused(`${file} exists already; a backup overwrites nothing`);
}
