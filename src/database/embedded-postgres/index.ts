import { realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedPackage, placeBinaries } from './binaries.js';
import { createCluster, findCluster, readPasswords } from './cluster.js';
import { applicationConnection, connectionUrl, type EmbeddedConnection, superuserConnection } from './connection.js';
import { inDataFolder, makeFolder } from './data-folder.js';
import { acquireServer, type Server } from './ownership.js';
import { socketFolder } from './postmaster.js';
import type { Role, Site } from './server.js';
import { removeLeftovers, SHELTER } from './shelter.js';
import { keepRunning, removeUnusedSocketFolder, type Supervision } from './supervision.js';
import { serverUser } from './system-user.js';

export { connectionUrl, type EmbeddedConnection } from './connection.js';

export interface EmbeddedPostgres {
  /** The application's own role: not a superuser, and owner of nothing. */
  readonly connection: EmbeddedConnection;
  /** Database "postgres"; for tests and maintenance. */
  readonly superuser: EmbeddedConnection;
  /** What keeps the server from writing just now, in words for whoever asks; `null` for nothing that is known. */
  trouble(): Promise<string | null>;
  /** Stops the server if it is ours. Once is enough; more often does no harm. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** DATA_DIR: the cluster is in its `postgres`, the server's log in its `postgres.log`. */
  dataDir: string;
  /** Further settings of the server, such as fsync=off for tests. */
  settings?: Record<string, string>;
  /** Takes one line for what the operator should know. */
  log?: (message: string) => void;
}

/**
 * Starts the gateway's own PostgreSQL, or takes over the one that a killed gateway left running.
 *
 * @throws if another live gateway uses the data folder
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return open(options, 'gateway');
}

/** For command line tools: uses the server of a running gateway when there is one, and otherwise starts one. */
export function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return open(options, 'command line tool');
}

async function open(options: EmbeddedPostgresOptions, role: Role): Promise<EmbeddedPostgres> {
  const site = await inDataFolder(options.dataDir, () => prepareSite(options));
  let server: Server;
  try {
    server = await acquireServer(site, role);
  } finally {
    // A server that was running already has its socket elsewhere.
    await removeUnusedSocketFolder(site);
  }
  const ownSite = { ...site, socketFolder: server.socketFolder };
  const supervision = server.owner === undefined ? NOT_OURS : keepRunning(ownSite, role, server.owner);
  const connection = applicationConnection(server.socketFolder, site.passwords);
  if (server.owner !== undefined) await inDataFolder(site.dataDir, () => writeDatabaseUrl(site.dataDir, connection));
  return { connection, superuser: superuserConnection(server.socketFolder, site.passwords), ...supervision };
}

/** Its owner looks after it. */
const NOT_OURS: Supervision = { trouble: async () => null, stop: async () => undefined };

/** Settles where everything is and who runs it, and makes the cluster if there is none yet. */
async function prepareSite({ dataDir, settings = {}, log = () => undefined }: EmbeddedPostgresOptions): Promise<Site> {
  const packageFolder = await installedPackage();
  await makeFolder(dataDir);
  const folder = await realpath(dataDir);
  const logFile = join(folder, 'postgres.log');
  await removeLeftovers(folder);

  const existing = await findCluster(folder);
  const user = await serverUser(existing);
  const shelter = user === undefined ? join(folder, 'postgres-programs') : SHELTER;
  const binaries = await placeBinaries(packageFolder, user, shelter);
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
