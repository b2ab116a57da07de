import type { MikroORM, Options } from '@mikro-orm/postgresql';
import config, { type Connection, connect, WITHOUT_SETTINGS, WITHOUT_TIMEOUTS } from '../../mikro-orm.config.js';
import type { EmbeddedConnection, EmbeddedPostgres } from './embedded-postgres/index.js';
import { assertSuits, refusesSettings } from './pooler.js';

/** PostgreSQL cannot be reached, or refuses the connection. The message is for the operator and names no password. */
export class DatabaseUnreachable extends Error {
  constructor(cause: unknown) {
    super(`The database of DATABASE_URL refuses the connection: ${reason(cause)}`, { cause });
  }
}

/**
 * Connects the gateway. PgBouncer refuses session settings in the startup packet: behind it, the role must have them.
 *
 * @throws {DatabaseUnreachable}
 * @throws {PoolerUnsuitable} if connections lack a setting or lose prepared statements
 */
export async function connectForService(url: string, options: Options = {}): Promise<MikroORM> {
  let service = options;
  const orm = await connectByUrl(url, service).catch((error: Error) => {
    if (!refusesSettings(error.cause)) throw error;
    service = { ...options, ...WITHOUT_SETTINGS };
    return connectByUrl(url, service);
  });
  try {
    await assertSuits({ ...(service.driverOptions ?? config.driverOptions), connectionString: url });
    return orm;
  } catch (error) {
    await orm.close();
    throw error;
  }
}

/**
 * Connects an operator's command, without time limits. Behind PgBouncer, it has those of its role.
 *
 * @throws {DatabaseUnreachable}
 */
export function connectForTool(url: string): Promise<MikroORM> {
  return connectByUrl(url, WITHOUT_TIMEOUTS).catch((error: Error) => {
    if (!refusesSettings(error.cause)) throw error;
    return connectByUrl(url, WITHOUT_SETTINGS);
  });
}

/** @throws {DatabaseUnreachable} */
async function connectByUrl(url: string, options: Options = {}): Promise<MikroORM> {
  // pg parses the URL. MikroORM would drop its parameters, and connect without TLS despite sslmode=require.
  const driverOptions = { ...(options.driverOptions ?? config.driverOptions), connectionString: url };
  const orm = await connect({ clientUrl: url }, { ...options, driverOptions });
  try {
    await orm.em.fork().execute('select 1');
    return orm;
  } catch (error) {
    await orm.close();
    throw new DatabaseUnreachable(error);
  }
}

/** Operators use the superuser of the embedded database: everybody who can read its folder can read the superuser's password. */
export function ownerConnection({ superuser, connection }: EmbeddedPostgres): Connection {
  return connectionOf({ ...superuser, database: connection.database });
}

/** Returns the embedded database's connection in the form that MikroORM takes. */
export function connectionOf({ database, ...rest }: EmbeddedConnection): Connection {
  return { ...rest, dbName: database };
}

/** Returns the message in one line. The error of a host with several addresses has no message: only its `errors`, one an address, have one. */
function reason(error: unknown): string {
  const { errors = [error] } = error as { errors?: unknown[] };
  return errors
    .map((each) => (each instanceof Error ? each.message : String(each)))
    .join('; ')
    .replaceAll(/\s*\n\s*/g, ' ');
}
