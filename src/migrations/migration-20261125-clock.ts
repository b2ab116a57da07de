import { Migration } from '@mikro-orm/migrations';

/** The database sets the times of credit notes for every writer, and must know the time zone of each organization. */
export class Migration20261125Clock extends Migration {
  override up(): void {
    this.addSql(CREDIT_NOTES);
    this.addSql(TIME_ZONES);
  }

  override down(): void {
    this.addSql('drop function credit_note_times() cascade; drop function organization_time_zone() cascade;');
    this.addSql('alter table organizations drop constraint organizations_time_zone_named');
  }
}

const CREDIT_NOTES = `
  create function credit_note_times() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.opened_at is not null and (tg_op = 'INSERT' or old.opened_at is null) then new.opened_at := now(); end if;
    if new.voided_at is not null and (tg_op = 'INSERT' or old.voided_at is null) then new.voided_at := now(); end if;
    return new;
  end
  $$;
  create trigger times before insert or update of opened_at, voided_at on credit_notes
    for each row execute function credit_note_times();
`;

const TIME_ZONES = `
  -- PostgreSQL would accept an offset too, but reads its sign inverted.
  alter table organizations add constraint organizations_time_zone_named check (time_zone ~ '^[A-Za-z]');

  create function organization_time_zone() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    perform now() at time zone new.time_zone;
    return new;
  end
  $$;
  create trigger time_zone before insert or update of time_zone on organizations
    for each row execute function organization_time_zone();
`;
