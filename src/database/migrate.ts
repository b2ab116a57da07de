import type { MikroORM } from '@mikro-orm/postgresql';
import { currencyFunctions, differingCurrencies } from '../migrations/currencies.js';
import { MIGRATIONS } from '../migrations/index.js';
import { type DatabaseRoles, grantRights } from './roles.js';

/** The key of the advisory lock that every migrating process takes. The number has no meaning. */
const MIGRATION_LOCK = 4_715_822_013;

/** PostgreSQL cannot hold the books in this form. The message is for the operator. */
class DatabaseUnsuitable extends Error {}

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
 * @throws {DatabaseUnsuitable} if the server is too old, or the database has another encoding than UTF8
 * @throws {DatabaseRoleUnsuitable}
 */
export async function migrate(orm: MikroORM, roles: DatabaseRoles = {}, to?: string): Promise<string[]> {
  await assertSuitable(orm);
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

/** The oldest version that has what the migrations need, such as `nulls not distinct`. */
const OLDEST_VERSION = 15;

async function assertSuitable(orm: MikroORM): Promise<void> {
  const [row] = await orm.em
    .fork()
    .execute<{ encoding: string; version: number; name: string }[]>(
      `select current_setting('server_encoding') as encoding, current_setting('server_version_num')::integer / 10000 as version, current_database() as name`,
    );
  if (row === undefined) return;
  const { encoding, version, name } = row;
  if (version < OLDEST_VERSION)
    throw new DatabaseUnsuitable(`PostgreSQL ${OLDEST_VERSION} or later is needed; the server is ${version}`);
  if (encoding === 'UTF8') return;
  throw new DatabaseUnsuitable(
    `The database ${name} has the encoding ${encoding}, and must have UTF8: create database … encoding 'UTF8' template template0`,
  );
}
