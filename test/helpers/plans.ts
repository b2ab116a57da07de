import type pg from 'pg';
import type { Gateway } from './gateway.js';

/** A node of a plan, as PostgreSQL reports it. */
export interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** An executed statement: of the gateway, inside a trigger, or the check of a foreign key. */
export interface Executed {
  readonly text: string;
  /** The number of rows that its plan has read from tables and indexes. */
  readonly rows: number;
}

/** The settings of a gateway whose statements are watched: PostgreSQL's module auto_explain reports the plan of each as it was executed. */
export const EXPLAIN = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

/** Returns the list of the statements that the gateway's connections execute from now on. Setting its length to 0 empties it. */
export async function watchPlans({ database }: Gateway): Promise<Executed[]> {
  const executed: Executed[] = [];
  const pool: pg.Pool = await database.orm.em.getConnection().getNativeClient();
  pool.on('acquire', (client) => {
    client.removeAllListeners('notice');
    client.on('notice', ({ message = '' }) => {
      const { 'Query Text': text, Plan: plan } = JSON.parse(message.slice(message.indexOf('{')));
      executed.push({ text, rows: rowsRead(plan) });
    });
  });
  return executed;
}

function rowsRead(plan: Plan): number {
  const rows = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
  const own = plan['Node Type'].endsWith('Scan') && plan['Node Type'] !== 'Subquery Scan' ? rows : 0;
  return own + (plan.Plans ?? []).map(rowsRead).reduce((sum, each) => sum + each, 0);
}

/** Runs statements as a superuser without triggers, foreign keys and reports of plans, and brings the statistics up to date. */
export async function plantRows({ database: { superuser } }: Gateway, ...statements: string[]): Promise<void> {
  await superuser.query('set session_replication_role = replica; set auto_explain.log_min_duration = -1');
  for (const statement of statements) await superuser.query(statement);
  await superuser.query('reset session_replication_role');
  // Of a table that has been vacuumed, PostgreSQL likes to read a whole index.
  await superuser.query('vacuum analyze');
}
