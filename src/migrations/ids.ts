/** All tables with ids of an organization. */
const TABLES = [
  'accounts',
  'api_keys',
  'audit_events',
  'branches',
  'credit_note_cancellations',
  'credit_note_lines',
  'credit_notes',
  'customers',
  'journal_entries',
  'journal_lines',
  'refund_reversals',
  'refunds',
];

/** Those of them that documents name by their ids. */
const RECORDS: ReadonlySet<string> = new Set(['accounts', 'branches', 'customers']);

/**
 * Ids are numbers of the organization (docs/adr/025-ids-are-numbers-of-the-organization.md), and rows become visible in their order
 * (docs/adr/018-order-of-ids.md).
 */
export function idRules(): string {
  return [IMPORTS, ...TABLES.map(drawsIds)].join('\n');
}

/**
 * Whether this transaction imports the organization from another system: see docs/adr/032-books-come-from-bigcapital.md. Only the owner of the
 * tables can: the gateway's role and the operator's have no right to insert ids.
 */
const IMPORTS = `
  create function is_being_imported(organization bigint) returns boolean language sql stable
    return coalesce(current_setting('books.import', true), '') = organization::text
      and has_column_privilege('journal_entries'::regclass, 'id', 'insert');
`;

/**
 * Each table has a function of its own, because PostgreSQL plans a statement once only if it names its table. A session keeps the plan. Made while the
 * table is small, it would read the whole table for each id when the table has grown, so the function allows only the index.
 */
function drawsIds(table: string): string {
  // The newest record may be one of another system. Its next one will have the next id there, and shall not be taken for one that was made here.
  const atLeastFirst = RECORDS.has(table)
    ? 'select greatest(new.id, first_id) into new.id from organizations where id = new.organization_id;'
    : 'if not found then select first_id into new.id from organizations where id = new.organization_id; end if;';
  return `
  create function ${table}_draw_id() returns trigger language plpgsql set search_path = public, pg_temp set enable_seqscan = off as $$
  declare
    -- Assigned, because an expression costs less than the query of PERFORM.
    granted text;
  begin
    -- Rows that are replicated, or read from a file, keep their ids.
    if new.id is not null and current_setting('session_replication_role') = 'replica' then return new; end if;
    -- The lock is held until the commit, so that no higher id is drawn before the lower one is visible.
    granted := pg_advisory_xact_lock(hashtextextended('order', new.organization_id));
    -- So do records of another system, whose ids clients know.
    if new.id is not null and is_being_imported(new.organization_id) then return new; end if;
    select id + 1 into new.id from ${table} where organization_id = new.organization_id order by id desc limit 1;
    ${atLeastFirst}
    return new;
  end
  $$;
  create trigger draws_id before insert on ${table} for each row execute function ${table}_draw_id();
  alter table ${table} enable always trigger draws_id;
`;
}
