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

const RESTARTING = 'the embedded database is being restarted';
const DISK_FULL = 'the disk of the embedded database is full';

/** A running server, and how to stop it. */
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
export class Supervisor implements Supervision {
  private readonly stopped = new AbortController();
  private owner: DedicatedClient | undefined;
  private recovery = Promise.resolve();
  private stopping: Promise<void> | undefined;
  private known: string | null = null;
  /** Losses and failed starts in a row. */
  private failures = 0;
  private upSince = performance.now();

  constructor(
    private readonly site: Site,
    private readonly kind: ProcessKind,
    firstOwner: DedicatedClient,
  ) {
    this.hold(firstOwner);
  }

  async obstacle(): Promise<string | null> {
    return this.known ?? ((await freeBytes(this.site)) < LEAST_FREE_FOR_ROWS ? DISK_FULL : null);
  }

  stop(): Promise<void> {
    this.stopping ??= this.end();
    this.stopped.abort();
    return this.stopping;
  }

  private hold(owner: DedicatedClient): void {
    this.owner = owner;
    this.upSince = performance.now();
    this.known = null;
    // A program that has nothing left to do may end, even if it has not stopped the server.
    owner.unref();
    owner.once('end', () => {
      if (this.stopping !== undefined) return;
      this.owner = undefined;
      this.recovery = this.recover();
    });
  }

  private async recover(): Promise<void> {
    const { site, kind } = this;
    if (performance.now() - this.upSince > STEADY_MS) this.failures = 0;
    this.known = RESTARTING;
    site.log('PostgreSQL has ended unexpectedly; restarting it.');
    for (; ; this.failures += 1) {
      // The first attempt follows at once.
      if (this.failures > 0) await this.pause(Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS));
      if (this.stopping !== undefined) return;
      try {
        const server = await acquireServer(site, kind);
        this.failures += 1;
        if (server.owner !== undefined) this.hold(server.owner);
        return;
      } catch (error) {
        this.known = (await isDiskFull(site, error)) ? DISK_FULL : RESTARTING;
        site.log(error instanceof Error ? error.message : String(error));
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { ref: false, signal: this.stopped.signal }).catch(() => undefined);
  }

  private async end(): Promise<void> {
    const { site } = this;
    await this.recovery;
    if (this.owner !== undefined) {
      const running = await runningPostmaster(site.cluster);
      // The owner's lock is held until the server is gone, so that no other process takes over a server that is about to stop.
      if (running !== undefined) await stopPostmaster(running.pid, site.cluster);
      await this.owner.end();
      await rm(join(site.dataDir, 'database-url'), { force: true });
    }
    await removeUnusedSocketFolder(site);
  }
}

/** Removes the folder for the server's socket, unless a running server uses it. */
export async function removeUnusedSocketFolder({ cluster, socketFolder }: Site): Promise<void> {
  const running = await runningPostmaster(cluster);
  if (running?.socketFolder !== socketFolder) await rm(socketFolder, { recursive: true, force: true });
}

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
