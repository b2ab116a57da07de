import { Client } from 'pg';

/** How a PostgreSQL client reaches the server: host is the folder of its Unix socket. */
export interface EmbeddedConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** The port only names the socket file: the server listens on no network, so it never collides with another server's. */
export const PORT = 5432;
export const SUPERUSER = 'postgres';
/** The name of the application's role and of its database. */
export const APPLICATION = 'credit_notes';

export interface Passwords {
  superuser: string;
  application: string;
}

export function superuserConnection(host: string, passwords: Passwords): EmbeddedConnection {
  return { host, port: PORT, user: SUPERUSER, password: passwords.superuser, database: 'postgres' };
}

export function applicationConnection(host: string, passwords: Passwords): EmbeddedConnection {
  return { host, port: PORT, user: APPLICATION, password: passwords.application, database: APPLICATION };
}

/**
 * The connection as a URL for psql and pg. Both let `?host=` win over the authority; `localhost` stands there because
 * WHATWG's `new URL` refuses credentials without a host name.
 */
export function connectionUrl({ host, port, user, password, database }: EmbeddedConnection): string {
  const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${account}@localhost:${port}/${encodeURIComponent(database)}?host=${encodeURIComponent(host)}`;
}

/** pg has `unref`, its type declarations do not. */
export type DedicatedClient = Client & { unref(): void };

/** Opens one connection outside any pool, whose loss is told by its 'end' event and never crashes the process. */
export async function connect(connection: EmbeddedConnection, applicationName: string): Promise<DedicatedClient> {
  const client = new Client({
    ...connection,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    // Said explicitly, since pg otherwise takes them from PGSSLMODE and PGOPTIONS. A statement that sets a password
    // must not reach the server's log when it fails.
    ssl: false,
    options: '-c log_min_error_statement=panic',
  }) as DedicatedClient;
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
