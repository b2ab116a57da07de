import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM, Options } from '@mikro-orm/postgresql';
import config, { type Connection, connect, PATIENT } from '../mikro-orm.config.js';
import {
  type EmbeddedConnection,
  type EmbeddedPostgres,
  openEmbeddedPostgres,
  startEmbeddedPostgres,
} from './embedded-postgres/index.js';
import { migrate, pendingMigrations } from './migrate.js';

/** How long connections in use may take to come back when everything stops. */
const CLOSE_TIMEOUT_MS = 5_000;

/** The database that the configuration names, ready to be used. */
export interface Database {
  readonly orm: MikroORM;
  readonly embedded: boolean;
  /** Closes the connections, and stops the database where it is ours. */
  close(): Promise<void>;
}

interface Settings {
  readonly databaseUrl: string | null;
  readonly dataDir: string;
}

/** Its message is for the operator. */
export class DatabaseNotMigrated extends Error {
  constructor(pending: readonly string[]) {
    super(`The database lacks ${pending.length} migration(s): ${pending.join(', ')}. Apply them with: npm run migrate`);
  }
}

/** Its message is for the operator, and names no password. */
export class DatabaseUnreachable extends Error {
  constructor(cause: unknown) {
    super(`The database of DATABASE_URL does not let us in: ${reason(cause)}`, { cause });
  }
}

/**
 * For the gateway. The embedded database is started and migrated; another one must have been migrated by `npm run migrate`.
 *
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export async function openDatabase(settings: Settings, log: (message: string) => void, options?: Options): Promise<Database> {
  if (settings.databaseUrl === null) {
    const server = await startEmbeddedPostgres({ dataDir: settings.dataDir, log });
    return opened(
      () => connect(connectionOf(server.connection), options),
      server,
      async (pending) => {
        if (pending.length > 0) log(`Migrated: ${(await migrateEmbedded(server)).join(', ')}`);
      },
    );
  }
  const { databaseUrl } = settings;
  return opened(() => connectByUrl(databaseUrl, options), null, refuseUnmigrated);
}

/**
 * For command line tools, which may run beside the gateway: they leave its embedded database running. What an operator asks for,
 * such as a proof of large books, may take as long as it takes.
 *
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export async function openDatabaseBeside({ databaseUrl, dataDir }: Settings): Promise<Database> {
  if (databaseUrl !== null) return opened(() => connectByUrl(databaseUrl, PATIENT), null, refuseUnmigrated);
  const server = await openEmbeddedPostgres({ dataDir });
  return opened(() => connect(connectionOf(server.connection), PATIENT), server, refuseUnmigrated);
}

/**
 * For `npm run migrate`: applies what is pending, and tells the names.
 *
 * @throws {DatabaseUnreachable}
 */
export async function migrateDatabase({ databaseUrl, dataDir }: Settings, applicationRole?: string): Promise<string[]> {
  if (databaseUrl === null) {
    const server = await openEmbeddedPostgres({ dataDir });
    return migrateEmbedded(server).finally(() => server.stop());
  }
  const orm = await connectByUrl(databaseUrl, PATIENT);
  return migrate(orm, applicationRole).finally(() => orm.close());
}

/** The superuser migrates, and so owns the tables: the application's role cannot switch off what guards them. */
export async function migrateEmbedded({ superuser, connection }: EmbeddedPostgres): Promise<string[]> {
  const orm = await connect(connectionOf({ ...superuser, database: connection.database }), PATIENT);
  try {
    return await migrate(orm, connection.user);
  } finally {
    await orm.close();
  }
}

async function refuseUnmigrated(pending: readonly string[]): Promise<void> {
  if (pending.length > 0) throw new DatabaseNotMigrated(pending);
}

async function connectByUrl(url: string, options: Options = {}): Promise<MikroORM> {
  // pg reads the whole URL. MikroORM alone would drop its parameters, and so connect without TLS despite sslmode=require.
  const driverOptions = { ...(options.driverOptions ?? config.driverOptions), connectionString: url };
  const orm = await connect({ clientUrl: url }, { ...options, driverOptions });
  try {
    await orm.em.fork().execute('select 1');
    return orm;
  } catch (error) {
    await orm.close();
    throw new DatabaseUnreachable(error);
  }
}

async function opened(
  connected: () => Promise<MikroORM>,
  server: EmbeddedPostgres | null,
  prepare: (pending: readonly string[]) => Promise<void>,
): Promise<Database> {
  let orm: MikroORM | undefined;
  const close = async (): Promise<void> => {
    // A pool waits for whoever holds a connection; a server that stops cuts everybody off.
    await Promise.race([orm?.close(), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    await server?.stop();
  };
  try {
    orm = await connected();
    await prepare(await pendingMigrations(orm));
    return { orm, embedded: server !== null, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function connectionOf({ database, ...rest }: EmbeddedConnection): Connection {
  return { ...rest, dbName: database };
}

/** One line. Where a host has several addresses, the error that says that none answers has no message of its own. */
function reason(error: unknown): string {
  const errors = error instanceof AggregateError ? error.errors : [error];
  return errors
    .map((each) => (each instanceof Error ? each.message : String(each)))
    .join('; ')
    .replaceAll(/\s*\n\s*/g, ' ');
}
