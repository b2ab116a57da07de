import { Client } from 'pg';

/** The address of the server for a PostgreSQL client. `host` is the folder of its Unix socket. */
export interface EmbeddedConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** The port is only part of the socket file's name. The server listens on no network, so ports never collide. */
export const PORT = 5432;
export const SUPERUSER = 'postgres';
/** The name of the application's role and of its database. */
export const APPLICATION = 'credit_notes';

export interface Passwords {
  superuser: string;
  application: string;
}

/** Returns the superuser's connection to the database "postgres". `host` is the folder of the socket. */
export function superuserConnection(host: string, passwords: Passwords): EmbeddedConnection {
  return { host, port: PORT, user: SUPERUSER, password: passwords.superuser, database: 'postgres' };
}

/** Returns the connection of the gateway's role to its database. `host` is the folder of the socket. */
export function applicationConnection(host: string, passwords: Passwords): EmbeddedConnection {
  return { host, port: PORT, user: APPLICATION, password: passwords.application, database: APPLICATION };
}

/**
 * Returns the connection as a URL for psql and pg, which both prefer `?host=` to the host of the authority. `localhost` is a placeholder:
 * `new URL` refuses credentials without a host.
 */
export function connectionUrl({ host, port, user, password, database }: EmbeddedConnection): string {
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${account}@localhost:${port}/${encodeURIComponent(database)}?host=${encodeURIComponent(host)}`;
}

/** `unref` exists in pg, but not in its type declarations. */
export type DedicatedClient = Client & { unref(): void };

/** Opens one connection outside any pool. Its loss emits `end` and never crashes the process. */
export async function connect(connection: EmbeddedConnection, applicationName: string): Promise<DedicatedClient> {
  const client = new Client({
    ...connection,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    // Set explicitly, because pg would otherwise use PGSSLMODE and PGOPTIONS. The option keeps failed statements, which may
    // set a password, out of the server's log.
    ssl: false,
    options: '-c log_min_error_statement=panic',
  }) as DedicatedClient;
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
