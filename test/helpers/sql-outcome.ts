import type pg from 'pg';

/** Runs the statements in one transaction. Returns "accepted", or the database's error message. */
export async function outcomeOf(client: pg.Client, ...statements: readonly string[]): Promise<string> {
  try {
    await client.query(statements[0]?.startsWith('begin') ? '' : 'begin');
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
    return 'accepted';
  } catch (error) {
    await client.query('rollback');
    return error instanceof Error ? error.message : String(error);
  }
}
