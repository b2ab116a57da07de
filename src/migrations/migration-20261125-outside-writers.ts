import { Migration } from '@mikro-orm/migrations';
import { differs } from './migration-20261125-entries.js';

/** Rules against other writers with the gateway's role. The gateway itself never breaks them. */
export class Migration20261125OutsideWriters extends Migration {
  override up(): void {
    this.addSql(NUMBERS_AND_DATES);
    this.addSql(LOCK_DATE);
    this.addSql(NOTE_LINES);
    this.addSql(NEW_NOTES);
    this.addSql(VOIDS);
    this.addSql(TRAIL);
  }

  /** Undoing this would change posted records. */
  override down(): void {
    throw new Error('the rules for other writers cannot be undone');
  }
}

/** PostgreSQL sorts NaN above all numbers, so checks such as "amount > 0" accept it. */
const NUMBERS_AND_DATES = `
  do $$
  declare
    checked record;
  begin
    for checked in
      select class.relname as name,
        string_agg(
          case when coalesce(nullif(type.typbasetype, 0), type.oid) = 'date'::regtype then format('isfinite(%I)', attname)
            else format('%I not in (''NaN'', ''Infinity'', ''-Infinity'')', attname) end,
          ' and ' order by attnum
        ) as condition
      from pg_class class join pg_attribute on attrelid = class.oid join pg_type type on type.oid = atttypid
      where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
        and coalesce(nullif(type.typbasetype, 0), type.oid) in ('numeric'::regtype, 'date'::regtype)
      group by class.relname
    loop
      execute format('alter table %I add constraint %I check (%s)', checked.name, checked.name || '_finite', checked.condition);
    end loop;
  end
  $$;
`;

const LOCK_DATE = `
  create or replace function books_are_open() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    -- A statement after a lock must see all changes that were committed before the lock was granted.
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'entries are posted at the isolation level read committed' using errcode = 'check_violation';
    end if;
    -- The same lock as in the gateway: the lock date cannot change before this transaction has been committed.
    perform pg_advisory_xact_lock_shared(hashtextextended('period', new.organization_id));
    if new.posting_date <= (select lock_date from organizations where id = new.organization_id) then
      raise exception 'the books are locked on %', new.posting_date using errcode = 'check_violation';
    end if;
    return new;
  end
  $$;
`;

/** The entry's trigger may run before the note's last line is inserted, since SET CONSTRAINTS lets a writer choose the time. */
const NOTE_LINES = `
  create function note_lines_agree_with_entry() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    entry journal_entries;
    differs boolean;
  begin
    -- Compares once per note: at its last line.
    if exists (
      select from credit_note_lines
      where organization_id = new.organization_id and credit_note_id = new.credit_note_id and id > new.id
    ) then
      return null;
    end if;
    select booked.* into entry from journal_entries booked join credit_notes note on note.journal_entry_id = booked.id where note.id = new.credit_note_id;
    if not found then return null; end if;${differs('credit_note_lines_due')}
    if differs then perform complain_of_entry(entry); end if;
    return null;
  end
  $$;
  create constraint trigger agree_with_entry after insert on credit_note_lines
    deferrable initially deferred for each row execute function note_lines_agree_with_entry();
`;

const NEW_NOTES = `
  create function new_note_is_whole() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'a new credit note is neither void nor applied to invoices' using errcode = 'check_violation';
  end
  $$;
  create trigger is_whole before insert on credit_notes for each row
    when (new.voided_at is not null or new.void_entry_id is not null or new.applied <> 0) execute function new_note_is_whole();
`;

const VOIDS = `
  create or replace function void_entry_mirrors() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.journal_entry_id is distinct from (select reversal_of_id from journal_entries where id = new.void_entry_id) then
      raise exception 'credit note % is voided by an entry that is not its mirror', new.id using errcode = 'check_violation';
    end if;
    if (select posting_date from journal_entries where id = new.void_entry_id) < greatest(
      new.date,
      (
        select max(reversal.date) from refund_reversals reversal join refunds refund on refund.id = reversal.refund_id
        where refund.organization_id = new.organization_id and refund.credit_note_id = new.id
      )
    ) then
      raise exception 'credit note % is voided before its own day or that of a reversal', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
`;

const TRAIL = `
  create or replace function lock_date_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not exists (
      select from audit_events event
      where event.organization_id = new.id and event.created_at = now() and event.action = 'unlockTransactions'
        and event.details ->> 'after' = coalesce(new.lock_date::text, 'none') and event.details ->> 'before' = old.lock_date::text
        and btrim(event.details ->> 'reason') <> '' and btrim(event.created_by) <> ''
    ) then
      raise exception 'the lock date of organization % goes back without an audit event of who and why', new.id using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
`;
