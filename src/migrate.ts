import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
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
 * @param applicationRole the role that the gateway will connect as, if it is not the one that migrates: it is granted what
 *   the gateway does, which is never to delete, nor to change what is posted, nor to touch the tables themselves
 */
export async function migrate(orm: MikroORM, applicationRole?: string): Promise<string[]> {
  return orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const applied = (await orm.migrator.up()).map(({ name }) => name);
    if (applicationRole !== undefined) await grant(em, applicationRole);
    return applied;
  });
}

async function grant(em: EntityManager, applicationRole: string): Promise<void> {
  const [row] = await em.execute<{ role: string; database: string }[]>(
    'select quote_ident(?) as role, quote_ident(current_database()) as database',
    [applicationRole],
  );
  await em.execute(`
    grant select, insert on all tables in schema public to ${row?.role};
    grant update (lock_date) on organizations to ${row?.role};
    grant update (revoked_at, last_used_at) on api_keys to ${row?.role};
    grant update (opened_at, journal_entry_id, voided_at, void_entry_id, refunded, refunded_base) on credit_notes to ${row?.role};
    grant update (next) on credit_note_counters to ${row?.role};
    grant update (debits, credits) on balance_snapshots to ${row?.role};
    grant update (line_id) on balance_watermarks to ${row?.role};
    grant delete on idempotency_keys to ${row?.role};
    -- A temporary table or function would stand before the real ones.
    revoke temporary on database ${row?.database} from public;
    revoke insert on schema_migrations from ${row?.role};
  `);
}
