import type { EntityManager } from '@mikro-orm/postgresql';
import { CURRENCIES } from '../values/currencies.js';

/** Returns SQL for the database's copy of the list. It is a function, since a check constraint cannot read a table. */
export function currencyFunctions(): string {
  const rows = [...CURRENCIES].map(([code, { digits, current }]) => `('${code}', ${digits}, ${current})`);
  const having = (digits: number) =>
    [...CURRENCIES].flatMap(([code, currency]) => (currency.digits === digits ? code : [])).join(',');
  const current = [...CURRENCIES].flatMap(([code, currency]) => (currency.current ? `'${code}'` : []));
  return `
    create or replace function currencies() returns table (code text, digits integer, current boolean)
      language sql immutable parallel safe set search_path = public, pg_temp as $$ values ${rows.join(', ')} $$;

    -- PostgreSQL would put the text of an SQL function into each check constraint that calls it, for each statement anew.
    create or replace function currency_digits(code text) returns integer
      language plpgsql immutable strict parallel safe as $$
    begin
      return case ${[0, 1, 3, 4].flatMap((digits) => (having(digits) === '' ? [] : `when code = any ('{${having(digits)}}') then ${digits}`)).join(' ')} else 2 end;
    end
    $$;

    create or replace function is_current_currency(code text) returns boolean language sql immutable parallel safe
      return code in (${current.join(', ')});
  `;
}

/** New records must use a current currency. `npm run migrate` updates the database's list when the gateway's list has changed. */
export function currencyRules(): string {
  return `
  create function base_currency_is_current() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not is_current_currency(new.base_currency) then
      raise exception '% is no currency for new records', new.base_currency using errcode = 'check_violation';
    end if;
    return new;
  end
  $$;
  create trigger currency before insert or update of base_currency on organizations
    for each row execute function base_currency_is_current();

  create function currency_is_current() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    -- An organization whose base currency was withdrawn may still use it.
    if not exists (select from organizations where id = new.organization_id and base_currency = new.currency_code) then
      raise exception '% is no currency for new records', new.currency_code using errcode = 'check_violation';
    end if;
    return new;
  end
  $$;
  ${['accounts', 'customers', 'credit_notes']
    .map(
      (table) => `create trigger currency before insert or update of currency_code on ${table}
    for each row when (not is_current_currency(new.currency_code)) execute function currency_is_current();`,
    )
    .join('\n  ')}
`;
}

/** Returns the codes of currencies that are missing or different in the database. Additional ones there do no harm. */
export async function differingCurrencies(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ code: string; digits: number; current: boolean | null }[]>(
    'select code, currency_digits(code) as digits, case when current = is_current_currency(code) then current end as current from currencies()',
  );
  const known = new Map(rows.map(({ code, ...currency }) => [code, currency]));
  return [...CURRENCIES].flatMap(([code, { digits, current }]) => {
    const theirs = known.get(code);
    return theirs?.digits === digits && theirs.current === current ? [] : code;
  });
}
