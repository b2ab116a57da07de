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
import { hasCode } from './system-calls.js';
import type { ServerUser } from './system-user.js';

/** The paths, user and settings of one data folder's server. */
export interface Site {
  dataDir: string;
  cluster: string;
  user: ServerUser;
  binaries: Binaries;
  passwords: Passwords;
  /** Folder for the socket of a server that this process starts. */
  socketFolder: string;
  logFile: string;
  settings: Record<string, string>;
  log: (message: string) => void;
}

/** The kind of this process. Other processes of the data folder name it in their messages if it owns the server. */
export type ProcessKind = 'gateway' | 'command line tool';

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

/** Time for the remaining processes of a killed server to end. */
const REMAINS_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** Time for a server that reports that it is starting or recovering: replaying the log after a crash can take long. */
const RECOVERY_TIMEOUT_MS = 300_000;

/** A server that accepts connections, and a superuser's connection to it. */
export interface ConnectedServer {
  pid: number;
  socketFolder: string;
  client: DedicatedClient;
  /** Whether the server was running already. */
  wasRunning: boolean;
}

/** Connects to the server that runs on the cluster, or starts one and connects to it. */
export async function connectOrStart(site: Site, kind: ProcessKind): Promise<ConnectedServer> {
  for (const limit = Date.now() + REMAINS_TIMEOUT_MS; ; await sleep(200)) {
    const running = await runningPostmaster(site.cluster);
    const started = running === undefined ? await startPostgres(site) : undefined;
    const pid = running?.pid ?? started?.child.pid ?? 0;
    const connected = await waitForConnection(site, kind, pid).catch(async (error: unknown) => {
      if (started !== undefined) await stopPostmaster(pid, site.cluster);
      throw error;
    });
    if (connected !== undefined) return { ...connected, wasRunning: started === undefined };
    if (started !== undefined && (!(await mayRetry(started)) || Date.now() > limit)) {
      throw failure('postgres', await started.output(), site.logFile);
    }
  }
}

/**
 * Whether another attempt may succeed. Another process may be starting the server at the same time, the processes of a killed server may
 * still hold the shared memory, or this server may have been killed. Only the log shows the first two.
 */
async function mayRetry({ child, output }: Started): Promise<boolean> {
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

/** Connects to this server as soon as it accepts connections; returns undefined if the server ends before. */
async function waitForConnection(
  site: Site,
  kind: ProcessKind,
  pid: number,
): Promise<Omit<ConnectedServer, 'wasRunning'> | undefined> {
  for (const begun = Date.now(); await isPostmaster(pid, site.cluster); await sleep(20)) {
    const noted = await notedPostmaster(site.cluster);
    const socketFolder = noted?.pid === pid ? noted.socketFolder : undefined;
    try {
      if (socketFolder === undefined) throw new Error('it has not opened its socket');
      const connection = superuserConnection(socketFolder, site.passwords);
      return { pid, socketFolder, client: await connect(connection, `${kind}, process ${process.pid}`) };
    } catch (error) {
      // 57P03: the server is starting, recovering or shutting down. 28P01: the password is wrong, so waiting does not help.
      const timeoutMs = hasCode(error, '57P03') ? RECOVERY_TIMEOUT_MS : hasCode(error, '28P01') ? 0 : ANSWER_TIMEOUT_MS;
      if (Date.now() - begun < timeoutMs) continue;
      throw new Error(
        `PostgreSQL, process ${pid}, runs on ${site.cluster} but refuses the connection: ${(error as Error).message}. ` +
          `See ${site.logFile}; to have it started again, stop it with: kill -INT ${pid}`,
        { cause: error },
      );
    }
  }
  return undefined;
}
