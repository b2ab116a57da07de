import pg from 'pg';
import { SESSION_SETTINGS } from '../../mikro-orm.config.js';

/** Its message is for the operator. */
export class PoolerUnsuitable extends Error {}

/** How long the check waits for a second connection, which a pooler with a single one never gives. */
const CHECK_TIMEOUT_MS = 5_000;

/** Whether a pooler between us and PostgreSQL refuses settings that come with a connection, as PgBouncer does. */
export function refusesSettings(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/.test(error.message);
}

/**
 * Makes sure that what every connection relies on holds for those that we are given, be it by PostgreSQL or by a pooler in between.
 *
 * @throws {PoolerUnsuitable}
 */
export async function assertSuits(connection: pg.ClientConfig): Promise<void> {
  const [one, other] = [new pg.Client(connection), new pg.Client(connection)];
  // What ends a connection is heard of by what is asked through it.
  for (const client of [one, other]) client.on('error', () => undefined);
  try {
    await Promise.all([one.connect(), other.connect()]);
    await assertSettings(one);
    await assertPreparedStatements(one, other);
  } finally {
    await Promise.all([one.end(), other.end()]);
  }
}

async function assertSettings(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string; role: string }>(
    'select name, setting, quote_ident(current_user) as role from pg_settings where name = any ($1)',
    [Object.keys(SESSION_SETTINGS)],
  );
  const lacking = rows.filter(({ name, setting }) => !holds(String(SESSION_SETTINGS[name]), setting));
  if (lacking.length === 0) return;
  const lines = lacking.map(({ name, role }) => `alter role ${role} set ${name} = '${SESSION_SETTINGS[name]}';`);
  throw new PoolerUnsuitable(
    `The connection pooler of DATABASE_URL does not pass on: ${lacking.map(({ name }) => name).join(', ')}. ` +
      `Set them for the role in PostgreSQL, and have the pooler reconnect: ${lines.join(' ')}`,
  );
}

/** A limit of time may be shorter than ours, but not 0, which is none. */
function holds(wanted: string, setting: string): boolean {
  const limit = Number(wanted);
  return Number.isNaN(limit) ? setting === wanted : Number(setting) > 0 && Number(setting) <= limit;
}

/**
 * A pooler that gives a connection of PostgreSQL for one transaction must bring prepared statements along. While one client is in the
 * middle of a transaction, the other is given another connection than before.
 */
async function assertPreparedStatements(one: pg.Client, other: pg.Client): Promise<void> {
  const prepared = { name: 'credit-note-refunds-check', text: 'select 1', query_timeout: CHECK_TIMEOUT_MS };
  try {
    await one.query(prepared);
    await other.query('begin');
    await other.query(prepared);
    await one.query(prepared);
    await other.query('commit');
  } catch (error) {
    // 26000: there is no such statement; 42P05: there is one already. It is another client's.
    if (!(error instanceof pg.DatabaseError) || !/^(26000|42P05)$/.test(error.code ?? '')) throw error;
    throw new PoolerUnsuitable(
      'The connection pooler of DATABASE_URL loses prepared statements. With PgBouncer, set max_prepared_statements (from 1.21), or pool_mode = session.',
    );
  }
}
