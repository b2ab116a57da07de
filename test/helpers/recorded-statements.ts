import { afterAll, afterEach } from '@jest/globals';
import type pg from 'pg';
import { tablesWithoutOrganization } from './tenant-statements.js';

/**
 * Checks each statement that the gateway and the operators' commands have sent during a test: it must name the organization of every tenant table.
 * Jest runs this file before each test file.
 */

const unchecked = new Set<string>();
const checked = new Set<string>();
const tenantTables = new Set<string>();

/** Records a line of MikroORM's log. */
export function record(line: string): void {
  const [, statement] = /^\[query\] (.*?)(?: \[took \d+ ms.*\])?$/s.exec(line) ?? [];
  if (statement !== undefined && !checked.has(statement)) unchecked.add(statement);
}

/** Reads which tables and views have rows of organizations. */
export async function readTenantTables(client: pg.Client): Promise<ReadonlySet<string>> {
  if (tenantTables.size > 0) return tenantTables;
  const { rows } = await client.query<{ name: string }>(
    "select table_name::text as name from information_schema.columns where column_name = 'organization_id' and table_schema = 'public'",
  );
  for (const { name } of rows) tenantTables.add(name);
  return tenantTables;
}

function check(): void {
  const offenders = [...unchecked].flatMap((statement) => {
    checked.add(statement);
    const tables = tablesWithoutOrganization(statement, tenantTables);
    return tables.length === 0 ? [] : [`does not name the organization of ${tables.join(', ')}: ${statement}`];
  });
  unchecked.clear();
  if (offenders.length > 0) throw new Error(offenders.join('\n'));
}

afterEach(check);
afterAll(check);
