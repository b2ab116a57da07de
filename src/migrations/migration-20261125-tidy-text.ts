import { Migration } from '@mikro-orm/migrations';

/** Names, codes and numbers have no blanks at their ends, and no two numbers or codes differ only in case. */
export class Migration20261125TidyText extends Migration {
  override up(): void {
    this.addSql(FUNCTIONS);
    this.addSql(CHECKS);
    this.addSql(UNIQUE);
  }

  override down(): void {
    throw new Error('numbers that differ in case alone would have been taken meanwhile');
  }
}

/**
 * The same rule as `tidy` in text.ts. ICU knows upper and lower case of all Unicode in any locale of the database. A server without ICU
 * compares by its locale.
 */
const FUNCTIONS = `
  create function is_tidy(value text) returns boolean language sql immutable parallel safe set search_path = public, pg_temp as $$
    select value <> '' and value is nfc normalized and value !~ (
      '^[\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff]'
      || '|[\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff]$'
    )
  $$;

  do $do$
  declare
    collation_clause text := '';
  begin
    if exists (select from pg_collation where collname = 'und-x-icu') then collation_clause := 'collate "und-x-icu"'; end if;
    execute format(
      'create function without_case(value text) returns text language sql immutable parallel safe set search_path = public, pg_temp
       as $$ select lower(value %s) collate "C" $$',
      collation_clause
    );
  end
  $do$;
`;

const CHECKS = `
  alter table organizations add constraint organizations_name_tidy check (is_tidy(name));
  alter table users add constraint users_name_tidy check (is_tidy(name));
  alter table accounts add constraint accounts_code_tidy check (is_tidy(code)), add constraint accounts_name_tidy check (is_tidy(name));
  alter table branches add constraint branches_code_tidy check (is_tidy(code)), add constraint branches_name_tidy check (is_tidy(name));
  alter table customers add constraint customers_name_tidy check (is_tidy(display_name));

  -- Triggers instead of check constraints, which run at every update: each refund updates its note, and last_used_at changes each minute.
  create function number_is_tidy() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'the number of credit note % is not tidy', new.id using errcode = 'check_violation';
  end
  $$;
  create trigger number_is_tidy before insert or update of number on credit_notes
    for each row when (not is_tidy(new.number)) execute function number_is_tidy();
  create function key_name_is_tidy() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'the name of API key % is not tidy', new.id using errcode = 'check_violation';
  end
  $$;
  create trigger name_is_tidy before insert on api_keys
    for each row when (not is_tidy(new.name)) execute function key_name_is_tidy();
`;

const UNIQUE = `
  alter table credit_notes drop constraint credit_notes_number_unique;
  create unique index credit_notes_number_unique on credit_notes (organization_id, without_case(number));
  alter table accounts drop constraint accounts_code_unique;
  create unique index accounts_code_unique on accounts (organization_id, without_case(code));
  alter table branches drop constraint branches_code_unique;
  create unique index branches_code_unique on branches (organization_id, without_case(code));
  create unique index organizations_public_id_unique on organizations (lower(public_id));
`;
