import { Migration } from '@mikro-orm/migrations';

/** Unlocking days needs an audit event, and nothing is posted years ahead. */
export class Migration20261125Periods extends Migration {
  override up(): void {
    this.addSql(LOCK_DATE);
    this.addSql(FAR_AHEAD);
  }

  override down(): void {
    this.addSql('alter table journal_entries drop constraint journal_entries_not_years_ahead');
    this.addSql('drop function lock_date_leaves_trail() cascade');
  }
}

const LOCK_DATE = `
  -- Finds an audit event of this transaction: created_at is the transaction's time, which a writer cannot choose.
  create function lock_date_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not exists (
      select from audit_events event
      where event.organization_id = new.id and event.created_at = now() and event.action = 'unlockTransactions'
        and event.details ->> 'after' = coalesce(new.lock_date::text, 'none')
    ) then
      raise exception 'the lock date of organization % goes back without an audit event', new.id using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger leaves_trail after update of lock_date on organizations
    deferrable initially deferred for each row
    when (old.lock_date is not null and (new.lock_date is null or new.lock_date < old.lock_date))
    execute function lock_date_leaves_trail();
`;

/** A little wider than the limit of the gateway, which counts up to 366 days in the organization's time zone. */
const FAR_AHEAD = `
  alter table journal_entries add constraint journal_entries_not_years_ahead
    check (posting_date <= (created_at at time zone 'UTC')::date + 368) not valid;
`;
