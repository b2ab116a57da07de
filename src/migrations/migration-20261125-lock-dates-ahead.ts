import { Migration } from '@mikro-orm/migrations';

/**
 * A lock date may be as far ahead as a posting date: a later one would close the books for ever. Existing lock dates further ahead stay
 * until they are changed.
 */
export class Migration20261125LockDatesAhead extends Migration {
  override up(): void {
    // The same limit as in journal_entries_not_years_ahead, and the same clock: the transaction's.
    this.addSql(`
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
    `);
  }

  override down(): void {
    this.addSql('drop function lock_date_not_years_ahead() cascade');
  }
}
