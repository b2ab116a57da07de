import type { EntityManager } from '@mikro-orm/postgresql';
import { CURRENCIES } from '../values/currencies.js';

/** Returns SQL for the database's copy of the list. It is a function, since a check constraint cannot read a table. */
export function currencyFunctions(): string {
  const rows = [...CURRENCIES].map(([code, { digits, current }]) => `('${code}', ${digits}, ${current})`);
  const having = (digits: number) =>
    [...CURRENCIES].flatMap(([code, currency]) => (currency.digits === digits ? `'${code}'` : [])).join(', ');
  return `
    create or replace function currencies() returns table (code text, digits integer, current boolean)
      language sql immutable parallel safe set search_path = public, pg_temp as $$ values ${rows.join(', ')} $$;

    create or replace function currency_digits(code text) returns integer language sql immutable parallel safe as $$
      select case ${[0, 1, 3, 4].flatMap((digits) => (having(digits) === '' ? [] : `when code in (${having(digits)}) then ${digits}`)).join(' ')} else 2 end
    $$;
  `;
}

/** Returns the codes of currencies that are missing or different in the database. Additional ones there do no harm. */
export async function differingCurrencies(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ code: string; digits: number; current: boolean }[]>(
    'select code, currency_digits(code) as digits, current from currencies()',
  );
  const known = new Map(rows.map(({ code, ...currency }) => [code, currency]));
  return [...CURRENCIES].flatMap(([code, { digits, current }]) => {
    const theirs = known.get(code);
    return theirs?.digits === digits && theirs.current === current ? [] : code;
  });
}
