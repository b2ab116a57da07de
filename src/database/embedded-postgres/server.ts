import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { connect, type DedicatedClient, type Passwords, PORT, superuserConnection } from './connection.js';
import {
  clearSocketFolder,
  isPostmaster,
  notedPostmaster,
  removeStalePidFile,
  runningPostmaster,
  stopPostmaster,
} from './postmaster.js';
import { end, failure, type Started, start } from './program.js';
import { hasCode } from './shelter.js';
import type { ServerUser } from './system-user.js';

/** All that it takes to bring the server of one data folder up, the first time and again. */
export interface Site {
  dataDir: string;
  cluster: string;
  user: ServerUser;
  binaries: Binaries;
  passwords: Passwords;
  /** Where a server that we start puts its socket. */
  socketFolder: string;
  logFile: string;
  settings: Record<string, string>;
  log: (message: string) => void;
}

/** What this process is to the others that use the data folder; they name it when they have to give way. */
export type Role = 'gateway' | 'command line tool';

const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '64MB',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  logging_collector: 'off',
  log_destination: 'stderr',
};

/** How long we wait for what is left of a killed server. */
const REMAINS_PATIENCE = 10_000;
const ANSWER_PATIENCE = 30_000;
/** Replaying the log after a crash takes as long as it takes; only a server that says it is at it gets this much. */
const RECOVERY_PATIENCE = 300_000;

/** A server that answers, and a superuser's connection to it. */
export interface Answering {
  pid: number;
  socketFolder: string;
  client: DedicatedClient;
  /** Whether it was running before we came. */
  found: boolean;
}

/** Connects to the server that runs on the cluster, or to one that it starts. */
export async function bringUp(site: Site, role: Role): Promise<Answering> {
  for (const limit = Date.now() + REMAINS_PATIENCE; ; await sleep(200)) {
    const running = await runningPostmaster(site.cluster);
    const started = running === undefined ? await startPostgres(site) : undefined;
    const pid = running?.pid ?? started?.child.pid ?? 0;
    const answering = await waitForAnswer(site, role, pid).catch(async (error: unknown) => {
      if (started !== undefined) await stopPostmaster(pid, site.cluster);
      throw error;
    });
    if (answering !== undefined) return { ...answering, found: started === undefined };
    if (started !== undefined && (!(await mayPass(started)) || Date.now() > limit)) {
      throw failure('postgres', await started.output(), site.logFile);
    }
  }
}

/**
 * Whether another attempt may succeed: another process may start the server at the same moment as we, the processes of
 * a killed server take a moment to notice its death and let go of the shared memory, and somebody may kill this one too.
 * The first two show only in the log.
 */
async function mayPass({ child, output }: Started): Promise<boolean> {
  await end(child);
  if (child.signalCode !== null) return true;
  return /lock file ".*" already exists|lock file ".*" is empty|pre-existing shared memory block/.test(await output());
}

async function startPostgres(site: Site): Promise<Started> {
  await removeStalePidFile(site.cluster);
  await clearSocketFolder(site.socketFolder);
  const settings = { ...SETTINGS, ...site.settings, unix_socket_directories: site.socketFolder, port: String(PORT) };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return start(site.binaries.postgres, ['-D', site.cluster, ...options], {
    user: site.user,
    logFile: site.logFile,
    folder: site.cluster,
  });
}

/** The connection to this server as soon as it accepts one; undefined if it ends before. */
async function waitForAnswer(site: Site, role: Role, pid: number): Promise<Omit<Answering, 'found'> | undefined> {
  for (const begun = Date.now(); await isPostmaster(pid, site.cluster); await sleep(20)) {
    const noted = await notedPostmaster(site.cluster);
    const socketFolder = noted?.pid === pid ? noted.socketFolder : undefined;
    try {
      if (socketFolder === undefined) throw new Error('it has not opened its socket');
      const connection = superuserConnection(socketFolder, site.passwords);
      return { pid, socketFolder, client: await connect(connection, `${role}, process ${process.pid}`) };
    } catch (error) {
      // 57P03: it is starting, recovering or shutting down. 28P01: a wrong password does not get right by waiting.
      const patience = hasCode(error, '57P03') ? RECOVERY_PATIENCE : hasCode(error, '28P01') ? 0 : ANSWER_PATIENCE;
      if (Date.now() - begun < patience) continue;
      throw new Error(
        `PostgreSQL, process ${pid}, runs on ${site.cluster} but lets us not in: ${(error as Error).message}. ` +
          `See ${site.logFile}; to have it started anew, stop it with: kill -INT ${pid}`,
        { cause: error },
      );
    }
  }
  return undefined;
}
