import { Migration } from '@mikro-orm/migrations';
import { currencyFunctions } from './currencies.js';

/** New records must use a current currency. `npm run migrate` updates the database's list when the gateway's list has changed. */
export class Migration20261125Currencies extends Migration {
  override up(): void {
    this.addSql(currencyFunctions());
    this.addSql(RULES);
  }

  override down(): void {
    this.addSql('drop function currency_is_current() cascade; drop function currencies();');
  }
}

const RULES = `
  create function currency_is_current() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    wanted text := to_jsonb(new) ->> tg_argv[0];
  begin
    if exists (select from currencies() currency where currency.code = wanted and currency.current) then return new; end if;
    -- An organization whose base currency was withdrawn may still use it.
    if tg_table_name <> 'organizations'
      and exists (select from organizations where id = (to_jsonb(new) ->> 'organization_id')::bigint and base_currency = wanted) then
      return new;
    end if;
    raise exception '% is no currency for new records', wanted using errcode = 'check_violation';
  end
  $$;
  create trigger currency before insert or update of base_currency on organizations
    for each row execute function currency_is_current('base_currency');
  create trigger currency before insert or update of currency_code on accounts
    for each row execute function currency_is_current('currency_code');
  create trigger currency before insert or update of currency_code on customers
    for each row execute function currency_is_current('currency_code');
  create trigger currency before insert or update of currency_code on credit_notes
    for each row execute function currency_is_current('currency_code');
`;
