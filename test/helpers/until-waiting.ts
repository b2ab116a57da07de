import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

const LIMIT_MS = 20_000;

/**
 * Waits until at least `count` connections to a database wait for a lock; returns their number.
 *
 * @param sql an idle connection of a superuser, or of the role whose connections are counted
 * @param database the database of `sql` by default
 * @throws after 20 seconds with fewer waiting connections
 */
export async function untilWaiting(sql: pg.Client, count: number, database: string | null = null): Promise<number> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const waiting = await waitingConnections(sql, database);
    if (waiting >= count) return waiting;
    if (Date.now() > deadline) throw new Error(`${waiting} connections wait for a lock: ${count} were expected`);
    await sleep(5);
  }
}

async function waitingConnections(sql: pg.Client, database: string | null): Promise<number> {
  // Within a transaction, PostgreSQL returns the same statistics until this function is called.
  await sql.query('select pg_stat_clear_snapshot()');
  const { rows } = await sql.query(
    `select count(*)::int as count from pg_stat_activity
     where datname = coalesce($1, current_database()) and wait_event_type = 'Lock'`,
    [database],
  );
  return rows[0].count;
}
