import { setTimeout as sleep } from 'node:timers/promises';
import { APPLICATION, type DedicatedClient, type Passwords } from './connection.js';
import { stopPostmaster } from './postmaster.js';
import { connectOrStart, type ProcessKind, type Site } from './server.js';

/** A running server that this process may use. */
export interface Server {
  socketFolder: string;
  /** The connection that holds the owner's lock; undefined if another process owns the server. */
  owner: DedicatedClient | undefined;
}

/** Time to wait for another owner, because a command line tool may own the server only briefly. */
const OWNER_TIMEOUT_MS = 5_000;

/**
 * Finds or starts the server, and takes ownership by an advisory lock. PostgreSQL releases the lock when the connection ends, even if this
 * process is killed.
 *
 * @throws if another live process owns the server and this one is a gateway; a command line tool shares the server
 */
export async function acquireServer(site: Site, kind: ProcessKind): Promise<Server> {
  for (const limit = Date.now() + OWNER_TIMEOUT_MS; ; await sleep(100)) {
    const { pid, socketFolder, client, wasRunning } = await connectOrStart(site, kind);
    let ours = false;
    try {
      await assertServes(client, site.cluster, pid);
      ours = await takeLock(client);
      if (ours) {
        await provideApplication(client, site.passwords);
        if (wasRunning) site.log(`Took over PostgreSQL, process ${pid}, which was still running.`);
        return { socketFolder, owner: client };
      }
      if (kind === 'command line tool' && (await findApplication(client)).database) {
        await client.end();
        return { socketFolder, owner: undefined };
      }
      const owner = await lockOwner(client);
      if (Date.now() > limit) {
        throw new Error(`Another ${owner}, uses the data folder ${site.dataDir}. Stop it first, or choose another DATA_DIR.`);
      }
    } catch (error) {
      // The owner may be stopping the server, which ends this connection. The next round starts it again.
      if (Date.now() > limit) {
        if (ours) await stopPostmaster(pid, site.cluster);
        await client.end();
        throw error;
      }
    }
    await client.end();
  }
}

/** The key can be any number: nothing else takes advisory locks in the database "postgres". */
async function takeLock(client: DedicatedClient): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock(1) as taken');
  return rows[0]?.taken === true;
}

async function lockOwner(client: DedicatedClient): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select application_name as name from pg_stat_activity
     where pid in (select pid from pg_locks where locktype = 'advisory' and granted) and datname = 'postgres'`,
  );
  return rows[0]?.name ?? 'process, which has just left';
}

/** Checks that this is not the server of a copy of the data folder, or of the folder before it was moved. */
async function assertServes(client: DedicatedClient, cluster: string, pid: number): Promise<void> {
  const { rows } = await client.query<{ data_directory: string }>('show data_directory');
  const served = rows[0]?.data_directory;
  if (served === cluster) return;
  throw new Error(`PostgreSQL, process ${pid}, serves ${served}, not ${cluster}. Stop it first: kill -INT ${pid}`);
}

async function findApplication(client: DedicatedClient): Promise<{ role: boolean; database: boolean }> {
  const { rows } = await client.query<{ role: boolean; database: boolean }>(
    `select exists (select from pg_roles where rolname = $1) as role,
            exists (select from pg_database where datname = $1) as database`,
    [APPLICATION],
  );
  return rows[0] ?? { role: false, database: false };
}

/**
 * Creates the role and the database of the gateway, in a new cluster or after a developer has dropped them to start afresh. The superuser
 * owns the database, so that the gateway's role cannot drop the triggers and constraints.
 */
async function provideApplication(client: DedicatedClient, passwords: Passwords): Promise<void> {
  const found = await findApplication(client);
  const password = client.escapeLiteral(passwords.application);
  if (!found.role) await client.query(`create role ${APPLICATION} login password ${password}`);
  if (!found.database) await client.query(`create database ${APPLICATION}`);
}
