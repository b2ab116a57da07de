import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager, MikroORM, Options } from '@mikro-orm/postgresql';
import pg from 'pg';
import config, { type Connection, connect, PATIENT } from '../../mikro-orm.config.js';
import { MIGRATIONS } from '../migrations/index.js';
import { type LedgerHealth, ledgerHealth } from '../services/ledger/ledger-health.js';
import { BackupRefused, migrationsOf, readBackup, writeBackup } from './backup.js';
import {
  type EmbeddedConnection,
  type EmbeddedPostgres,
  openEmbeddedPostgres,
  startEmbeddedPostgres,
} from './embedded-postgres/index.js';
import { migrate, pendingMigrations } from './migrate.js';
import { assertSuits, refusesSettings } from './pooler.js';
import type { DatabaseRoles } from './roles.js';

/** How long connections in use may take to come back when everything stops. */
const CLOSE_TIMEOUT_MS = 5_000;

/** The database that the configuration names, ready to be used. */
export interface Database {
  readonly orm: MikroORM;
  readonly embedded: boolean;
  /** Does what the role that serves requests may not do, such as to make an organization or a key. */
  asOwner<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** What keeps the embedded database from writing just now; `null` for nothing that is known. */
  trouble(): Promise<string | null>;
  /**
   * Closes the connections, and stops the database where it is ours.
   *
   * @param patienceMs how long connections in use may take to come back
   */
  close(patienceMs?: number): Promise<void>;
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
  const database = await opened(() => connectForService(databaseUrl, options), null, refuseUnmigrated);
  if (await managesAccess(database.orm)) log(TOO_MANY_RIGHTS);
  return database;
}

const TOO_MANY_RIGHTS =
  'The role of DATABASE_URL may also make keys and members. Give the gateway a role that only serves requests: docs/operations.md, "Three roles"';

async function managesAccess(orm: MikroORM): Promise<boolean> {
  const [row] = await orm.em.fork().execute<{ may: boolean }[]>(`select has_any_column_privilege('api_keys', 'insert') as may`);
  return row?.may === true;
}

/**
 * For command line tools, which may run beside the gateway: they leave its embedded database running. On that they are its
 * superuser, and on another database the role that `DATABASE_URL` names. What an operator asks for, such as a proof of large books, may
 * take as long as it takes.
 *
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export async function openDatabaseBeside({ databaseUrl, dataDir }: Settings): Promise<Database> {
  if (databaseUrl !== null) return opened(() => connectByUrl(databaseUrl, PATIENT), null, refuseUnmigrated);
  const server = await openEmbeddedPostgres({ dataDir });
  return opened(() => connect(ownerConnection(server), PATIENT), server, refuseUnmigrated);
}

/**
 * For `npm run migrate`: applies what is pending, and tells the names.
 *
 * @throws {DatabaseRoleUnsuitable}
 * @throws {DatabaseUnreachable}
 */
export function migrateDatabase(settings: Settings, roles: DatabaseRoles): Promise<string[]> {
  return asOperator(settings, ({ orm, embeddedRoles }) => migrate(orm, { ...roles, ...embeddedRoles }));
}

/**
 * For `npm run backup`, which may run beside the gateway: writes all rows into a new file, and tells how many there are.
 *
 * @throws {BackupRefused}
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export function backupDatabase(settings: Settings, file: string): Promise<number> {
  return asOperator(settings, async ({ orm, client }) => {
    await refuseUnmigrated(await pendingMigrations(orm));
    return writeBackup(client, MIGRATION_NAMES, file);
  });
}

/**
 * For `npm run restore`: makes the tables as they were when the file was written, fills them, applies the migrations since, and proves the books.
 *
 * @throws {BackupRefused}
 * @throws {DatabaseRoleUnsuitable}
 * @throws {DatabaseUnreachable}
 */
export async function restoreDatabase(
  settings: Settings,
  roles: DatabaseRoles,
  file: string,
): Promise<{ rows: number; health: LedgerHealth }> {
  const migrations = await migrationsOf(file);
  if (migrations.some((name, index) => name !== MIGRATION_NAMES[index])) {
    throw new BackupRefused(`${file} was written by another version of this program: restore it with that one, then migrate`);
  }
  return asOperator(settings, async ({ orm, client, embeddedRoles }) => {
    const applied = MIGRATION_NAMES.length - (await pendingMigrations(orm)).length;
    if (applied > migrations.length) {
      throw new BackupRefused('The database has been migrated further than the backup. Restore into one without tables.');
    }
    await migrate(orm, {}, migrations.at(-1));
    const rows = await readBackup(client, file);
    await migrate(orm, { ...roles, ...embeddedRoles });
    return { rows, health: await ledgerHealth(orm.em.fork(), null) };
  });
}

const MIGRATION_NAMES = MIGRATIONS.map(({ name }) => name);

/** What an operator's command works with: a pool, and a connection beside it, neither with limits of time. */
interface Operating {
  readonly orm: MikroORM;
  readonly client: pg.Client;
  /** The roles of the embedded database; none on another one. */
  readonly embeddedRoles: DatabaseRoles;
}

/** As the superuser of the embedded database, or as the role that `DATABASE_URL` names. */
async function asOperator<T>({ databaseUrl, dataDir }: Settings, work: (operating: Operating) => Promise<T>): Promise<T> {
  if (databaseUrl !== null) {
    return operate(await connectByUrl(databaseUrl, PATIENT), { connectionString: databaseUrl }, {}, work);
  }
  const server = await openEmbeddedPostgres({ dataDir });
  try {
    const { superuser, connection } = server;
    const orm = await connect(ownerConnection(server), PATIENT);
    return await operate(orm, { ...superuser, database: connection.database }, { application: connection.user }, work);
  } finally {
    await server.stop();
  }
}

async function operate<T>(
  orm: MikroORM,
  connection: pg.ClientConfig,
  embeddedRoles: DatabaseRoles,
  work: (operating: Operating) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connection);
  try {
    await client.connect();
    return await work({ orm, client, embeddedRoles });
  } finally {
    await client.end();
    await orm.close();
  }
}

/** The superuser migrates, and so owns the tables: the application's role cannot switch off what guards them. */
export async function migrateEmbedded(server: EmbeddedPostgres, operator?: string): Promise<string[]> {
  const orm = await connect(ownerConnection(server), PATIENT);
  try {
    return await migrate(orm, { application: server.connection.user, operator });
  } finally {
    await orm.close();
  }
}

async function refuseUnmigrated(pending: readonly string[]): Promise<void> {
  if (pending.length > 0) throw new DatabaseNotMigrated(pending);
}

/**
 * PgBouncer takes no settings along with a connection. Then the role must have them.
 *
 * @throws {PoolerUnsuitable}
 */
async function connectForService(url: string, options: Options = {}): Promise<MikroORM> {
  let service = options;
  const orm = await connectByUrl(url, service).catch((error: Error) => {
    if (!refusesSettings(error.cause)) throw error;
    service = { ...options, ...PATIENT };
    return connectByUrl(url, service);
  });
  try {
    await assertSuits({ ...(service.driverOptions ?? config.driverOptions), connectionString: url });
    return orm;
  } catch (error) {
    await orm.close();
    throw error;
  }
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
  let closed: Promise<void> | undefined;
  const close = async (patienceMs = CLOSE_TIMEOUT_MS): Promise<void> => {
    closed ??= orm?.close();
    // A pool waits for whoever holds a connection; a server that stops cuts everybody off.
    await Promise.race([closed, sleep(patienceMs, undefined, { ref: false })]);
    await server?.stop();
  };
  try {
    orm = await connected();
    await prepare(await pendingMigrations(orm));
    const own = <T>(work: (em: EntityManager) => Promise<T>) => asOwner(orm as MikroORM, server, work);
    const trouble = async () => (await server?.trouble()) ?? null;
    return { orm, embedded: server !== null, trouble, asOwner: own, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function asOwner<T>(orm: MikroORM, server: EmbeddedPostgres | null, work: (em: EntityManager) => Promise<T>): Promise<T> {
  if (server === null) return work(orm.em.fork());
  const owners = await connect(ownerConnection(server));
  return work(owners.em.fork()).finally(() => owners.close());
}

/** Operators of the embedded database are its superuser: whoever may read its folder is that anyhow. */
function ownerConnection({ superuser, connection }: EmbeddedPostgres): Connection {
  return connectionOf({ ...superuser, database: connection.database });
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
