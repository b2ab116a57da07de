import type { EntityManager } from '@mikro-orm/postgresql';

/** The database roles beside the owner of the tables, by purpose. */
export interface DatabaseRoles {
  /** Serves requests: posts to the ledger, but manages neither organizations nor access. */
  readonly application?: string | undefined;
  /** Runs the operator's commands: manages organizations, members and keys, but never posts to the ledger. */
  readonly operator?: string | undefined;
}

/** The named role cannot get the rights. The message is for the operator. */
export class DatabaseRoleUnsuitable extends Error {}

/** Tables of organizations and access, into which only the operator's role inserts. */
const ACCESS = ['organizations', 'users', 'memberships', 'api_keys'];

/** Tables that only the owner writes. */
const OWNERS = ['schema_migrations'];

/** A new organization gets a chart of accounts and a branch, and every command records an audit event. */
const OPERATORS = [...ACCESS, 'accounts', 'branches', 'audit_events'];

/** Columns that the roles may update. Triggers refuse a change of what is posted. */
const APPLICATION_UPDATES = {
  organizations: 'lock_date, name, time_zone, credit_card_refunds, rest_contract',
  accounts: 'code, name, active',
  branches: 'code, name, active',
  customers: 'display_name, email, active',
  api_keys: 'last_used_at',
  credit_notes:
    'number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note, opened_at, journal_entry_id, voided_at, void_entry_id, refunded, refunded_base, realized_gain, unrounded_gain, cancelled, cancelled_base',
  // A line of a draft that is replaced loses its note.
  credit_note_lines: 'credit_note_id',
  credit_note_counters: 'next',
  balance_snapshots: 'debits, credits, foreign_debits, foreign_credits',
  customer_balance_snapshots: 'debits, credits',
  balance_watermarks: 'line_id',
  rate_limits: 'count, ends_at',
  rest_usage: 'requests',
};
const OPERATOR_UPDATES = { organizations: 'frozen_at', memberships: 'role, ended_at', api_keys: 'revoked_at' };

/** Tables whose rows the gateway deletes after their retention. */
const APPLICATION_DELETES = ['idempotency_keys', 'rate_limits', 'rest_usage'];

/**
 * Grants each role its rights on the tables, and revokes all others, including those that an earlier version granted.
 *
 * @throws {DatabaseRoleUnsuitable}
 */
export async function grantRights(em: EntityManager, { application, operator }: DatabaseRoles): Promise<void> {
  if (application !== undefined && application === operator) {
    throw new DatabaseRoleUnsuitable(
      '--application-role and --operator-role must be two roles: each lacks the rights of the other',
    );
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
  // A temporary table would hide the real table of the same name.
  await em.execute(`revoke temporary on database ${row?.database} from public`);
  await revokeLargeObjects(em);
}

/**
 * Revokes the functions of large objects. The gateway does not use them, and a role could fill the disk with them, past all limits and
 * checks. The functions belong to the superuser: a migrating role that is no superuser cannot revoke them (see docs/operations.md).
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

/** Returns the quoted name of the role, after checking that it exists and does not own the tables. */
async function grantee(em: EntityManager, name: string): Promise<string> {
  const [row] = await em.execute<{ role: string; exists: boolean; migrates: boolean }[]>(
    `select quote_ident(name) as role, name = current_user as migrates, exists (select from pg_roles where rolname = name) as exists
     from (select ?::text as name) wanted`,
    [name],
  );
  if (row === undefined || !row.exists) {
    throw new DatabaseRoleUnsuitable(`There is no database role ${name}; create it first: create role … login password '…'`);
  }
  if (row.migrates) throw new DatabaseRoleUnsuitable(`The role ${name} owns the tables and may do everything; name another role`);
  return row.role;
}

/**
 * Returns the columns of each table that statements may insert. The database alone sets ids, times of recording and transaction ids: a
 * role that could choose them could backdate its rows.
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
