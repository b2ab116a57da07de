import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DedicatedClient } from './connection.js';
import { acquireServer } from './ownership.js';
import { runningPostmaster, stopPostmaster } from './postmaster.js';
import type { Role, Site } from './server.js';

/** More losses than this within a minute are not going to be cured by yet another start. */
const LOSSES_BEFORE_GIVING_UP = 5;

/**
 * Brings our server back whenever it ends unexpectedly, in the same place, so that the pool's next connection finds it.
 * The end of the owner's connection tells of it, whether or not the server is a child of this process.
 *
 * @returns the function that stops the server for good
 */
export function keepRunning(site: Site, role: Role, firstOwner: DedicatedClient): () => Promise<void> {
  let owner: DedicatedClient | undefined;
  let recovery = Promise.resolve();
  let stopping: Promise<void> | undefined;
  let losses: number[] = [];

  function hold(client: DedicatedClient): void {
    owner = client;
    // A program that has nothing left to do may end, even if it forgot to stop the server.
    client.unref();
    client.once('end', () => {
      if (stopping !== undefined) return;
      owner = undefined;
      recovery = recover();
    });
  }

  async function recover(): Promise<void> {
    for (; stopping === undefined; await sleep(1_000)) {
      losses = [...losses.filter((time) => time > Date.now() - 60_000), Date.now()];
      if (losses.length > LOSSES_BEFORE_GIVING_UP) {
        site.log(`PostgreSQL keeps failing and is given up; see ${site.logFile}.`);
        return;
      }
      site.log('PostgreSQL is gone unexpectedly; bringing it back.');
      try {
        const server = await acquireServer(site, role);
        if (server.owner !== undefined) hold(server.owner);
        return;
      } catch (error) {
        site.log(error instanceof Error ? error.message : String(error));
      }
    }
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
  return () => {
    stopping ??= stop();
    return stopping;
  };
}

/** Removes the folder that we keep for the server's socket, unless a server has its socket there. */
export async function removeUnusedSocketFolder({ cluster, socketFolder }: Site): Promise<void> {
  const running = await runningPostmaster(cluster);
  if (running?.socketFolder !== socketFolder) await rm(socketFolder, { recursive: true, force: true });
}
