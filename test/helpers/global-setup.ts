import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import './partitions.js';
import { migrateEmbedded } from '../../src/database/database.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres/index.js';
import { CLUSTER_FILE, type Cluster, TEMPLATE } from './cluster.js';

declare global {
  var testServer: { server: EmbeddedPostgres; dataDir: string } | undefined;
}

/** Starts one PostgreSQL server with a migrated template database for the whole run; without fsync, because tests lose it anyway. */
export default async function globalSetup(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'credit-note-refunds-test-'));
  // As root, PostgreSQL runs as another user, and would move its data out of a folder which that user cannot enter.
  await chmod(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off', max_connections: '200' } });
  globalThis.testServer = { server, dataDir };
  stopServerOnExit(dataDir);

  const superuser = new pg.Client(server.superuser);
  await superuser.connect();
  await superuser.query(`create database ${TEMPLATE}`);
  const operator = { ...server.connection, user: 'operator', password: 'operator' };
  await superuser.query(`create role ${operator.user} login password '${operator.password}'`);
  await superuser.end();
  await migrateEmbedded({ ...server, connection: { ...server.connection, database: TEMPLATE } }, operator.user);

  const cluster: Cluster = { dataDir, superuser: server.superuser, application: server.connection, operator };
  const file = join(dataDir, 'cluster.json');
  await writeFile(file, JSON.stringify(cluster), { mode: 0o600 });
  process.env[CLUSTER_FILE] = file;
}

/** Stops the server when the run is interrupted or crashes, because then no tear-down runs. */
function stopServerOnExit(dataDir: string): void {
  const [pid = ''] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
  process.once('exit', () => {
    try {
      process.kill(Number.parseInt(pid, 10), 'SIGINT');
    } catch {
      // The tear-down has already stopped it.
    }
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}
