import type { Client } from 'pg';
import type { TableHeader } from './backup-file.js';
import { tablesInOrder } from './backup-tables.js';

/** A table of organizations. Its columns are without organization_id, whose value differs between databases. */
export interface OrganizationTable extends TableHeader {
  /** Columns of the primary key, without organization_id. */
  readonly key: readonly string[];
  /** Columns with ids of users, who may have other ids in another database. */
  readonly userColumns: readonly string[];
}

/** Returns all tables with the column organization_id, each after the tables that it references. A new table is included automatically. */
export async function organizationTables(client: Client): Promise<OrganizationTable[]> {
  const [tables, keys, userColumns] = [
    await tablesInOrder(client),
    await columnsByTable(client, PRIMARY_KEYS),
    await columnsByTable(client, USER_COLUMNS),
  ];
  return tables.flatMap(({ table, columns }) =>
    columns.includes(ORGANIZATION)
      ? [
          {
            table,
            columns: columns.filter((column) => column !== ORGANIZATION),
            key: (keys.get(table) ?? []).filter((column) => column !== ORGANIZATION),
            userColumns: userColumns.get(table) ?? [],
          },
        ]
      : [],
  );
}

const ORGANIZATION = 'organization_id';

const PRIMARY_KEYS = `
  select class.relname as table, attname as column
  from pg_index join pg_class class on class.oid = indrelid join pg_attribute on attrelid = indrelid and attnum = any (indkey)
  where indisprimary and relnamespace = 'public'::regnamespace order by array_position(indkey::int2[], attnum)`;

/** Columns that reference users, directly or through the membership. */
const USER_COLUMNS = `
  with recursive direct as (
    select conrelid, confrelid, child, parent
    from pg_constraint, unnest(conkey, confkey) as pair (child, parent) where contype = 'f' and conparentid = 0
  ), referring as (
    select conrelid, child from direct where confrelid = 'users'::regclass
    union
    select direct.conrelid, direct.child from direct join referring on direct.confrelid = referring.conrelid and direct.parent = referring.child
  )
  select class.relname as table, attname as column
  from referring join pg_class class on class.oid = conrelid join pg_attribute on attrelid = conrelid and attnum = child`;

async function columnsByTable(client: Client, sql: string): Promise<ReadonlyMap<string, string[]>> {
  const { rows } = await client.query<{ table: string; column: string }>(sql);
  const columns = new Map<string, string[]>();
  for (const { table, column } of rows) columns.set(table, [...(columns.get(table) ?? []), column]);
  return columns;
}
