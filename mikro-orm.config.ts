import 'reflect-metadata';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import { ENTITIES } from './src/entities/index.js';
import { MIGRATIONS } from './src/migrations/index.js';
import { DatabaseDriver } from './src/orm/driver.js';
import { DEFAULT_POOL_SIZE } from './src/orm/pool.js';
import { SharedKeys } from './src/orm/shared-keys.js';

/** The address of a database: a URL, or its parts. */
export type Connection =
  | { readonly clientUrl: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly dbName: string };

/** `pipeline` lets pg send a statement without waiting for the answers to those before it. */
const CONNECTION = { application_name: 'credit-note-refunds', connectionTimeoutMillis: 10_000, keepAlive: true, pipeline: true };

/**
 * PostgreSQL's settings for each connection of the gateway. Times are in milliseconds.
 *
 * The timeouts free a connection whose client has disconnected or whose lock is never released. `force_generic_plan` plans a prepared
 * statement once. Otherwise PostgreSQL may plan it at each execution, which takes twice as long as reading a page. The others are PostgreSQL's
 * defaults, which a database or a role may change.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  lock_timeout: '5000',
  statement_timeout: '30000',
  idle_in_transaction_session_timeout: '60000',
  plan_cache_mode: 'force_generic_plan',
  DateStyle: 'ISO',
  default_transaction_isolation: 'read committed',
};

/** Behind a pooler, which refuses settings: the role has them. */
export const WITHOUT_SETTINGS: Options = { driverOptions: CONNECTION };

/** For migrations and operators' commands, which have no time limit, whatever the database or the role has. */
export const WITHOUT_TIMEOUTS: Options = {
  driverOptions: {
    ...CONNECTION,
    options: startupOptions({
      ...SESSION_SETTINGS,
      lock_timeout: '0',
      statement_timeout: '0',
      idle_in_transaction_session_timeout: '0',
    }),
  },
};

const config: Options = defineConfig({
  entities: ENTITIES,
  extensions: [Migrator],
  metadataProvider: ReflectMetadataProvider,
  // The migrations define the schema. It has rules that entities cannot express, so it is never generated from them.
  migrations: { migrationsList: MIGRATIONS, tableName: 'schema_migrations', snapshot: false, silent: true },
  pool: { max: DEFAULT_POOL_SIZE },
  driver: DatabaseDriver,
  subscribers: [SharedKeys],
  // Relations are propagated only for managed entities: most new ones are written once and never read.
  propagationOnPrototype: false,
  // pg takes the times by name, too, and so beside `options` of DATABASE_URL.
  driverOptions: { ...CONNECTION, ...SESSION_SETTINGS, options: startupOptions(SESSION_SETTINGS) },
});

export default config;

/** Returns MikroORM for the database. The caller must close it. */
export function connect(connection: Connection, options: Options = {}): Promise<MikroORM> {
  return MikroORM.init({ ...config, ...connection, ...options });
}

/** Returns the settings in the form of the startup packet: https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNECT-OPTIONS */
function startupOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ');
}
