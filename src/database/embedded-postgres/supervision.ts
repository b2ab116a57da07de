import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DedicatedClient } from './connection.js';
import { acquireServer } from './ownership.js';
import { runningPostmaster, stopPostmaster } from './postmaster.js';
import type { ProcessKind, Site } from './server.js';
import { hasCode } from './system-calls.js';

/** Pause after the first failure in a row. Each further failure doubles it. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** After this uptime a server counts as recovered: its next loss is the first in a row. */
const STEADY_MS = 60_000;
/** PostgreSQL needs this much to start, in bytes: its log grows by files of 16 MB. */
const LEAST_FREE_TO_START = 16 * 1024 * 1024;
/** With less than this, in bytes, a running server refuses rows as soon as a table grows. */
const LEAST_FREE_FOR_ROWS = 1024 * 1024;

/** A server that is restarted after each loss. */
export interface Supervision {
  /** Returns why the server cannot write at present, in words that may be public; `null` if no reason is known. */
  obstacle(): Promise<string | null>;
  /** Stops the server for good. */
  stop(): Promise<void>;
}

/**
 * Restarts the server after each unexpected end, with the same socket, so that the pool's next connection finds it. It never gives up
 * while this process lives: a full disk may get room again. The end of the owner's connection reports the loss, even if the server is no
 * child of this process.
 */
export function keepRunning(site: Site, kind: ProcessKind, firstOwner: DedicatedClient): Supervision {
  const stopped = new AbortController();
  let owner: DedicatedClient | undefined;
  let recovery = Promise.resolve();
  let stopping: Promise<void> | undefined;
  let obstacle: string | null = null;
  /** Losses and failed starts in a row. */
  let failures = 0;
  let upSince = performance.now();

  function hold(client: DedicatedClient): void {
    owner = client;
    upSince = performance.now();
    obstacle = null;
    // A program that has nothing left to do may end, even if it has not stopped the server.
    client.unref();
    client.once('end', () => {
      if (stopping !== undefined) return;
      owner = undefined;
      recovery = recover();
    });
  }

  async function recover(): Promise<void> {
    if (performance.now() - upSince > STEADY_MS) failures = 0;
    obstacle = RESTARTING;
    site.log('PostgreSQL has ended unexpectedly; restarting it.');
    for (; ; failures += 1) {
      // The first attempt follows at once.
      if (failures > 0) await pause(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
      if (stopping !== undefined) return;
      try {
        const server = await acquireServer(site, kind);
        failures += 1;
        if (server.owner !== undefined) hold(server.owner);
        return;
      } catch (error) {
        obstacle = (await isDiskFull(site, error)) ? DISK_FULL : RESTARTING;
        site.log(error instanceof Error ? error.message : String(error));
      }
    }
  }

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { ref: false, signal: stopped.signal }).catch(() => undefined);
  }

  async function stop(): Promise<void> {
    await recovery;
    if (owner !== undefined) {
      const running = await runningPostmaster(site.cluster);
      // The owner's lock is held until the server is gone, so that no other process takes over a server that is about to stop.
      if (running !== undefined) await stopPostmaster(running.pid, site.cluster);
      await owner.end();
      await rm(join(site.dataDir, 'database-url'), { force: true });
    }
    await removeUnusedSocketFolder(site);
  }

  hold(firstOwner);
  return {
    obstacle: async () => obstacle ?? ((await freeBytes(site)) < LEAST_FREE_FOR_ROWS ? DISK_FULL : null),
    stop: () => {
      stopping ??= stop();
      stopped.abort();
      return stopping;
    },
  };
}

const RESTARTING = 'the embedded database is being restarted';
const DISK_FULL = 'the disk of the embedded database is full';

/** Whether the disk is full. PostgreSQL's own message may be missing, because its log is on the same disk. */
async function isDiskFull(site: Site, error: unknown): Promise<boolean> {
  if (hasCode(error, 'ENOSPC') || /No space left on device/.test(String(error))) return true;
  return (await freeBytes(site)) < LEAST_FREE_TO_START;
}

/** Returns the free bytes on the cluster's disk; infinite if they cannot be determined. */
async function freeBytes({ cluster }: Site): Promise<number> {
  const disk = await statfs(cluster).catch(() => null);
  return disk === null ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
}

/** Removes the folder for the server's socket, unless a running server uses it. */
export async function removeUnusedSocketFolder({ cluster, socketFolder }: Site): Promise<void> {
  const running = await runningPostmaster(cluster);
  if (running?.socketFolder !== socketFolder) await rm(socketFolder, { recursive: true, force: true });
}
