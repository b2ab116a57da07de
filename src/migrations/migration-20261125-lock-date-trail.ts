import { Migration } from '@mikro-orm/migrations';

/** Every change of the lock date, forward or back, needs an audit event with the author and the reason. */
export class Migration20261125LockDateTrail extends Migration {
  override up(): void {
    this.addSql(`
      create or replace function lock_date_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
      begin
        if not exists (
          select from audit_events event
          where event.organization_id = new.id and event.created_at = now()
            and event.action = case
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

      drop trigger leaves_trail on organizations;
      create constraint trigger leaves_trail after update of lock_date on organizations
        deferrable initially deferred for each row when (new.lock_date is distinct from old.lock_date)
        execute function lock_date_leaves_trail();
    `);
  }

  /** Undoing this would lose the audit trail. */
  override down(): void {
    throw new Error('the trail of lock dates cannot be undone');
  }
}
