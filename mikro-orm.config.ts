import 'reflect-metadata';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import { DatabaseDriver } from './src/database-driver.js';
import { ENTITIES } from './src/entities/index.js';
import { MIGRATIONS } from './src/migrations/index.js';
import { DEFAULT_POOL_SIZE } from './src/pool-size.js';

/** How to reach a database: a URL, or the parts of one. */
export type Connection =
  | { readonly clientUrl: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly dbName: string };

/** `pipeline`: statements are sent without waiting for the answers of those before them. */
const CONNECTION = { application_name: 'credit-note-refunds', connectionTimeoutMillis: 10_000, keepAlive: true, pipeline: true };

/** For migrations and operators' commands, which may take as long as they take. */
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
    // A client that is gone, or a lock that nobody lets go of, must not hold a connection for ever.
    lock_timeout: 5_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    // What has a name is planned once. Left to itself, PostgreSQL may plan it each time: for a page, that takes twice as long as reading it.
    options: '-c plan_cache_mode=force_generic_plan',
  },
});

export default config;

export function connect(connection: Connection, options: Options = {}): Promise<MikroORM> {
  return MikroORM.init({ ...config, ...connection, ...options });
}
