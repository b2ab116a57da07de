/**
 * Tables of books that a frozen organization keeps as they are. Refunds, reversals, cancellations and journal lines need a new journal entry,
 * which books_are_open refuses. Derived balances, the audit trail and the sweep of idempotency keys go on.
 */
const BOOKS = ['accounts', 'branches', 'credit_note_counters', 'credit_note_lines', 'customers'];
const INSERT_UPDATE_DELETE = 'before insert or update or delete';

/**
 * An organization that moves to another database accepts no changes, whoever writes them: see docs/adr/026-an-organization-moves.md. The
 * triggers' name sorts before draws_id: the lock of the order of ids is the last one.
 */
export function freezeRules(): string {
  return `
  create function refuse_if_frozen() returns trigger language plpgsql as $$
  declare
    of_organization bigint := coalesce(new.organization_id, old.organization_id);
    -- Assigned, because an expression costs less than the query of PERFORM.
    granted text;
  begin
    -- A statement after a lock must see all changes that were committed before the lock was granted.
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'records are written at the isolation level read committed' using errcode = 'check_violation';
    end if;
    -- The same lock as in the gateway: the organization cannot be frozen before this transaction has been committed.
    granted := pg_advisory_xact_lock_shared(
      case tg_argv[0] when 'operators' then hashtextextended('operators', 0) else hashtextextended('period', of_organization) end
    );
    if (select frozen_at from public.organizations where id = of_organization) is not null then
      raise exception 'organization % is frozen, because it moves to another database', of_organization using errcode = 'check_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
  end
  $$;
  ${BOOKS.map((table) => refuses(table, INSERT_UPDATE_DELETE)).join('\n  ')}
  -- Deeper is the trigger of a refund or a reversal, which has a new journal entry: it updates the note.
  ${refuses('credit_notes', INSERT_UPDATE_DELETE, 'pg_trigger_depth() = 0')}
  -- Reads go on, and so does the end of the right to read: keys can be revoked, and memberships ended.
  ${refuses('api_keys', 'before insert', 'true', 'operators')}
  ${refuses('memberships', 'before insert or delete', 'true', 'operators')}
  create trigger accepts_only_ends before update on memberships
    for each row when (new.ended_at is null) execute function refuse_if_frozen('operators');

  create function frozen_organization_stays() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'organization % is frozen, because it moves to another database', new.id using errcode = 'check_violation';
  end
  $$;
  create trigger accepts_changes before update on organizations
    for each row when (old.frozen_at is not null and new.frozen_at is not null) execute function frozen_organization_stays();

  -- Waits for the transactions that write: see refuse_if_frozen and books_are_open.
  create function freeze_waits() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    perform pg_advisory_xact_lock(hashtextextended('operators', 0));
    perform pg_advisory_xact_lock(hashtextextended('period', new.id));
    return new;
  end
  $$;
  create trigger freeze_waits before update of frozen_at on organizations for each row execute function freeze_waits();

  create function freeze_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not exists (
      select from events_of_this_transaction(new.id) event
      where event.action = case when new.frozen_at is null then 'organization unfreeze' else 'organization freeze' end
    ) then
      raise exception 'organization % is frozen or unfrozen without an audit event', new.id using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger freeze_leaves_trail after update of frozen_at on organizations
    deferrable initially deferred for each row when ((old.frozen_at is null) <> (new.frozen_at is null))
    execute function freeze_leaves_trail();
`;
}

function refuses(table: string, events: string, condition = 'true', lock: 'period' | 'operators' = 'period'): string {
  return `create trigger accepts_changes ${events} on ${table}
    for each row when (${condition}) execute function refuse_if_frozen('${lock}');`;
}
