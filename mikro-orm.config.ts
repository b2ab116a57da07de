import 'reflect-metadata';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import { ENTITIES } from './src/entities/index.js';
import { MIGRATIONS } from './src/migrations/index.js';
import { DatabaseDriver } from './src/orm/driver.js';
import { DEFAULT_POOL_SIZE } from './src/orm/pool-size.js';

/** How to reach a database: a URL, or the parts of one. */
export type Connection =
  | { readonly clientUrl: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly dbName: string };

/** `pipeline`: statements are sent without waiting for the answers of those before them. */
const CONNECTION = { application_name: 'credit-note-refunds', connectionTimeoutMillis: 10_000, keepAlive: true, pipeline: true };

/**
 * What PostgreSQL keeps each connection of the gateway to, in milliseconds where it is a time.
 *
 * A client that is gone, or a lock that nobody lets go of, must not hold a connection for ever. And what has a name is planned once: left to itself,
 * PostgreSQL may plan it each time, which for a page takes twice as long as reading it.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  lock_timeout: '5000',
  statement_timeout: '30000',
  idle_in_transaction_session_timeout: '60000',
  plan_cache_mode: 'force_generic_plan',
};

/** For migrations and operators' commands, which may take as long as they take; and behind a pooler, where the role has the settings. */
export const PATIENT: Options = { driverOptions: CONNECTION };

const config: Options = defineConfig({
  entities: ENTITIES,
  extensions: [Migrator],
  metadataProvider: ReflectMetadataProvider,
  // The schema is what the migrations say. It holds rules that entities cannot express, so it is never derived from them.
  migrations: { migrationsList: MIGRATIONS, tableName: 'schema_migrations', snapshot: false, silent: true },
  pool: { max: DEFAULT_POOL_SIZE },
  driver: DatabaseDriver,
  // An entity watches itself once a unit of work knows it, and not from its birth: most are only written.
  propagationOnPrototype: false,
  driverOptions: {
    ...CONNECTION,
    ...SESSION_SETTINGS,
    // The one that pg has no word for.
    options: `-c plan_cache_mode=${SESSION_SETTINGS.plan_cache_mode}`,
  },
});

export default config;

export function connect(connection: Connection, options: Options = {}): Promise<MikroORM> {
  return MikroORM.init({ ...config, ...connection, ...options });
}
