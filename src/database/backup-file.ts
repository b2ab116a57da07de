import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { DatabaseError } from 'pg';
import { syncFolder } from './embedded-postgres/folders.js';
import { hasCode } from './embedded-postgres/system-calls.js';

/** The name and version of the format, in the first line of each file: one of the whole database, and one of an organization. */
export const FORMAT = 'credit-note-refunds backup 1';
export const ORGANIZATION_FORMAT = 'credit-note-refunds organization 1';
/** The line after the rows of a table. */
export const END_OF_TABLE = '\\.\n';

/** The operator's backup or restore is refused. The message is for the operator. */
export class BackupRefused extends Error {}

/** The first line of a file. */
export interface Header {
  readonly format: typeof FORMAT | typeof ORGANIZATION_FORMAT;
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

/** The last line of a file. {@link writeNewFile} adds a checksum of all lines before it. */
export interface Footer {
  readonly rows: number;
}

/**
 * Writes a new file. It gets its name when it is complete and on disk. Only its owner may read it.
 *
 * @param lines all lines but the last one
 * @param footer returns the last line
 * @param onWritten is called before the file gets its name. If it fails, there is no file
 * @throws {BackupRefused} if the file exists already, or cannot be made
 */
export async function writeNewFile(
  file: string,
  lines: AsyncIterable<string | Buffer>,
  footer: () => Footer,
  onWritten: () => Promise<void> = async () => undefined,
): Promise<void> {
  await assertMissing(file);
  // Two commands may write to the same name at the same time: each has a file of its own, and the link fails if the name is taken by then.
  const part = `${file}.${randomUUID()}.part`;
  const output = await open(part, 'wx', 0o600).catch((error: Error) => {
    throw new BackupRefused(`${file} cannot be written: ${error.message}`);
  });
  try {
    const checked = Readable.from(withChecksum(lines, footer));
    await pipeline(checked, createGzip(), output.createWriteStream({ flush: true }));
    await onWritten();
    await link(part, file).catch((error) => {
      throw hasCode(error, 'EEXIST') ? taken(file) : error;
    });
    await syncFolder(dirname(file));
  } finally {
    await rm(part, { force: true });
  }
}

async function* withChecksum(lines: AsyncIterable<string | Buffer>, footer: () => Footer): AsyncGenerator<string | Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of lines) {
    hash.update(chunk);
    yield chunk;
  }
  yield line({ ...footer(), sha256: hash.digest('hex') });
}

/** @throws {BackupRefused} */
async function assertMissing(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) throw taken(file);
}

function taken(file: string): BackupRefused {
  return new BackupRefused(`${file} exists already; a backup overwrites nothing`);
}

/**
 * Returns the names of the migrations that the tables of a backup were made by.
 *
 * @throws {BackupRefused} if the file is no backup
 */
export async function migrationsOf(file: string): Promise<readonly string[]> {
  const lines = linesOf(file);
  const { migrations } = await headerOf(lines, file, FORMAT);
  await lines.return(undefined);
  return migrations;
}

/** @throws {BackupRefused} if the file has another format */
export async function headerOf<H extends Header>(lines: AsyncGenerator<Buffer>, file: string, format: H['format']): Promise<H> {
  const header = await nextJson<H>(lines, file);
  if (header.format === format) return header;
  const kind = format === FORMAT ? 'a backup' : 'an exported organization';
  throw new BackupRefused(`${file} is not ${kind} of this program, or was written by a newer version`);
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
 * Yields each line with its end. The last line is yielded only if its checksum is that of all lines before.
 *
 * @throws {BackupRefused} if the file is missing, damaged or incomplete
 */
export async function* linesOf(file: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let last: Buffer | undefined;
  for await (const each of unpackedLines(file)) {
    if (last !== undefined) {
      hash.update(last);
      yield last;
    }
    last = each;
  }
  if (last === undefined || checksumIn(last) !== hash.digest('hex')) throw damaged(file);
  yield last;
}

function checksumIn(footer: Buffer): unknown {
  try {
    return JSON.parse(footer.toString()).sha256;
  } catch {
    return undefined;
  }
}

/** Only LF ends a line: `node:readline` would also split texts at U+2028. */
async function* unpackedLines(file: string): AsyncGenerator<Buffer> {
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
    if (error instanceof Error && 'syscall' in error) throw new BackupRefused(`${file} cannot be read: ${error.message}`);
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

/** Returns the refusal of a file whose rows the database does not take: its damage is known only when all of it was read. */
export async function refusalOfRows(error: DatabaseError, file: string): Promise<BackupRefused> {
  try {
    for await (const _line of linesOf(file));
  } catch (refusal) {
    if (refusal instanceof BackupRefused) return refusal;
  }
  return new BackupRefused(`${file} does not fit this database: ${error.message}`);
}

/** Whether the database does not take a row: invalid data (22), or a violated constraint (23). */
export function isOfRows(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && /^2[23]/.test(error.code ?? '');
}

/** Returns the value as a line of JSON. */
export function line<T extends object>(value: T): string {
  return `${JSON.stringify(value)}\n`;
}
