import pg from 'pg';
import { SESSION_SETTINGS } from '../../mikro-orm.config.js';

/** The connection pooler changes what connections rely on. The message is for the operator. */
class PoolerUnsuitable extends Error {}

/** Time limit for a second connection, which a pooler with a single connection never gives. */
const CHECK_TIMEOUT_MS = 5_000;

/** Whether the error is that of a pooler which refuses session settings in the startup packet, as PgBouncer does. */
export function refusesSettings(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/.test(error.message);
}

/**
 * Checks that connections have the session settings and keep prepared statements, whether they come from PostgreSQL or from a pooler.
 *
 * @throws {PoolerUnsuitable}
 */
export async function assertSuits(connection: pg.ClientConfig): Promise<void> {
  const [one, other] = [new pg.Client(connection), new pg.Client(connection)];
  // The end of a connection also rejects its queries. Without a listener, the event would crash the process.
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

/** Whether the setting is as strict as wanted. A time limit may be shorter, but not 0, which means no limit. The order of a date, as in `ISO, MDY`, is free. */
function holds(wanted: string, setting: string): boolean {
  const limit = Number(wanted);
  return Number.isNaN(limit) ? setting.split(', ')[0] === wanted : Number(setting) > 0 && Number(setting) <= limit;
}

/**
 * Checks that prepared statements survive transaction pooling, where a client gets another connection for each transaction. The second
 * client holds its connection in an open transaction, so that the pooler has to give another one to the first.
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
    // 26000: the statement does not exist on this connection; 42P05: another client prepared one of the same name.
    if (!(error instanceof pg.DatabaseError) || !/^(26000|42P05)$/.test(error.code ?? '')) throw error;
    throw new PoolerUnsuitable(
      'The connection pooler of DATABASE_URL loses prepared statements. With PgBouncer, set max_prepared_statements (from 1.21), or pool_mode = session.',
    );
  }
}
