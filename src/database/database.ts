import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager, MikroORM, Options } from '@mikro-orm/postgresql';
import { connect, WITHOUT_TIMEOUTS } from '../../mikro-orm.config.js';
import { connectForService, connectForTool, connectionOf, ownerConnection } from './connect.js';
import { type EmbeddedPostgres, openEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres/index.js';
import { migrate, pendingMigrations } from './migrate.js';

/** Time for connections in use to be released when the gateway stops. */
const CLOSE_TIMEOUT_MS = 5_000;

/** The configured database, connected and migrated. */
export interface Database {
  readonly orm: MikroORM;
  readonly embedded: boolean;
  /** Runs work that the role of the gateway has no rights for, such as creating an organization or a key. */
  asOwner<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** Returns why the embedded database cannot write at present; `null` if no reason is known. */
  obstacle(): Promise<string | null>;
  /**
   * Closes the connections, and stops the embedded database if this process owns it.
   *
   * @param timeoutMs time for connections in use to be released
   */
  close(timeoutMs?: number): Promise<void>;
}

export interface DatabaseSettings {
  readonly databaseUrl: string | null;
  readonly dataDir: string;
}

/** The database lacks migrations. The message is for the operator. */
class DatabaseNotMigrated extends Error {
  constructor(pending: readonly string[]) {
    super(`The database lacks ${pending.length} migration(s): ${pending.join(', ')}. Apply them with: npm run migrate`);
  }
}

/**
 * Opens the database for the gateway. The embedded database is started and migrated; for another database, `npm run migrate` does that.
 *
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export async function openDatabase(
  settings: DatabaseSettings,
  log: (message: string) => void,
  options?: Options,
): Promise<Database> {
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
  return opened(
    () => connectForService(databaseUrl, options),
    null,
    async (pending, orm) => {
      await refuseUnmigrated(pending);
      if (await managesAccess(orm)) log(TOO_MANY_RIGHTS);
    },
  );
}

const TOO_MANY_RIGHTS =
  'The role of DATABASE_URL may also make keys and members. Give the gateway a role that only serves requests: docs/operations.md, "Three roles"';

async function managesAccess(orm: MikroORM): Promise<boolean> {
  const [row] = await orm.em.fork().execute<{ may: boolean }[]>(`select has_any_column_privilege('api_keys', 'insert') as may`);
  return row?.may === true;
}

/**
 * Opens the database for a command line tool, which may run beside the gateway and leaves the gateway's embedded database running. The tool
 * is the superuser of the embedded database; on another database it has the role of `DATABASE_URL`. There are no time limits, because a
 * command such as the check of large books can take long.
 *
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export async function openDatabaseForTool({ databaseUrl, dataDir }: DatabaseSettings): Promise<Database> {
  if (databaseUrl !== null) return opened(() => connectForTool(databaseUrl), null, refuseUnmigrated);
  const server = await openEmbeddedPostgres({ dataDir });
  return opened(() => connect(ownerConnection(server), WITHOUT_TIMEOUTS), server, refuseUnmigrated);
}

/** Migrates as the superuser, who then owns the tables: the role of the gateway cannot disable their triggers. Returns the names. */
export async function migrateEmbedded(server: EmbeddedPostgres, operator?: string): Promise<string[]> {
  const orm = await connect(ownerConnection(server), WITHOUT_TIMEOUTS);
  try {
    return await migrate(orm, { application: server.connection.user, operator });
  } finally {
    await orm.close();
  }
}

/** @throws {DatabaseNotMigrated} if migrations are pending */
export async function refuseUnmigrated(pending: readonly string[]): Promise<void> {
  if (pending.length > 0) throw new DatabaseNotMigrated(pending);
}

async function opened(
  connected: () => Promise<MikroORM>,
  server: EmbeddedPostgres | null,
  prepare: (pending: readonly string[], orm: MikroORM) => Promise<void>,
): Promise<Database> {
  let orm: MikroORM | undefined;
  let closed: Promise<void> | undefined;
  const close = async (timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> => {
    closed ??= orm?.close();
    // A closing pool waits for connections in use. A server that stops ends them.
    await Promise.race([closed, sleep(timeoutMs, undefined, { ref: false })]);
    await server?.stop();
  };
  try {
    orm = await connected();
    await prepare(await pendingMigrations(orm), orm);
    const own = <T>(work: (em: EntityManager) => Promise<T>) => asOwner(orm as MikroORM, server, work);
    const obstacle = async () => (await server?.obstacle()) ?? null;
    return { orm, embedded: server !== null, obstacle, asOwner: own, close };
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
