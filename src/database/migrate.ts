import type { MikroORM } from '@mikro-orm/postgresql';
import { currencyFunctions, differingCurrencies } from '../migrations/currencies.js';
import { MIGRATIONS } from '../migrations/index.js';
import { type DatabaseRoles, grantRights } from './roles.js';

/** Any number will do, as long as every process that migrates takes the same one. */
const MIGRATION_LOCK = 4_715_822_013;

/** Names of the migrations that the database lacks; the last one may be the list of currencies, which is the gateway's own. */
export async function pendingMigrations(orm: MikroORM): Promise<string[]> {
  // Asked first, because the migrator would create its table, which the application's role may not do.
  const [row] = await orm.em
    .fork()
    .execute<{ migrated: boolean }[]>(`select to_regclass('schema_migrations') is not null as migrated`);
  if (!row?.migrated) return MIGRATIONS.map(({ name }) => name);
  const pending = (await orm.migrator.getPending()).map(({ name }) => name);
  // A migration that is pending brings the list along, if there is none yet.
  if (pending.length > 0) return pending;
  const currencies = await differingCurrencies(orm.em.fork());
  return currencies.length === 0 ? [] : [listOf(currencies)];
}

/** The copy of the list that is to be brought up to date, as a migration is named. */
function listOf(currencies: readonly string[]): string {
  return `currencies of ISO 4217 (${currencies.join(', ')})`;
}

/**
 * Applies what is pending, on a connection without time limits, and tells the names. Processes that migrate at once wait for one another; the later ones find
 * nothing to do.
 *
 * @param roles to be given their rights, where they are not the one that migrates
 * @param to name of the last migration to be applied; all of them if absent
 * @throws {DatabaseRoleUnsuitable}
 */
export async function migrate(orm: MikroORM, roles: DatabaseRoles = {}, to?: string): Promise<string[]> {
  return orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const applied = (await orm.migrator.up(to === undefined ? {} : { to })).map(({ name }) => name);
    // Older tables may lack what a list of currencies needs.
    const currencies = to === undefined ? await differingCurrencies(em) : [];
    if (currencies.length > 0) {
      await em.execute(currencyFunctions());
      applied.push(listOf(currencies));
    }
    await grantRights(em, roles);
    return applied;
  });
}
