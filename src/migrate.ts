import type { MikroORM } from '@mikro-orm/postgresql';
import { type DatabaseRoles, grantRights } from './database-roles.js';
import { MIGRATIONS } from './migrations/index.js';

/** Any number will do, as long as every process that migrates takes the same one. */
const MIGRATION_LOCK = 4_715_822_013;

/** Names of the migrations that the database lacks. */
export async function pendingMigrations(orm: MikroORM): Promise<string[]> {
  // Asked first, because the migrator would create its table, which the application's role may not do.
  const [row] = await orm.em
    .fork()
    .execute<{ migrated: boolean }[]>(`select to_regclass('schema_migrations') is not null as migrated`);
  if (!row?.migrated) return MIGRATIONS.map(({ name }) => name);
  return (await orm.migrator.getPending()).map(({ name }) => name);
}

/**
 * Applies what is pending, on a connection without time limits, and tells the names. Processes that migrate at once wait for one another; the later ones find
 * nothing to do.
 *
 * @param roles to be given their rights, where they are not the one that migrates
 * @throws {DatabaseRoleUnsuitable}
 */
export async function migrate(orm: MikroORM, roles: DatabaseRoles = {}): Promise<string[]> {
  return orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const applied = (await orm.migrator.up()).map(({ name }) => name);
    await grantRights(em, roles);
    return applied;
  });
}
