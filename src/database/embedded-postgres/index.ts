import { realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedPackage, placeBinaries } from './binaries.js';
import { createCluster, findCluster, readPasswords } from './cluster.js';
import { applicationConnection, connectionUrl, type EmbeddedConnection, superuserConnection } from './connection.js';
import { inDataFolder, makeFolder } from './data-folder.js';
import { REACHABLE_FOLDER, removeLeftovers } from './folders.js';
import { acquireServer, type Server } from './ownership.js';
import { socketFolder } from './postmaster.js';
import type { ProcessKind, Site } from './server.js';
import { removeUnusedSocketFolder, type Supervision, Supervisor } from './supervision.js';
import { serverUser } from './system-user.js';

export { connectionUrl, type EmbeddedConnection } from './connection.js';

export interface EmbeddedPostgres {
  /** The role of the gateway, which is no superuser and owns nothing. */
  readonly connection: EmbeddedConnection;
  /** The superuser, in the database "postgres"; for maintenance and tests. */
  readonly superuser: EmbeddedConnection;
  /** Returns why the server cannot write at present, in words that may be public; `null` if no reason is known. */
  obstacle(): Promise<string | null>;
  /** Stops the server if this process owns it. Further calls have no effect. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** DATA_DIR, which contains the cluster in `postgres` and the server's log in `postgres.log`. */
  dataDir: string;
  /** Further settings of the server, such as fsync=off for tests. */
  settings?: Record<string, string>;
  /** Receives messages for the operator, of one line each. */
  log?: (message: string) => void;
}

/**
 * Starts PostgreSQL for the gateway, or takes over the server that a killed gateway left running.
 *
 * @throws if another live gateway uses the data folder
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return open(options, 'gateway');
}

/** Opens PostgreSQL for a command line tool: uses the server of a running gateway, or starts one. */
export function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return open(options, 'command line tool');
}

async function open(options: EmbeddedPostgresOptions, kind: ProcessKind): Promise<EmbeddedPostgres> {
  const site = await inDataFolder(options.dataDir, () => prepareSite(options));
  let server: Server;
  try {
    server = await acquireServer(site, kind);
  } finally {
    // A server that was already running has its socket in another folder.
    await removeUnusedSocketFolder(site);
  }
  const ownSite = { ...site, socketFolder: server.socketFolder };
  const supervision = server.owner === undefined ? UNOWNED : new Supervisor(ownSite, kind, server.owner);
  const connection = applicationConnection(server.socketFolder, site.passwords);
  if (server.owner !== undefined) await inDataFolder(site.dataDir, () => writeDatabaseUrl(site.dataDir, connection));
  return {
    connection,
    superuser: superuserConnection(server.socketFolder, site.passwords),
    obstacle: () => supervision.obstacle(),
    stop: () => supervision.stop(),
  };
}

/** Another process owns the server and supervises it. */
const UNOWNED: Supervision = { obstacle: async () => null, stop: async () => undefined };

/** Determines the paths and the system user of the server, and creates the cluster if there is none yet. */
async function prepareSite({ dataDir, settings = {}, log = () => undefined }: EmbeddedPostgresOptions): Promise<Site> {
  const packageFolder = await installedPackage();
  await makeFolder(dataDir);
  const folder = await realpath(dataDir);
  const logFile = join(folder, 'postgres.log');
  await removeLeftovers(folder);

  const existing = await findCluster(folder);
  const user = await serverUser(existing);
  const copies = user === undefined ? join(folder, 'postgres-programs') : REACHABLE_FOLDER;
  const binaries = await placeBinaries(packageFolder, user, copies);
  const plan = { dataDir: folder, binaries, user, logFile, durable: settings.fsync !== 'off', log };
  const cluster = existing ?? (await createCluster(plan));

  const passwords = await readPasswords(cluster);
  const sockets = await socketFolder(cluster, user);
  return { dataDir: folder, cluster, user, binaries, passwords, socketFolder: sockets, logFile, settings, log };
}

/** For developers: `psql "$(cat .data/database-url)"`. */
async function writeDatabaseUrl(dataDir: string, connection: EmbeddedConnection): Promise<void> {
  const file = join(dataDir, 'database-url');
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${connectionUrl(connection)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
