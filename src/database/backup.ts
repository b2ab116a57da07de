import { type Client, escapeIdentifier } from 'pg';
import {
  BackupRefused,
  damaged,
  FORMAT,
  type Footer,
  type Header,
  isOfRows,
  line,
  linesOf,
  nextJson,
  refusalOfRows,
  rowsOf,
  type TableHeader,
  writeNewFile,
} from './backup-file.js';
import { advanceSequences, insertRows, linesOfTable, tablesInOrder, target, triggersOf } from './backup-tables.js';

/**
 * Writes a consistent snapshot of all rows into a new file, while the gateway goes on.
 *
 * @returns the number of rows
 * @throws {BackupRefused} if the file exists already
 */
export async function writeBackup(client: Client, migrations: readonly string[], file: string): Promise<number> {
  let rows = 0;
  async function* dump(): AsyncGenerator<string | Buffer> {
    yield line<Header>({ format: FORMAT, takenAt: await databaseTime(client), migrations });
    for (const table of await tablesInOrder(client)) rows += yield* linesOfTable(client, table);
  }
  await client.query('begin isolation level repeatable read read only');
  try {
    await writeNewFile(file, dump(), () => ({ rows }));
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
    throw isOfRows(error) ? await refusalOfRows(error, file) : error;
  }
}

/** Ends the transaction. If the connection is lost, PostgreSQL does that, and the caller throws the error of the loss. */
export async function rollBack(client: Client): Promise<void> {
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
    rows += await insertRows(client, next, rowsOf(lines, file));
  }
}

export async function databaseTime(client: Client): Promise<string> {
  const { rows } = await client.query<{ now: Date }>('select now() as now');
  return rows[0]?.now.toISOString() ?? '';
}
