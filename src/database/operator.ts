import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { connect, WITHOUT_TIMEOUTS } from '../../mikro-orm.config.js';
import { MIGRATIONS } from '../migrations/index.js';
import { isLockTimeout } from '../orm/errors.js';
import { type LedgerHealth, ledgerHealth } from '../services/ledger/ledger-health.js';
import { recordExport } from '../services/organizations/move.js';
import { findOrganization, type Operator, OperatorRefusal } from '../services/organizations/operator-command.js';
import { readBackup, writeBackup } from './backup.js';
import { BackupRefused, migrationsOf } from './backup-file.js';
import { connectForTool, ownerConnection } from './connect.js';
import { type DatabaseSettings, refuseUnmigrated } from './database.js';
import { openEmbeddedPostgres } from './embedded-postgres/index.js';
import { migrate, pendingMigrations } from './migrate.js';
import { type Carried, readOrganization, writeOrganization } from './organization-file.js';
import { type DatabaseRoles, DatabaseRoleUnsuitable } from './roles.js';

const MIGRATION_NAMES = MIGRATIONS.map(({ name }) => name);

/**
 * For `npm run migrate`: applies the pending migrations, and returns their names.
 *
 * @throws {DatabaseRoleUnsuitable}
 * @throws {DatabaseUnreachable}
 */
export async function migrateDatabase(settings: DatabaseSettings, roles: DatabaseRoles): Promise<string[]> {
  assertGrantable(settings, roles);
  return asOperator(settings, ({ orm, embeddedRoles }) => migrate(orm, { ...roles, ...embeddedRoles }));
}

/**
 * For `npm run backup`, which may run beside the gateway: writes all rows into a new file, and returns their number.
 *
 * @throws {BackupRefused}
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export function backupDatabase(settings: DatabaseSettings, file: string): Promise<number> {
  return asOperator(settings, async ({ orm, client }) => {
    await refuseUnmigrated(await pendingMigrations(orm));
    return writeBackup(client, MIGRATION_NAMES, file);
  });
}

/**
 * For `npm run restore`: applies the migrations that the file's tables had, fills the tables, applies the later migrations, and returns the
 * number of rows and the result of the check of the books.
 *
 * @throws {BackupRefused}
 * @throws {DatabaseRoleUnsuitable}
 * @throws {DatabaseUnreachable}
 */
export async function restoreDatabase(
  settings: DatabaseSettings,
  roles: DatabaseRoles,
  file: string,
): Promise<{ rows: number; health: LedgerHealth }> {
  assertGrantable(settings, roles);
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
    return { rows, health: await ledgerHealth(orm.em.fork(), null, 2) };
  });
}

/**
 * For `npm run organization -- export`: writes one organization into a new file, with an audit event. The gateway may be running, and the
 * organization need not be frozen.
 *
 * @throws {BackupRefused}
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export function exportOrganization(
  settings: DatabaseSettings,
  publicId: string,
  file: string,
  operator: Operator,
): Promise<Carried> {
  return asOperator(settings, async ({ orm, client }) => {
    await refuseUnmigrated(await pendingMigrations(orm));
    return writeOrganization(client, MIGRATION_NAMES, publicId, file, async ({ takenAt, tables }) => {
      const em = orm.em.fork();
      const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
      await recordExport(em, await findOrganization(em, publicId), { takenAt, rows: String(rows) }, operator);
    });
  });
}

/**
 * For `npm run organization -- import`, which may run beside the gateway: inserts an organization from a file, with an audit event. If the
 * check of its books finds a fault, nothing is inserted.
 *
 * @throws {BackupRefused}
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export function importOrganization(settings: DatabaseSettings, file: string, operator: Operator): Promise<Carried> {
  return asOperator(settings, async ({ orm, client }) => {
    await refuseUnmigrated(await pendingMigrations(orm));
    return readOrganization(client, MIGRATION_NAMES, file, operator.by);
  });
}

/** An import that was killed holds its lock until PostgreSQL has noticed that. */
const IMPORT_LOCK_WAIT = '5s';

/**
 * For `npm run import:bigcapital`, which may run beside the gateway: runs the work while a connection holds the lock of this organization's import.
 *
 * @throws {OperatorRefusal} if another import holds the lock
 * @throws {DatabaseNotMigrated}
 * @throws {DatabaseUnreachable}
 */
export function whileImporting<T>(settings: DatabaseSettings, publicId: string, work: (orm: MikroORM) => Promise<T>): Promise<T> {
  return asOperator(settings, async ({ orm, client }) => {
    await refuseUnmigrated(await pendingMigrations(orm));
    await client.query(`set lock_timeout = '${IMPORT_LOCK_WAIT}'`);
    try {
      await client.query(`select pg_advisory_lock(hashtextextended('import ' || lower($1), 0))`, [publicId]);
    } catch (error) {
      if (isLockTimeout(error)) throw new OperatorRefusal(`Another import of ${publicId} is running`);
      throw error;
    }
    return work(orm);
  });
}

/** @throws {DatabaseRoleUnsuitable} if a role is named that the database would not get */
function assertGrantable({ databaseUrl }: DatabaseSettings, { application }: DatabaseRoles): void {
  if (databaseUrl !== null || application === undefined) return;
  throw new DatabaseRoleUnsuitable(
    '--application-role is for the database of DATABASE_URL, which is not set: the embedded database has its own role for the gateway',
  );
}

/** A pool and a connection for the command of an operator, both without time limits. */
interface OperatorSession {
  readonly orm: MikroORM;
  readonly client: pg.Client;
  /** The roles of the embedded database; empty for another database. */
  readonly embeddedRoles: DatabaseRoles;
}

/** Runs the work as the superuser of the embedded database, or as the role that `DATABASE_URL` names. */
async function asOperator<T>(
  { databaseUrl, dataDir }: DatabaseSettings,
  work: (session: OperatorSession) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== null) {
    return operate(await connectForTool(databaseUrl), { connectionString: databaseUrl }, {}, work);
  }
  const server = await openEmbeddedPostgres({ dataDir });
  try {
    const { superuser, connection } = server;
    const orm = await connect(ownerConnection(server), WITHOUT_TIMEOUTS);
    return await operate(orm, { ...superuser, database: connection.database }, { application: connection.user }, work);
  } finally {
    await server.stop();
  }
}

async function operate<T>(
  orm: MikroORM,
  connection: pg.ClientConfig,
  embeddedRoles: DatabaseRoles,
  work: (session: OperatorSession) => Promise<T>,
): Promise<T> {
  const { options }: pg.ClientConfig = orm.config.get('driverOptions');
  const client = new pg.Client({ options, ...connection });
  // The loss of the connection also rejects its queries. Without a listener, the event would crash the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work({ orm, client, embeddedRoles });
  } finally {
    await client.end();
    await orm.close();
  }
}
