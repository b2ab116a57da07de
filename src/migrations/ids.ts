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

/** Those whose rows a deferred trigger checks one by one, but once for all that an import inserts: see {@link onceForImport}. */
const CHECKED_ONCE: ReadonlySet<string> = new Set(['credit_note_lines', 'journal_entries', 'journal_lines']);

/** The highest id that there can be. */
const NO_ID_ABOVE = '9223372036854775807';

/** SQL for the setting of a transaction with the organization and the ids from the first to the last one that an import leaves to one check. */
const importedRows = (table: string): string => `nullif(current_setting('books.imported_${table}', true), '')::bigint[]`;

/** SQL for the declaration that {@link onceForImport} needs. */
export const importedIn = (table: string): string => `imported bigint[] := ${importedRows(table)};`;

/**
 * Returns SQL for a deferred trigger of the table. Of the rows that an import inserts, the first one checks all, at the end of the transaction; the
 * others do nothing. Rows that come after the check are checked again, and so are all rows if a savepoint has undone the check, since it undoes the
 * setting, too. Only the owner of the tables can leave rows to the first one: another one's setting counts for nothing.
 *
 * @param check checks the rows of the transaction from `new.id` to the variable `newest`
 */
export const onceForImport = (table: string, check: string): string => `
    if imported is not null then
      if imported[1] = new.organization_id and new.id between imported[2] and imported[3] and public.is_being_imported(new.organization_id) then
        if new.id = imported[2] and imported[3] = ${NO_ID_ABOVE} then
          select id into newest from public.${table} where organization_id = new.organization_id order by id desc limit 1;
          ${check}
          perform set_config('books.imported_${table}', array[new.organization_id, new.id, newest]::text, true);
        end if;
        return null;
      end if;
    end if;`;

/** SQL that keeps a given id above that of the first row of the import, which has taken the lock and is checked for all. */
const keepAfterFirst = (table: string): string => `
    if new.id is not null then
      imported := ${importedRows(table)};
      if imported[1] = new.organization_id and imported[3] = ${NO_ID_ABOVE} and new.id > imported[2]
        and current_setting('books.import', true) = imported[1]::text then
        return new;
      end if;
    end if;`;

/** SQL that keeps the given id of the first row of an import, and leaves the check of the next ones to it. Their ids are higher. */
const keepFirst = (table: string): string => `
      if (imported[1], imported[3]) is distinct from (new.organization_id, ${NO_ID_ABOVE}) and new.id >= public.${table}_next_id(new.organization_id) then
        perform set_config('books.imported_${table}', array[new.organization_id, new.id, ${NO_ID_ABOVE}]::text, true);
        return new;
      end if;
      raise exception 'row % of ${table} has a lower id than the next one', new.id using errcode = 'check_violation';`;

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
 * Each table has functions of its own, because PostgreSQL plans a statement once only if it names its table. A session keeps the plan. Made while the
 * table is small, it would read the whole table for each id when the table has grown, so the function allows only the index.
 */
function drawsIds(table: string): string {
  // The newest record may be one of another system. Its next one will have the next id there, and shall not be taken for one that was made here.
  const atLeastFirst = RECORDS.has(table)
    ? 'select greatest(drawn, first_id) into drawn from organizations where id = organization;'
    : 'if not found then select first_id into drawn from organizations where id = organization; end if;';
  return `
  create function ${table}_next_id(organization bigint) returns bigint language plpgsql
    set search_path = public, pg_temp set enable_seqscan = off as $$
  declare
    drawn bigint;
  begin
    select id + 1 into drawn from ${table} where organization_id = organization order by id desc limit 1;
    ${atLeastFirst}
    return drawn;
  end
  $$;

  create function ${table}_draw_id() returns trigger language plpgsql as $$
  declare
    -- Assigned, because an expression costs less than the query of PERFORM.
    granted text;${CHECKED_ONCE.has(table) ? '\n    imported bigint[];' : ''}
  begin
    -- Rows that are replicated, or read from a file, keep their ids.
    if new.id is not null and current_setting('session_replication_role') = 'replica' then return new; end if;${CHECKED_ONCE.has(table) ? keepAfterFirst(table) : ''}
    -- So do records of another system, whose ids clients know. Transactions of an import share the lock: see ImportedDocuments.
    if new.id is not null and public.is_being_imported(new.organization_id) then
      granted := pg_advisory_xact_lock_shared(hashtextextended('order', new.organization_id));${CHECKED_ONCE.has(table) ? keepFirst(table) : '\n      return new;'}
    end if;
    -- The lock is held until the commit, so that no higher id is drawn before the lower one is visible.
    granted := pg_advisory_xact_lock(hashtextextended('order', new.organization_id));
    new.id := public.${table}_next_id(new.organization_id);
    return new;
  end
  $$;
  create trigger draws_id before insert on ${table} for each row execute function ${table}_draw_id();
  alter table ${table} enable always trigger draws_id;
`;
}
