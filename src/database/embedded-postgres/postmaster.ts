import { execFile } from 'node:child_process';
import { chown, lstat, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PORT } from './connection.js';
import { hasCode, isAlive } from './system-calls.js';
import { canReach, type ServerUser } from './system-user.js';

/** The server's main process, as its postmaster.pid describes it. */
export interface Postmaster {
  pid: number;
  /** Undefined until the server has opened its socket. */
  socketFolder: string | undefined;
}

/** Returns the server that runs on this cluster, regardless of the process that started it; undefined if none runs. */
export async function runningPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const noted = await notedPostmaster(cluster);
  return noted !== undefined && (await isPostmaster(noted.pid, cluster)) ? noted : undefined;
}

/** Returns the content of postmaster.pid, which may be left over from a killed server; undefined if there is no file. */
export async function notedPostmaster(cluster: string): Promise<Postmaster | undefined> {
  try {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
    // The pid is negative while a server in single-user mode holds the file. The fifth line is the folder of the socket.
    const pid = Math.abs(Number(lines[0]));
    return pid > 0 ? { pid, socketFolder: lines[4]?.trim() || undefined } : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Whether this process is the server of this cluster, and not a later process with the same pid. A server's working folder is always its
 * cluster. Where the working folder is not visible (on macOS, and for root in a container without CAP_SYS_PTRACE), the command line is
 * compared.
 */
export async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    // Inodes are compared, because a mount can give one folder two paths.
    const [workplace, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
    return workplace.dev === ours.dev && workplace.ino === ours.ino;
  } catch (error) {
    if (process.platform === 'linux' && !hasCode(error, 'EACCES', 'EPERM')) return false;
  }
  return (await commandLine(pid)).includes(` -D ${cluster} `);
}

async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return words.replaceAll('\0', ' ');
  }
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout;
}

/**
 * Removes a postmaster.pid whose pid now belongs to another process. PostgreSQL itself ignores the file of a dead server, but takes any live
 * process of its user for the server, for example after the restart of a container. If this check errs, PostgreSQL's check of the shared
 * memory still prevents two servers on one cluster.
 */
export async function removeStalePidFile(cluster: string): Promise<void> {
  const noted = await notedPostmaster(cluster);
  if (noted !== undefined && isAlive(noted.pid) && !(await isPostmaster(noted.pid, cluster))) {
    await rm(join(cluster, 'postmaster.pid'), { force: true });
  }
}

/** The first signal disconnects clients and writes a checkpoint, the second aborts, the third kills. */
const SIGNALS = [
  { signal: 'SIGINT', timeoutMs: 15_000 },
  { signal: 'SIGQUIT', timeoutMs: 10_000 },
  { signal: 'SIGKILL', timeoutMs: 5_000 },
] as const;

/** Stops the server, even if it is no child of this process, and returns when its process is gone. */
export async function stopPostmaster(pid: number, cluster: string): Promise<void> {
  for (const { signal, timeoutMs } of SIGNALS) {
    const end = Date.now() + timeoutMs;
    if (await isPostmaster(pid, cluster)) process.kill(pid, signal);
    while (Date.now() < end) {
      if (!(await isPostmaster(pid, cluster))) return;
      await sleep(10);
    }
  }
  throw new Error(`PostgreSQL, process ${pid}, does not stop, not even by SIGKILL.`);
}

const SOCKET_FOLDER = 'credit-notes-';

/**
 * Returns a folder for the server's socket that only the server's user may enter. The folder of a killed server is used again, so that
 * kills do not fill the folder for temporary files.
 */
export async function socketFolder(cluster: string, user: ServerUser): Promise<string> {
  const previous = (await notedPostmaster(cluster))?.socketFolder;
  if (previous !== undefined && (await isSocketFolder(previous, user))) return previous;
  for (const parent of [tmpdir(), '/tmp']) {
    if (!fitsSocketPath(parent) || !(await canReach(parent, user).catch(() => false))) continue;
    const folder = await mkdtemp(join(parent, SOCKET_FOLDER));
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    return folder;
  }
  throw new Error(`Neither ${tmpdir()} nor /tmp can hold the database's socket. Set TMPDIR to a folder that can.`);
}

/** Removes the files that a killed server left in the folder. A new server may take them for those of a running one. */
export async function clearSocketFolder(folder: string): Promise<void> {
  for (const name of [`.s.PGSQL.${PORT}`, `.s.PGSQL.${PORT}.lock`]) await rm(join(folder, name), { force: true });
}

async function isSocketFolder(folder: string, user: ServerUser): Promise<boolean> {
  if (!basename(folder).startsWith(SOCKET_FOLDER)) return false;
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === (user?.uid ?? process.getuid?.());
}

/** Whether the path of the socket is short enough: the limit is 103 bytes on macOS and 107 on Linux. */
function fitsSocketPath(parent: string): boolean {
  return Buffer.byteLength(join(parent, `${SOCKET_FOLDER}XXXXXX`, `.s.PGSQL.${PORT}`)) <= 103;
}
