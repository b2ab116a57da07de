import { chmod, lstat, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './system-calls.js';

/**
 * Root's folder for files that the server's user could not reach elsewhere. The checkout and DATA_DIR are often beneath a folder of mode
 * 0700 (`/root`, `mktemp -d`), whose mode the gateway must not change.
 */
export const REACHABLE_FOLDER = '/var/lib/credit-note-refunds';

/**
 * Creates the folder if it is missing, lets all users pass through it, and returns it.
 *
 * @throws if another user owns the folder or may write to it
 */
export async function openFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await assertOwned(folder);
  // The umask of the process may have removed these rights at creation.
  await chmod(folder, 0o755);
  return folder;
}

/** @throws if another user owns the folder or may write to it: root must not run or trust files of others */
export async function assertOwned(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new Error(`${folder} is not a folder that only user id ${process.getuid?.()} may write to. Remove or rename it.`);
}

/** Creates a hidden folder for work that one rename publishes when it is complete. Its name holds the pid of this process. */
export function makeStaging(parent: string): Promise<string> {
  return mkdtemp(join(parent, `.new-${process.pid}-`));
}

/** Removes the unfinished folders of killed processes. */
export async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const builder = /^\.new-(\d+)-/.exec(name)?.[1];
    if (builder === undefined || isAlive(Number(builder))) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes renames and new files in the folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
