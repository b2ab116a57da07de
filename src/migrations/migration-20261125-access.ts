import { Migration } from '@mikro-orm/migrations';

/** Memberships and keys can be changed and ended. Every such change leaves an audit event, and no row is deleted. */
export class Migration20261125Access extends Migration {
  override up(): void {
    this.addSql(MEMBERSHIPS);
    this.addSql(API_KEYS);
    this.addSql(TRAIL);
    this.addSql(SEARCH_PATH);
  }

  /** Undoing this would lose the audit trail. */
  override down(): void {
    throw new Error('the trail of members and keys cannot be undone');
  }
}

const MEMBERSHIPS = `
  alter table memberships add column ended_at timestamptz;

  create function membership_guard() returns trigger language plpgsql as $$
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

  -- Finds an audit event of this transaction: created_at is the transaction's time, which a writer cannot choose.
  create function membership_leaves_trail() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from audit_events event join users on users.id = new.user_id
      where event.organization_id = new.organization_id and event.created_at = now()
        and event.action like 'member %' and event.details ->> 'subject' = users.subject
    ) then
      raise exception 'the membership of user % changes without an audit event', new.user_id using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger leaves_trail after update on memberships
    deferrable initially deferred for each row when ((new.role, new.ended_at) is distinct from (old.role, old.ended_at))
    execute function membership_leaves_trail();

  create trigger never_deleted before delete or truncate on organizations for each statement execute function refuse_change();
  create trigger never_deleted before delete or truncate on users for each statement execute function refuse_change();
  create trigger never_deleted before delete or truncate on memberships for each statement execute function refuse_change();
  create trigger never_deleted before delete or truncate on api_keys for each statement execute function refuse_change();
`;

const API_KEYS = `
  create function api_key_guard() returns trigger language plpgsql as $$
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
`;

const TRAIL = `
  create function audit_event_guard() returns trigger language plpgsql as $$
  begin
    new.created_at := now();
    if new.action ~ '^(organization|member|api-key) ' and not has_any_column_privilege('api_keys', 'insert') then
      raise exception 'only an operator writes the event %', new.action using errcode = 'insufficient_privilege';
    end if;
    return new;
  end
  $$;
  create trigger guard before insert on audit_events for each row execute function audit_event_guard();
`;

const SEARCH_PATH = `
  alter function membership_guard() set search_path = public, pg_temp;
  alter function membership_leaves_trail() set search_path = public, pg_temp;
  alter function api_key_guard() set search_path = public, pg_temp;
  alter function audit_event_guard() set search_path = public, pg_temp;
`;
