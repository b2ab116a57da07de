import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Client, escapeIdentifier } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import {
  BackupRefused,
  damaged,
  END_OF_TABLE,
  FORMAT,
  type Footer,
  type Header,
  line,
  linesOf,
  nextJson,
  rowsOf,
  type TableHeader,
} from './backup-file.js';
import { advanceSequences, source, tablesInOrder, target, triggersOf } from './backup-tables.js';
import { syncFolder } from './embedded-postgres/folders.js';

/**
 * Writes a consistent snapshot of all rows into a new file, while the gateway goes on. The file gets its name when it is complete and on
 * disk. Only its owner may read it, because it holds all data of the database.
 *
 * @returns the number of rows
 * @throws {BackupRefused} if the file exists already
 */
export async function writeBackup(client: Client, migrations: readonly string[], file: string): Promise<number> {
  const part = `${file}.part`;
  let rows = 0;
  async function* dump(): AsyncGenerator<string | Buffer> {
    yield line<Header>({ format: FORMAT, takenAt: await databaseTime(client), migrations });
    for (const table of await tablesInOrder(client)) {
      yield line<TableHeader>(table);
      const copy = client.query(copyTo(`copy (${source(table)}) to stdout`));
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
    await rollBack(client);
  }
  return rows;
}

/**
 * Fills empty tables from a file, in one transaction. Triggers are disabled meanwhile, because they would post again what the file holds as
 * posted; constraints stay enabled. The client's role must own the tables.
 *
 * @returns the number of rows
 * @throws {BackupRefused} if the file is damaged or incomplete, or the database holds an organization
 */
export async function readBackup(client: Client, file: string): Promise<number> {
  await client.query('begin');
  try {
    const tables = await tablesInOrder(client);
    // `nowait`: otherwise the lock would wait as long as a gateway serves this database.
    for (const { table } of tables) await client.query(`lock table ${escapeIdentifier(table)} in access exclusive mode nowait`);
    const { rowCount } = await client.query('select from organizations limit 1');
    if (rowCount !== 0) throw new BackupRefused('The database holds an organization already. Restore into an empty one.');
    const triggers = await triggersOf(client);
    for (const { table, name } of triggers) await client.query(`alter table ${table} disable trigger ${name}`);
    // Rows that migrations inserted are in the file, too.
    for (const { table } of [...tables].reverse()) await client.query(`delete from ${escapeIdentifier(table)}`);

    const rows = await copyAll(client, file, new Set(tables.map(target)));
    await advanceSequences(client);
    for (const { table, name, when } of triggers) await client.query(`alter table ${table} enable ${when} trigger ${name}`);
    await client.query('commit');
    return rows;
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

/** Ends the transaction. If the connection is lost, PostgreSQL does that, and the caller throws the error of the loss. */
async function rollBack(client: Client): Promise<void> {
  await client.query('rollback').catch(() => undefined);
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
    // Prevents SQL injection: statements contain only names of tables and columns that exist.
    if (!known.has(target(next))) throw new BackupRefused(`${file} has other tables than the database: ${next.table}`);
    const copy = client.query(copyFrom(`copy ${target(next)} from stdin`));
    await pipeline(Readable.from(rowsOf(lines, file)), copy);
    rows += copy.rowCount;
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
