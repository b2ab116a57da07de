import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdtemp, readFile, readlink, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries.js';
import { type Passwords, SUPERUSER } from './connection.js';
import { makeStaging, openFolder, REACHABLE_FOLDER, removeLeftovers, syncFolder } from './folders.js';
import { run } from './program.js';
import { hasCode } from './system-calls.js';
import { canReach, type ServerUser } from './system-user.js';

/**
 * Returns the real path of the data folder's cluster; undefined if there is no cluster yet.
 *
 * @throws if the cluster was outside the data folder and is gone: silently making a new one would hide the loss of data
 */
export async function findCluster(dataDir: string): Promise<string | undefined> {
  const place = join(dataDir, 'postgres');
  const entry = await lstat(place).catch(ignoreMissing);
  if (entry === undefined) return undefined;
  const cluster = await realpath(place).catch(ignoreMissing);
  if (cluster === undefined) {
    throw new Error(
      `The database of ${dataDir} is gone: ${place} points to ${await readlink(place)}, which does not exist. ` +
        'Restore that folder from a backup; or remove the link to start with an empty database.',
    );
  }
  return cluster;
}

/** Returns the passwords from the cluster's file. Its first line, which initdb reads, is the superuser's, its second the application's. */
export async function readPasswords(cluster: string): Promise<Passwords> {
  const text = await readFile(join(cluster, 'passwords'), 'utf8').catch(ignoreMissing);
  const [superuser, application] = text?.split('\n') ?? [];
  if (!superuser || !application) {
    throw new Error(
      `${cluster} is not a database that this gateway made: it lacks the file "passwords" with two passwords. ` +
        'Move it away, or choose another DATA_DIR.',
    );
  }
  return { superuser, application };
}

export interface ClusterPlan {
  dataDir: string;
  binaries: Binaries;
  user: ServerUser;
  logFile: string;
  /** False if fsync is off: then initdb need not wait for the disk either. */
  durable: boolean;
  log: (message: string) => void;
}

/**
 * Builds the cluster in a hidden folder and publishes it by one rename, so that a killed process never leaves half a cluster. If two
 * processes do this at the same time, the first rename wins and both use its cluster. Returns the path.
 */
export async function createCluster(plan: ClusterPlan): Promise<string> {
  const place = join(plan.dataDir, 'postgres');
  let won: boolean;
  if (await canReach(plan.dataDir, plan.user)) {
    const staging = await buildCluster(plan.dataDir, plan);
    won = await firstOneWins(() => rename(join(staging, 'cluster'), place));
    await rm(staging, { recursive: true });
  } else {
    await openFolder(REACHABLE_FOLDER);
    await removeLeftovers(REACHABLE_FOLDER);
    const staging = await buildCluster(REACHABLE_FOLDER, plan);
    const elsewhere = await mkdtemp(join(REACHABLE_FOLDER, 'cluster-'));
    await rename(join(staging, 'cluster'), elsewhere);
    await rm(staging, { recursive: true });
    await syncFolder(REACHABLE_FOLDER);
    won = await firstOneWins(() => symlink(elsewhere, place));
    if (!won) await rm(elsewhere, { recursive: true });
  }
  await syncFolder(plan.dataDir);
  const cluster = await realpath(place);
  if (won) plan.log(`Made a new PostgreSQL database in ${cluster}.`);
  return cluster;
}

/** Runs initdb in a new folder beneath `parent`, and returns that folder. The cluster, with its passwords, is in its `cluster`. */
async function buildCluster(parent: string, { binaries, user, logFile, durable }: ClusterPlan): Promise<string> {
  const staging = await makeStaging(parent);
  const passwords = join(staging, 'passwords');
  const cluster = join(staging, 'cluster');
  // Letters and digits only, so that the passwords need no escaping anywhere.
  const lines = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex'), ''];
  await writeFile(passwords, lines.join('\n'), { mode: 0o600, flush: true });
  if (user !== undefined) {
    await chown(passwords, user.uid, user.gid);
    await chown(staging, user.uid, user.gid);
  }
  const options = [
    ...['-D', cluster, '-U', SUPERUSER, '--pwfile', passwords, '--auth=scram-sha-256', '--data-checksums'],
    // The builtin provider sorts by code point and maps the case of all Unicode letters, identically on every system.
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    // One syncfs is as durable as an fsync for each of a thousand files, and takes milliseconds instead of seconds.
    ...(durable ? (process.platform === 'linux' ? ['--sync-method=syncfs'] : []) : ['--no-sync']),
  ];
  try {
    await run(binaries.initdb, options, { user, logFile, folder: '/' });
    // Passwords inside the cluster are published, moved and removed together with it.
    await rename(passwords, join(cluster, 'passwords'));
    await syncFolder(cluster);
    await syncFolder(dirname(cluster));
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  return staging;
}

async function firstOneWins(publish: () => Promise<void>): Promise<boolean> {
  try {
    await publish();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR')) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error;
}
