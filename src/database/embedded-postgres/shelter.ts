import { chmod, lstat, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where root keeps what the server's user could not reach otherwise. Both the checkout and DATA_DIR often lie under a
 * folder of mode 0700 (`/root`, `mktemp -d`), whose mode is not ours to change.
 */
export const SHELTER = '/var/lib/credit-note-refunds';

/** Makes sure that the folder exists, that all may pass through it, and that nobody but us could have put something there. */
export async function openShelter(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await assertOurs(folder);
  // The process's umask may have closed it at creation.
  await chmod(folder, 0o755);
  return folder;
}

/** @throws if somebody else owns the folder or may write to it: root must not run, or trust, what lies there */
export async function assertOurs(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new Error(`${folder} is not a folder that only user id ${process.getuid?.()} may write to. Remove or rename it.`);
}

/** A new folder to build something in, out of sight until a rename publishes it whole. Its name tells who is at work. */
export function stage(parent: string): Promise<string> {
  return mkdtemp(join(parent, `.new-${process.pid}-`));
}

/** Removes what processes left half-built when they were killed. */
export async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const builder = /^\.new-(\d+)-/.exec(name)?.[1];
    if (builder === undefined || isAlive(Number(builder))) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM means that it lives, as somebody else.
    return hasCode(error, 'EPERM');
  }
}

/** Makes renames and new files in the folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

/** Not by instanceof: jest runs tests in a context whose Error is not the one of Node's own functions. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && codes.includes(code);
}
