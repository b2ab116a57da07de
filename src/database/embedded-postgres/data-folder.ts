import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './shelter.js';

/** Its message is for the operator. */
export class DataFolderRefused extends Error {
  constructor(dataDir: string, cause: Error) {
    super(
      `DATA_DIR ${dataDir} cannot hold the embedded database: ${cause.message}. ` +
        'Choose a folder on a local disk that this user may write to, or set DATABASE_URL.',
      { cause },
    );
  }
}

/**
 * Does what needs the data folder, and says so when the file system refuses it: that it lets nobody write, is full, has no such
 * files.
 *
 * @throws {DataFolderRefused}
 */
export async function inDataFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Only what the operating system refuses has the name of a system call. By no instanceof: jest has an Error of its own.
    if (typeof error === 'object' && error !== null && 'syscall' in error)
      throw new DataFolderRefused(dataDir, error as NodeJS.ErrnoException);
    throw error;
  }
}

/** Makes the folder and those above it. Node's own way of doing that never ends where a file system makes no folders, such as /proc. */
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
