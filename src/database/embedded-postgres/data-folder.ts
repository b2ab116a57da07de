import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './system-calls.js';

/** The file system refuses to hold the database. The message is for the operator. */
class DataFolderRefused extends Error {
  constructor(dataDir: string, cause: Error) {
    super(
      `DATA_DIR ${dataDir} cannot hold the embedded database: ${cause.message}. ` +
        'Choose a folder on a local disk that this user may write to, or set DATABASE_URL.',
      { cause },
    );
  }
}

/**
 * Runs work in the data folder.
 *
 * @throws {DataFolderRefused} if the file system refuses it: the folder is read-only, the disk is full, or it lacks a kind of file
 */
export async function inDataFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Only errors of the operating system name a system call. `instanceof` would fail in jest, which has an Error of its own.
    if (typeof error === 'object' && error !== null && 'syscall' in error)
      throw new DataFolderRefused(dataDir, error as NodeJS.ErrnoException);
    throw error;
  }
}

/** Creates the folder and its parents. Node's `recursive` option never returns on a file system that takes no new folders, such as /proc. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT') && !(await isFolder(dirname(folder)))) {
      await makeFolder(dirname(folder));
      await mkdir(folder);
    } else if (!hasCode(error, 'EEXIST') || !(await isFolder(folder))) {
      throw error;
    }
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
