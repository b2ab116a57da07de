import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { hasCode } from './embedded-postgres/system-calls.js';

/** The name and version of the format, in the first line of each file. */
export const FORMAT = 'credit-note-refunds backup 1';
/** The line after the rows of a table. */
export const END_OF_TABLE = '\\.\n';

/** The operator's backup or restore is refused. The message is for the operator. */
export class BackupRefused extends Error {}

/** The first line of a file. */
export interface Header {
  readonly format: typeof FORMAT;
  /** By the database's clock. */
  readonly takenAt: string;
  /** Names of the migrations that the tables were made by. */
  readonly migrations: readonly string[];
}

/** The line before the rows of a table. The rows follow in the text format of `COPY`, up to a line `\.`. */
export interface TableHeader {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The last line of a file. */
export interface Footer {
  readonly rows: number;
}

/**
 * Returns the names of the migrations that the tables of the file were made by.
 *
 * @throws {BackupRefused} if the file is no backup
 */
export async function migrationsOf(file: string): Promise<readonly string[]> {
  const lines = linesOf(file);
  const header = await nextJson<Header>(lines, file);
  await lines.return(undefined);
  if (header.format !== FORMAT)
    throw new BackupRefused(`${file} is not a backup of this program, or was written by a newer version`);
  return header.migrations;
}

/**
 * Yields the rows of a table up to its end.
 *
 * @throws {BackupRefused} if the file ends before
 */
export async function* rowsOf(lines: AsyncGenerator<Buffer>, file: string): AsyncGenerator<Buffer> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw damaged(file);
    if (value.equals(END_OF_TABLE_BYTES)) return;
    yield value;
  }
}

const END_OF_TABLE_BYTES = Buffer.from(END_OF_TABLE);
const NEW_LINE = 0x0a;

/**
 * Yields each line with its end. Only LF ends a line: `node:readline` would also split texts at U+2028.
 *
 * @throws {BackupRefused} if the file is missing, damaged or incomplete
 */
export async function* linesOf(file: string): AsyncGenerator<Buffer> {
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

/**
 * Returns the next line as JSON.
 *
 * @throws {BackupRefused} if there is none
 */
export async function nextJson<T>(lines: AsyncGenerator<Buffer>, file: string): Promise<T> {
  const { value, done } = await lines.next();
  if (done) throw damaged(file);
  try {
    return JSON.parse(value.toString());
  } catch {
    throw damaged(file);
  }
}

/** Returns the refusal of a file that does not have the format. */
export function damaged(file: string): BackupRefused {
  return new BackupRefused(`${file} is damaged or incomplete`);
}

/** Returns the value as a line of JSON. */
export function line<T extends object>(value: T): string {
  return `${JSON.stringify(value)}\n`;
}
