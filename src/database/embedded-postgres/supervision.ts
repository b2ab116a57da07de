import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DedicatedClient } from './connection.js';
import { acquireServer } from './ownership.js';
import { runningPostmaster, stopPostmaster } from './postmaster.js';
import type { Role, Site } from './server.js';
import { hasCode } from './shelter.js';

/** The pause after the first failure in a row, which doubles with each further one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A server that was up for so long had recovered: its next loss is a first one. */
const STEADY_MS = 60_000;
/** With less than this PostgreSQL cannot even start: its log grows by files of 16 MB. */
const LEAST_FREE_TO_START = 16 * 1024 * 1024;
/** With less than this a running one refuses rows as soon as a table grows. */
const LEAST_FREE_FOR_ROWS = 1024 * 1024;

/** A server that is brought back whenever it is lost. */
export interface Supervision {
  /** What keeps the server from writing just now, in words for whoever asks; `null` for nothing that is known. */
  trouble(): Promise<string | null>;
  /** Stops the server for good. */
  stop(): Promise<void>;
}

/**
 * Brings our server back whenever it ends unexpectedly, in the same place, so that the pool's next connection finds it, and
 * for as long as this process lives: a full disk gets room again. The end of the owner's connection reports a loss, whether or
 * not the server is a child of this process.
 */
export function keepRunning(site: Site, role: Role, firstOwner: DedicatedClient): Supervision {
  const stopped = new AbortController();
  let owner: DedicatedClient | undefined;
  let recovery = Promise.resolve();
  let stopping: Promise<void> | undefined;
  let trouble: string | null = null;
  /** Losses and failed starts in a row. */
  let failures = 0;
  let upSince = performance.now();

  function hold(client: DedicatedClient): void {
    owner = client;
    upSince = performance.now();
    trouble = null;
    // A program that has nothing left to do may end, even if it forgot to stop the server.
    client.unref();
    client.once('end', () => {
      if (stopping !== undefined) return;
      owner = undefined;
      recovery = recover();
    });
  }

  async function recover(): Promise<void> {
    if (performance.now() - upSince > STEADY_MS) failures = 0;
    trouble = RESTARTING;
    site.log('PostgreSQL is gone unexpectedly; bringing it back.');
    for (; ; failures += 1) {
      // The first loss is made good at once.
      if (failures > 0) await pause(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
      if (stopping !== undefined) return;
      try {
        const server = await acquireServer(site, role);
        failures += 1;
        if (server.owner !== undefined) hold(server.owner);
        return;
      } catch (error) {
        trouble = (await isDiskFull(site, error)) ? DISK_FULL : RESTARTING;
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
      // The lock is ours until the server is gone, so that nobody takes over a server that is about to stop.
      if (running !== undefined) await stopPostmaster(running.pid, site.cluster);
      await owner.end();
      await rm(join(site.dataDir, 'database-url'), { force: true });
    }
    await removeUnusedSocketFolder(site);
  }

  hold(firstOwner);
  return {
    trouble: async () => trouble ?? ((await freeBytes(site)) < LEAST_FREE_FOR_ROWS ? DISK_FULL : null),
    stop: () => {
      stopping ??= stop();
      stopped.abort();
      return stopping;
    },
  };
}

const RESTARTING = 'the embedded database is being restarted';
const DISK_FULL = 'the disk of the embedded database is full';

/** PostgreSQL writes its last words to the same disk, where there may have been no room for them. */
async function isDiskFull(site: Site, error: unknown): Promise<boolean> {
  if (hasCode(error, 'ENOSPC') || /No space left on device/.test(String(error))) return true;
  return (await freeBytes(site)) < LEAST_FREE_TO_START;
}

/** Of the cluster's disk; infinite where that cannot be told. */
async function freeBytes({ cluster }: Site): Promise<number> {
  const disk = await statfs(cluster).catch(() => null);
  return disk === null ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
}

/** Removes the folder that we keep for the server's socket, unless a server has its socket there. */
export async function removeUnusedSocketFolder({ cluster, socketFolder }: Site): Promise<void> {
  const running = await runningPostmaster(cluster);
  if (running?.socketFolder !== socketFolder) await rm(socketFolder, { recursive: true, force: true });
}
