import type { EntityManager } from '@mikro-orm/postgresql';

/** The database roles that are not the tables' owner, by what they are for. */
export interface DatabaseRoles {
  /** Serves requests: posts, but manages neither organizations nor who may do what. */
  readonly application?: string | undefined;
  /** Runs the operator's commands: manages organizations, members and keys, but never posts. */
  readonly operator?: string | undefined;
}

/** Its message is for the operator. */
export class DatabaseRoleUnsuitable extends Error {}

/** Who may do what. Only the operator's role writes these, and `schema_migrations` only the owner. */
const ACCESS = ['organizations', 'users', 'memberships', 'api_keys'];
const OWNERS = ['schema_migrations'];

/** With an organization come its chart and its branch; whatever is done leaves an event. */
const OPERATORS = [...ACCESS, 'accounts', 'branches', 'audit_events'];

/** Columns that may be changed later. Whatever is posted is in none of them. */
const APPLICATION_UPDATES = {
  organizations: 'lock_date',
  api_keys: 'last_used_at',
  credit_notes: 'opened_at, journal_entry_id, voided_at, void_entry_id, refunded, refunded_base, realized_gain, unrounded_gain',
  credit_note_counters: 'next',
  balance_snapshots: 'debits, credits',
  balance_watermarks: 'line_id',
  rate_limits: 'count, ends_at',
};
const OPERATOR_UPDATES = { memberships: 'role, ended_at', api_keys: 'revoked_at' };

/** The gateway forgets what is past its retention. */
const APPLICATION_DELETES = ['idempotency_keys', 'rate_limits'];

/**
 * Gives each role its rights and takes away all others that it had on the tables, also those that an earlier version gave.
 *
 * @throws {DatabaseRoleUnsuitable}
 */
export async function grantRights(em: EntityManager, { application, operator }: DatabaseRoles): Promise<void> {
  if (application !== undefined && application === operator) {
    throw new DatabaseRoleUnsuitable('--application-role and --operator-role must be two roles: each lacks what the other may do');
  }
  const columns = await insertableColumns(em);
  if (application !== undefined) {
    const role = await grantee(em, application);
    const tables = [...columns.keys()].filter((table) => !ACCESS.includes(table) && !OWNERS.includes(table));
    await em.execute(`
      ${readOnly(role)}
      ${inserts(role, tables, columns)}
      ${updates(role, APPLICATION_UPDATES)}
      ${APPLICATION_DELETES.map((table) => `grant delete on ${table} to ${role};`).join('\n')}
    `);
  }
  if (operator !== undefined) {
    const role = await grantee(em, operator);
    await em.execute(`${readOnly(role)} ${inserts(role, OPERATORS, columns)} ${updates(role, OPERATOR_UPDATES)}`);
  }
  if (application === undefined && operator === undefined) return;
  const [row] = await em.execute<{ database: string }[]>('select quote_ident(current_database()) as database');
  // A temporary table or function would stand before the real ones.
  await em.execute(`revoke temporary on database ${row?.database} from public`);
  await revokeLargeObjects(em);
}

/**
 * Nobody needs large objects, and with them a role that may insert only into its tables could fill the disk past every limit and check. The functions
 * belong to the superuser: an owner of the tables that is no superuser leaves them as they are (see docs/operations.md).
 */
async function revokeLargeObjects(em: EntityManager): Promise<void> {
  const functions = await em.execute<{ name: string }[]>(`
    select oid::regprocedure::text as name from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^lo_|^lowrite$' and pg_has_role(proowner, 'USAGE')
      and has_function_privilege('public', oid, 'EXECUTE')`);
  if (functions.length > 0) {
    await em.execute(`revoke execute on function ${functions.map(({ name }) => name).join(', ')} from public`);
  }
}

/** The name of the role as it stands in SQL. */
async function grantee(em: EntityManager, name: string): Promise<string> {
  const [row] = await em.execute<{ role: string; exists: boolean; migrates: boolean }[]>(
    `select quote_ident(name) as role, name = current_user as migrates, exists (select from pg_roles where rolname = name) as exists
     from (select ?::text as name) wanted`,
    [name],
  );
  if (row === undefined || !row.exists) {
    throw new DatabaseRoleUnsuitable(`There is no database role ${name}; make it first: create role … login password '…'`);
  }
  if (row.migrates)
    throw new DatabaseRoleUnsuitable(`The role ${name} owns the tables, and so may do everything; name another one`);
  return row.role;
}

/**
 * The columns of each table that a statement may fill. Ids, times of recording and numbers of transactions are the database's own:
 * whoever could choose them could date back what was done.
 */
async function insertableColumns(em: EntityManager): Promise<ReadonlyMap<string, string>> {
  const rows = await em.execute<{ name: string; columns: string }[]>(`
    select class.relname as name, string_agg(quote_ident(attname), ', ' order by attnum) as columns
    from pg_class class join pg_attribute on attrelid = class.oid left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
      and attname <> 'id' and attidentity = '' and attgenerated = ''
      and coalesce(pg_get_expr(adbin, adrelid), '') not in ('now()', 'clock_timestamp()', 'pg_current_xact_id()')
    group by class.relname`);
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

function readOnly(role: string): string {
  return `revoke all on all tables in schema public from ${role}; grant select on all tables in schema public to ${role};`;
}

function inserts(role: string, tables: readonly string[], columns: ReadonlyMap<string, string>): string {
  return tables.map((table) => `grant insert (${columns.get(table)}) on ${table} to ${role};`).join('\n');
}

function updates(role: string, columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([table, names]) => `grant update (${names}) on ${table} to ${role};`)
    .join('\n');
}
