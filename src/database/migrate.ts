import type { MikroORM } from '@mikro-orm/postgresql';
import { currencyFunctions, differingCurrencies } from '../migrations/currencies.js';
import { MIGRATIONS } from '../migrations/index.js';
import { type DatabaseRoles, grantRights } from './roles.js';

/** The key of the advisory lock that every migrating process takes. The number has no meaning. */
const MIGRATION_LOCK = 4_715_822_013;

/** Returns the names of the migrations that the database lacks; the last name may be that of the list of currencies. */
export async function pendingMigrations(orm: MikroORM): Promise<string[]> {
  // Checked first, because the migrator would create its table, for which the gateway's role has no rights.
  const [row] = await orm.em
    .fork()
    .execute<{ migrated: boolean }[]>(`select to_regclass('schema_migrations') is not null as migrated`);
  if (!row?.migrated) return MIGRATIONS.map(({ name }) => name);
  const pending = (await orm.migrator.getPending()).map(({ name }) => name);
  // The list is compared only after all migrations: one of them creates it.
  if (pending.length > 0) return pending;
  const currencies = await differingCurrencies(orm.em.fork());
  return currencies.length === 0 ? [] : [listOf(currencies)];
}

/** Returns the name under which the update of the list of currencies is reported. */
function listOf(currencies: readonly string[]): string {
  return `currencies of ISO 4217 (${currencies.join(', ')})`;
}

/**
 * Applies the pending migrations and returns their names. The connection must have no time limits. Processes that migrate at the same time
 * wait for one another, and the later ones find nothing pending.
 *
 * @param roles the roles that get their rights anew; none of them may be the migrating role
 * @param to name of the last migration to apply; all are applied if it is absent
 * @throws {DatabaseRoleUnsuitable}
 */
export async function migrate(orm: MikroORM, roles: DatabaseRoles = {}, to?: string): Promise<string[]> {
  return orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const applied = (await orm.migrator.up(to === undefined ? {} : { to })).map(({ name }) => name);
    // Earlier tables may lack what the list of currencies needs.
    const currencies = to === undefined ? await differingCurrencies(em) : [];
    if (currencies.length > 0) {
      await em.execute(currencyFunctions());
      applied.push(listOf(currencies));
    }
    await grantRights(em, roles);
    return applied;
  });
}
