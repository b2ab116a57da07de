import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateEmbedded } from '../../src/database.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded-postgres/index.js';
import { CLUSTER_FILE, type Cluster, TEMPLATE } from './cluster.js';

declare global {
  var testServer: { server: EmbeddedPostgres; dataDir: string } | undefined;
}

/** One real PostgreSQL for the whole run, with a migrated template: durable enough for tests, which lose it at the end. */
export default async function globalSetup(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'credit-note-refunds-test-'));
  // Run by root, PostgreSQL is another user's; a closed folder would send its files elsewhere.
  await chmod(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off', max_connections: '200' } });
  globalThis.testServer = { server, dataDir };

  const superuser = new pg.Client(server.superuser);
  await superuser.connect();
  await superuser.query(`create database ${TEMPLATE}`);
  await superuser.end();
  await migrateEmbedded({ ...server, connection: { ...server.connection, database: TEMPLATE } });

  const cluster: Cluster = { dataDir, superuser: server.superuser, application: server.connection };
  const file = join(dataDir, 'cluster.json');
  await writeFile(file, JSON.stringify(cluster), { mode: 0o600 });
  process.env[CLUSTER_FILE] = file;
}
