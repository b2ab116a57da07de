/** An organization has a time zone that PostgreSQL knows, and each change of its lock date leaves an audit event. */
export function organizationRules(): string {
  return `
  create function organization_time_zone() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    perform now() at time zone new.time_zone;
    return new;
  end
  $$;
  create trigger time_zone before insert or update of time_zone on organizations
    for each row execute function organization_time_zone();

  -- A lock date may be as far ahead as a posting date: a later one would close the books for ever. The limit and the clock are the same as in
  -- journal_entries_not_years_ahead.
  create function lock_date_not_years_ahead() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.lock_date > (now() at time zone 'UTC')::date + 368 then
      raise exception 'the lock date of organization % is years ahead', new.id using errcode = 'check_violation';
    end if;
    return new;
  end
  $$;
  create trigger not_years_ahead before insert or update of lock_date on organizations
    for each row execute function lock_date_not_years_ahead();

  -- Waits for the transactions that post: see books_are_open.
  create function lock_date_waits() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    perform pg_advisory_xact_lock(hashtextextended('period', new.id));
    return new;
  end
  $$;
  create trigger lock_date_waits before update of lock_date, credit_card_refunds on organizations for each row execute function lock_date_waits();

  create function lock_date_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not exists (
      select from events_of_this_transaction(new.id) event
      where event.action = case
          when new.lock_date > coalesce(old.lock_date, '-infinity') then 'lockTransactions' else 'unlockTransactions' end
        and event.details ->> 'before' = coalesce(old.lock_date::text, 'none')
        and event.details ->> 'after' = coalesce(new.lock_date::text, 'none')
        and btrim(as_read(event.details ->> 'reason')) <> '' and btrim(as_read(event.created_by)) <> ''
    ) then
      raise exception 'the lock date of organization % moves without an audit event of who and why', new.id using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger leaves_trail after update of lock_date on organizations
    deferrable initially deferred for each row when (new.lock_date is distinct from old.lock_date)
    execute function lock_date_leaves_trail();
`;
}
