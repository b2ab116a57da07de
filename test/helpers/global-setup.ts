import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateEmbedded } from '../../src/database/database.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres/index.js';
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
  stopWithUs(dataDir);

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

/** A run that is interrupted or crashes has no tear-down, and must leave no server behind all the same. */
function stopWithUs(dataDir: string): void {
  const [pid = ''] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
  process.once('exit', () => {
    try {
      process.kill(Number.parseInt(pid, 10), 'SIGINT');
    } catch {
      // The tear-down has stopped it.
    }
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}
