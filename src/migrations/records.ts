/** The columns of each table that a command changes, with their names in its audit event. */
const CHANGES = {
  accounts: { command: 'updateAccount', columns: { code: 'code', name: 'name', active: 'active' } },
  branches: { command: 'updateBranch', columns: { code: 'code', name: 'name', active: 'active' } },
  customers: { command: 'updateCustomer', columns: { display_name: 'displayName', email: 'email', active: 'active' } },
  organizations: {
    command: 'updateOrganization',
    columns: { name: 'name', time_zone: 'timeZone', credit_card_refunds: 'creditCardRefunds', rest_contract: 'restContract' },
  },
} as const;

/** Each change of a record, and of a setting of the organization, leaves an audit event with the new values. */
export function recordRules(): string {
  const triggers = Object.entries(CHANGES).map(([table, { command, columns }]) => {
    const idColumn = table === 'organizations' ? 'id' : 'organization_id';
    const pairs = Object.entries(columns).map(([column, name]) => `'${column} ${name}After'`);
    // It names no column, so that the types of columns can be altered.
    return `
  create constraint trigger change_leaves_trail after update on ${table}
    deferrable initially deferred for each row execute function change_leaves_trail('${command}', '${idColumn}', ${pairs.join(', ')});`;
  });
  return [FUNCTION, ...triggers].join('\n');
}

/** Its arguments are the command, the column with the organization, and each column with the name of its new value. */
const FUNCTION = `
  create function change_leaves_trail() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    before jsonb := to_jsonb(old);
    after jsonb := to_jsonb(new);
    changed text[] := array(
      select pair from unnest(tg_argv[2:]) pair, split_part(pair, ' ', 1) name where before -> name is distinct from after -> name
    );
  begin
    if changed = '{}' then return null; end if;
    if not exists (
      select from events_of_this_transaction((after ->> tg_argv[1])::bigint) event
      where event.action = tg_argv[0] and (tg_argv[1] = 'id' or event.details ->> 'id' = after ->> 'id')
        and not exists (
          select from unnest(changed) pair
          where event.details ->> split_part(pair, ' ', 2) is distinct from coalesce(after ->> split_part(pair, ' ', 1), '')
        )
    ) then
      raise exception 'row % changes without an event of %', after ->> 'id', tg_argv[0] using errcode = 'restrict_violation';
    end if;
    return null;
  end
  $$;
`;
