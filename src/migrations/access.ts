/** Memberships and keys can be changed and ended, and each such change leaves an audit event. Nobody acts without a valid one. */
export function accessRules(): string {
  return `
  create function membership_guard() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if (new.organization_id, new.user_id, new.created_at) is distinct from (old.organization_id, old.user_id, old.created_at) then
      raise exception 'a membership stays that of its user in its organization' using errcode = 'restrict_violation';
    end if;
    if new.ended_at is distinct from old.ended_at and new.ended_at is not null then
      if old.ended_at is not null then
        raise exception 'the membership of user % has ended before', old.user_id using errcode = 'restrict_violation';
      end if;
      new.ended_at := clock_timestamp();
    end if;
    return new;
  end
  $$;
  create trigger guard before update on memberships for each row execute function membership_guard();

  -- created_at is the transaction's time, which a writer cannot choose. Other transactions of the organization add no rows until this one ends, so
  -- that its events are the newest: of the others, which may be a million, one is read.
  create function events_of_this_transaction(organization bigint) returns setof audit_events
    language sql stable set search_path = public, pg_temp as $$
    select * from audit_events event
    where event.organization_id = organization and event.id > coalesce((
      select older.id from audit_events older where older.organization_id = organization and older.created_at <> now() order by older.id desc limit 1
    ), 0)
    order by event.id desc limit 1000
  $$;

  create function membership_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not exists (
      select from events_of_this_transaction(new.organization_id) event join users on users.id = new.user_id
      where event.action like 'member %' and event.details ->> 'subject' = users.subject
    ) then
      raise exception 'the membership of user % changes without an audit event', new.user_id using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger leaves_trail after update on memberships
    deferrable initially deferred for each row when ((new.role, new.ended_at) is distinct from (old.role, old.ended_at))
    execute function membership_leaves_trail();

  create function api_key_guard() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if (new.id, new.organization_id, new.name, new.role, new.prefix, new.hash, new.expires_at, new.created_at)
      is distinct from (old.id, old.organization_id, old.name, old.role, old.prefix, old.hash, old.expires_at, old.created_at) then
      raise exception 'API key % stays as it was made', old.id using errcode = 'restrict_violation';
    end if;
    if new.revoked_at is distinct from old.revoked_at then
      if old.revoked_at is not null then
        raise exception 'API key % is revoked for good', old.id using errcode = 'restrict_violation';
      end if;
      new.revoked_at := clock_timestamp();
    end if;
    return new;
  end
  $$;
  create trigger guard before update on api_keys for each row execute function api_key_guard();

  create function audit_event_guard() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    new.created_at := now();
    if new.action ~ '^(organization|member|api-key) ' and not has_any_column_privilege('api_keys', 'insert') then
      raise exception 'only an operator writes the event %', new.action using errcode = 'insufficient_privilege';
    end if;
    return new;
  end
  $$;
  create trigger guard before insert on audit_events for each row execute function audit_event_guard();

  -- The key or the membership that a refund or a reversal is attributed to must be valid and allow it at the start of the transaction. The
  -- gateway itself checks for keys and memberships that end during the transaction: its check runs after the locks are granted.
  create function made_by_who_may() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if exists (
      select from inserted made
        left join api_keys key on key.organization_id = made.organization_id and key.id = made.api_key_id
        left join memberships member on member.organization_id = made.organization_id and member.user_id = made.user_id
      where (coalesce(key.role, member.role, 'VIEWER') = 'VIEWER'
          and not (made.protocol = 'IMPORT' and is_being_imported(made.organization_id)))
        or key.revoked_at <= now() or key.expires_at <= now() or member.ended_at <= now()
    ) then
      raise exception 'a row of % is attributed to a key or a member that may not make it', tg_argv[0]
        using errcode = 'check_violation', constraint = tg_argv[0] || '_made_by_who_may', table = tg_argv[0];
    end if;
    return null;
  end
  $$;
  create trigger made_by_who_may after insert on refunds
    referencing new table as inserted for each statement execute function made_by_who_may('refunds');
  create trigger made_by_who_may after insert on refund_reversals
    referencing new table as inserted for each statement execute function made_by_who_may('refund_reversals');
  create trigger made_by_who_may after insert on credit_note_cancellations
    referencing new table as inserted for each statement execute function made_by_who_may('credit_note_cancellations');
`;
}
