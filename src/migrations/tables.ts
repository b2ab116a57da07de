import { tenantTable } from './layout.js';

/**
 * Returns SQL for all tables with their keys, indexes and check constraints.
 *
 * PostgreSQL reads and plans the check constraints of a table anew for each statement that writes to it. In a single refund that took a fifth of
 * the time, so the constraints of its tables are short: `'0'` is a constant of the column's type, but `0` an integer that each statement converts.
 */
export function tables(): string {
  return [DOMAINS, ACCESS, records(), journal(), creditNotes(), refunds(), cancellations(), unitsOfWork(), NEVER_DELETED].join(
    '\n',
  );
}

const DOMAINS = `
  create domain currency_code as text check (value ~ '^[A-Z]{3}$');
  -- A JSON number holds 15 significant digits.
  create domain exchange_rate as numeric(40, 30)
    check (value > 0 and length(ltrim(replace(trim_scale(value)::text, '.', ''), '0')) <= 15);
  create domain role as text check (value in ('VIEWER', 'ACCOUNTANT', 'ADMIN'));
`;

/**
 * These few small rows stand apart from the tables of the tenants: a request names its key, its user or the organization's public id before the
 * organization's number is known. So they are found by a value that is unique in the whole database, and are never partitioned.
 */
const ACCESS = `
  create table organizations (
    -- A number of this database alone: nobody outside sees it.
    id bigint generated always as identity primary key,
    public_id text not null unique check (public_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    name text not null,
    base_currency currency_code not null,
    time_zone text not null,
    lock_date date,
    -- Whether refunds may be paid from credit-card accounts.
    credit_card_refunds boolean not null default false,
    -- What the body of a refund over REST may be; null: what the gateway is configured for.
    rest_contract text check (rest_contract in ('documented', 'observed')),
    -- When an operator froze the organization, because it moves to another database: see freezeRules.
    frozen_at timestamptz,
    -- The first id in each of the organization's tables. Two organizations hardly ever have the same ids, so that a program which mixes up
    -- their keys finds nothing. Clients with 32-bit integers can hold all ids.
    first_id bigint not null default floor(random() * 999999999)::bigint + 1 check (first_id between 1 and 999999999),
    created_at timestamptz not null default now(),
    constraint organizations_name_tidy check (is_tidy(name)),
    -- PostgreSQL would accept an offset too, but reads its sign inverted.
    constraint organizations_time_zone_named check (time_zone ~ '^[A-Za-z]'),
    ${finite('organizations', { dates: ['lock_date'] })}
  );
  create unique index organizations_public_id_unique on organizations (lower(public_id));

  create table users (
    id bigint generated always as identity primary key,
    subject text not null unique,
    name text not null,
    created_at timestamptz not null default now(),
    constraint users_name_tidy check (is_tidy(name))
  );

  create table memberships (
    organization_id bigint not null references organizations,
    user_id bigint not null references users,
    role role not null,
    ended_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (organization_id, user_id)
  );

  create table api_keys (
    id bigint not null,
    organization_id bigint not null references organizations,
    name text not null,
    role role not null,
    prefix text not null,
    hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)
  );

  -- Counts of requests per caller in the present window, for gateways that share their rate limits. The counts have no value after a crash, so the
  -- table is not in the write-ahead log. Half of each page stays free for HOT updates.
  create unlogged table rate_limits (
    key text primary key,
    count integer not null check (count > 0),
    ends_at timestamptz not null
  ) with (fillfactor = 50);
`;

/** Accounts, branches and customers. */
function records(): string {
  return `
  ${tenantTable(
    'accounts',
    `
    id bigint not null,
    organization_id bigint not null references organizations,
    code text not null,
    name text not null,
    type text not null check (type in ('cash', 'bank', 'accounts-receivable', 'inventory', 'other-current-asset', 'fixed-asset',
      'none-current-asset', 'accounts-payable', 'credit-card', 'tax-payable', 'other-current-liability', 'long-term-liability',
      'non-current-liability', 'equity', 'income', 'other-income', 'cost-of-goods-sold', 'expense', 'other-expense')),
    currency_code currency_code not null,
    active boolean not null default true,
    system_role text check (system_role in ('accounts-receivable', 'fx-gain-loss', 'rounding')),
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, system_role),
    -- The service posts to these by itself.
    constraint accounts_system_active check (active or system_role is null),
    constraint accounts_code_tidy check (is_tidy(code)),
    constraint accounts_name_tidy check (is_tidy(name))`,
  )}
  create unique index accounts_code_unique on accounts (organization_id, as_read(code));

  ${tenantTable(
    'branches',
    `
    id bigint not null,
    organization_id bigint not null references organizations,
    code text not null,
    name text not null,
    is_primary boolean not null default false,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint branches_primary_active check (active or not is_primary),
    constraint branches_code_tidy check (is_tidy(code)),
    constraint branches_name_tidy check (is_tidy(name))`,
  )}
  create unique index branches_code_unique on branches (organization_id, as_read(code));
  create unique index branches_one_primary on branches (organization_id) where is_primary;

  ${tenantTable(
    'customers',
    `
    id bigint not null,
    organization_id bigint not null references organizations,
    display_name text not null,
    email text,
    currency_code currency_code not null,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint customers_name_tidy check (is_tidy(display_name))`,
  )}
`;
}

/** A table whose rows refer to another row of the organization refers to the organization by that row. To an entry, a row of its document refers. */
function journal(): string {
  return `
  ${tenantTable(
    'journal_entries',
    `
    id bigint not null,
    organization_id bigint not null,
    posting_date date not null,
    source text not null check (source = any ('{CREDIT_NOTE,REFUND,REVERSAL,CANCELLATION,OPENING}')),
    memo text not null,
    reversal_of_id bigint,
    -- The transaction that posts the entry. Only this one adds lines: see posted_now.
    xid xid8 not null default pg_current_xact_id(),
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, reversal_of_id),
    foreign key (organization_id, reversal_of_id) references journal_entries,
    constraint journal_entries_reversal_has_original check ((source = 'REVERSAL') = (reversal_of_id is not null)),
    -- A little wider than the limit of the gateway, which counts up to 366 days in the organization's time zone.
    constraint journal_entries_not_years_ahead check (posting_date <= (created_at at time zone 'UTC')::date + 368),
    ${finite('journal_entries', { dates: ['posting_date'] })}`,
  )}

  ${tenantTable(
    'journal_lines',
    `
    id bigint not null,
    organization_id bigint not null,
    journal_entry_id bigint not null,
    posting_date date not null,
    side text not null check (side = any ('{DEBIT,CREDIT}')),
    account_id bigint not null,
    customer_id bigint,
    branch_id bigint,
    amount numeric(30, 4) not null check (amount >= '0'),
    foreign_amount numeric(19, 4) check (foreign_amount > '0'),
    foreign_currency_code currency_code,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    -- The entry's document refers to the account, the customer and the branch, and each line is compared with it: see journalRules. Foreign keys of
    -- their own would cost each line more than its indexes.
    foreign key (organization_id, journal_entry_id) references journal_entries,
    -- A small foreign amount may be worth less than the smallest unit of the base currency.
    constraint journal_lines_not_zero check (amount > '0' or foreign_amount is not null),
    constraint journal_lines_foreign_has_currency check ((foreign_amount is null) = (foreign_currency_code is null)),
    constraint journal_lines_foreign_digits check (foreign_amount = round(foreign_amount, currency_digits(foreign_currency_code))),
    ${finite('journal_lines', { dates: ['posting_date'], numbers: ['amount', "coalesce(foreign_amount, '0')"] })}`,
  )}
  create index journal_lines_entry on journal_lines (organization_id, journal_entry_id, id);
  create index journal_lines_account on journal_lines (organization_id, account_id, id) include (posting_date, side, amount);
  create index journal_lines_customer on journal_lines (organization_id, customer_id, id) include (side, amount) where customer_id is not null;

  -- Sums of an account's lines of a day, a month or a year, for all lines up to the organization's watermark. A balance is these sums and the lines
  -- after the watermark, so that it costs the same with a million lines, and with many years of them. The audit compares the sums with the lines.
  ${tenantTable(
    'balance_snapshots',
    `
    organization_id bigint not null,
    account_id bigint not null,
    period text not null check (period = any ('{DAY,MONTH,YEAR}')),
    first_day date not null,
    debits numeric not null check (debits >= 0),
    credits numeric not null check (credits >= 0),
    -- In the account's currency, where it is not the base currency.
    foreign_debits numeric not null check (foreign_debits >= 0),
    foreign_credits numeric not null check (foreign_credits >= 0),
    primary key (organization_id, account_id, period, first_day),
    foreign key (organization_id, account_id) references accounts,
    constraint balance_snapshots_first_day check (first_day = date_trunc(lower(period), first_day::timestamp)),
    ${finite('balance_snapshots', { dates: ['first_day'], numbers: ['debits', 'credits', 'foreign_debits', 'foreign_credits'] })}`,
  )}
  -- The same of a customer's lines on the receivable, of all days.
  ${tenantTable(
    'customer_balance_snapshots',
    `
    organization_id bigint not null,
    customer_id bigint not null,
    debits numeric not null check (debits >= 0),
    credits numeric not null check (credits >= 0),
    primary key (organization_id, customer_id),
    foreign key (organization_id, customer_id) references customers,
    ${finite('customer_balance_snapshots', { numbers: ['debits', 'credits'] })}`,
  )}
  ${tenantTable(
    'balance_watermarks',
    `
    organization_id bigint primary key references organizations,
    line_id bigint not null`,
  )}
`;
}

function creditNotes(): string {
  return `
  ${tenantTable(
    'credit_notes',
    `
    id bigint not null,
    organization_id bigint not null,
    number text not null check (char_length(number) between 1 and 255),
    customer_id bigint not null,
    branch_id bigint not null,
    date date not null,
    currency_code currency_code not null,
    exchange_rate exchange_rate not null,
    total numeric(19, 4) not null check (total > '0'),
    refunded numeric(19, 4) not null default 0,
    refunded_base numeric(30, 4) not null default 0,
    applied numeric(19, 4) not null default 0,
    realized_gain numeric(30, 4) not null default 0,
    unrounded_gain numeric not null default 0,
    cancelled numeric(19, 4) not null default 0,
    cancelled_base numeric(30, 4) not null default 0,
    reference_no text not null check (char_length(reference_no) <= 255),
    note text not null check (char_length(note) <= 4000),
    opened_at timestamptz,
    voided_at timestamptz,
    journal_entry_id bigint,
    void_entry_id bigint,
    -- The same rule as statusOf in credit-note-state.ts, for an index. A refund that does not close the note leaves it, so that its update stays HOT.
    status text not null generated always as (
      case when voided_at is not null then 'VOID' when opened_at is null then 'DRAFT' when refunded + applied + cancelled = total then 'CLOSED' else 'OPEN' end
    ) stored,
    -- Whether an import has taken the note over from another system. created_by has the name of whoever makes a note here, which may be any.
    imported boolean not null default false,
    created_by text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, journal_entry_id),
    unique (organization_id, void_entry_id),
    foreign key (organization_id, customer_id) references customers,
    foreign key (organization_id, branch_id) references branches,
    foreign key (organization_id, journal_entry_id) references journal_entries,
    foreign key (organization_id, void_entry_id) references journal_entries,
    constraint credit_notes_never_negative check (least(refunded, refunded_base, applied, cancelled, cancelled_base) >= '0'),
    -- A draft and a void note have no refunds.
    constraint credit_notes_never_over_refunded
      check (refunded + applied + cancelled <= case when opened_at is null or voided_at is not null then '0' else total end),
    constraint credit_notes_total_digits check (total = round(total, currency_digits(currency_code))),
    constraint credit_notes_opened_with_entry check ((opened_at is null) = (journal_entry_id is null)),
    -- A draft is voided without an entry, since it has none to reverse.
    constraint credit_notes_voided_with_entry check ((void_entry_id is not null) = (voided_at is not null and opened_at is not null)),
    -- The other numbers are at most the total.
    ${finite('credit_notes', {
      dates: ['date'],
      numbers: ['exchange_rate', 'total', 'refunded_base', 'realized_gain', 'unrounded_gain', 'cancelled_base'],
    })}`,
    // Refunds change their notes, in an import each of them once.
    { fillfactor: 50 },
  )}
  create unique index credit_notes_number_unique on credit_notes (organization_id, as_read(number));

  -- The number that the next credit note without one of its own gets. Not in organizations: every refund looks at those.
  ${tenantTable(
    'credit_note_counters',
    `
    organization_id bigint primary key references organizations,
    next bigint not null check (next > 0)`,
  )}

  ${tenantTable(
    'credit_note_lines',
    `
    id bigint not null,
    organization_id bigint not null,
    -- Null for a line that an edit of its draft has replaced. Rows are not deleted, since their ids would be drawn again.
    credit_note_id bigint,
    account_id bigint not null,
    description text not null check (char_length(description) <= 1000),
    -- A negative line, such as a restocking fee, keeps a part of what the others credit.
    amount numeric(19, 4) not null check (amount <> 0),
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, credit_note_id) references credit_notes,
    foreign key (organization_id, account_id) references accounts,
    ${finite('credit_note_lines', { numbers: ['amount'] })}`,
  )}
  create index credit_note_lines_credit_note on credit_note_lines (organization_id, credit_note_id, id);
`;
}

/** The author of a row and the request that made it. */
const PROVENANCE = `
    created_by text not null,
    user_id bigint,
    api_key_id bigint,
    request_id text not null,
    trace_id text,
    client_name text,
    client_version text,
    operation_name text,
    protocol text not null check (protocol = any ('{GRAPHQL,REST,INTERNAL,IMPORT}')),
    ip text`;

function refunds(): string {
  return `
  ${tenantTable(
    'refunds',
    `
    id bigint not null,
    organization_id bigint not null,
    credit_note_id bigint not null,
    from_account_id bigint not null,
    branch_id bigint not null,
    amount numeric(19, 4) not null check (amount > '0'),
    currency_code currency_code not null,
    exchange_rate exchange_rate not null,
    settled_amount numeric(30, 4) not null,
    paid_amount numeric(30, 4) not null,
    realized_gain numeric(30, 4) not null default 0,
    date date not null,
    -- Null: the refund was made without one.
    reference_no text check (char_length(reference_no) <= 255),
    description text check (char_length(description) <= 1000),
    journal_entry_id bigint not null,${PROVENANCE},
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, journal_entry_id),
    foreign key (organization_id, credit_note_id) references credit_notes,
    foreign key (organization_id, from_account_id) references accounts,
    foreign key (organization_id, branch_id) references branches,
    foreign key (organization_id, journal_entry_id) references journal_entries,
    foreign key (organization_id, user_id) references memberships,
    foreign key (organization_id, api_key_id) references api_keys,
    constraint refunds_never_negative check (least(settled_amount, paid_amount) >= '0'),
    constraint refunds_amount_digits check (amount = round(amount, currency_digits(currency_code))),
    -- Who made a refund that was imported is known only to the system that it comes from.
    constraint refunds_one_author check (num_nonnulls(user_id, api_key_id) = (protocol <> 'IMPORT')::integer),
    ${finite('refunds', {
      dates: ['date'],
      numbers: ['amount', 'exchange_rate', 'settled_amount', 'paid_amount', 'realized_gain'],
    })}`,
  )}
  create index refunds_credit_note on refunds (organization_id, credit_note_id, id);
  -- A possible duplicate is the newest refund of its note that looks the same.
  create index refunds_duplicates on refunds (organization_id, credit_note_id, (coalesce(reference_no, '')), amount, created_at);

  ${tenantTable(
    'refund_reversals',
    `
    id bigint not null,
    organization_id bigint not null,
    refund_id bigint not null,
    journal_entry_id bigint not null,
    date date not null,
    reason text not null check (char_length(reason) <= 1000),${PROVENANCE},
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, refund_id),
    unique (organization_id, journal_entry_id),
    foreign key (organization_id, refund_id) references refunds,
    foreign key (organization_id, journal_entry_id) references journal_entries,
    foreign key (organization_id, user_id) references memberships,
    foreign key (organization_id, api_key_id) references api_keys,
    constraint refund_reversals_one_author check (num_nonnulls(user_id, api_key_id) = 1),
    ${finite('refund_reversals', { dates: ['date'] })}`,
  )}
`;
}

/** Cancellations of what remains of a credit note. */
function cancellations(): string {
  return `
  ${tenantTable(
    'credit_note_cancellations',
    `
    id bigint not null,
    organization_id bigint not null,
    credit_note_id bigint not null,
    journal_entry_id bigint not null,
    amount numeric(19, 4) not null check (amount > 0),
    base_amount numeric(30, 4) not null check (base_amount >= 0),
    date date not null,
    reason text not null check (char_length(reason) <= 1000),${PROVENANCE},
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, journal_entry_id),
    foreign key (organization_id, credit_note_id) references credit_notes,
    foreign key (organization_id, journal_entry_id) references journal_entries,
    foreign key (organization_id, user_id) references memberships,
    foreign key (organization_id, api_key_id) references api_keys,
    constraint credit_note_cancellations_one_author check (num_nonnulls(user_id, api_key_id) = 1),
    ${finite('credit_note_cancellations', { dates: ['date'], numbers: ['amount', 'base_amount'] })}`,
  )}
  create index credit_note_cancellations_credit_note on credit_note_cancellations (organization_id, credit_note_id, id);
`;
}

/** What a command records beside its rows. */
function unitsOfWork(): string {
  return `
  ${tenantTable(
    'idempotency_keys',
    `
    organization_id bigint not null references organizations,
    key text not null check (char_length(key) between 1 and 255),
    fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
    time_zone text not null,
    result_id bigint not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, key)`,
  )}
  create index idempotency_keys_age on idempotency_keys (organization_id, created_at);

  ${tenantTable(
    'audit_events',
    `
    id bigint not null,
    organization_id bigint not null references organizations,
    action text not null,
    details jsonb not null,
    created_by text not null,
    request_id text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)`,
  )}
  -- Who still uses REST: see RestUsageCounts. The primary key needs one column for the caller.
  ${tenantTable(
    'rest_usage',
    `
    organization_id bigint not null references organizations,
    day date not null,
    route text not null check (char_length(route) between 1 and 255),
    api_key_id bigint,
    user_id bigint,
    caller text not null generated always as (coalesce('key ' || api_key_id, 'user ' || user_id)) stored,
    requests bigint not null check (requests > 0),
    primary key (organization_id, day, route, caller),
    foreign key (organization_id, api_key_id) references api_keys,
    foreign key (organization_id, user_id) references memberships,
    constraint rest_usage_one_caller check ((api_key_id is null) <> (user_id is null)),
    ${finite('rest_usage', { dates: ['day'] })}`,
  )}

  create index audit_events_locks on audit_events (organization_id, id) where action in ('lockTransactions', 'unlockTransactions');
  create index audit_events_references on audit_events (organization_id, (details ->> 'refundId'), id) where action = 'addRefundReference';
`;
}

/** Rows that are neither changed nor deleted, and rows that are only not deleted. Otherwise an id that was drawn could be drawn again. */
const NEVER_DELETED = `
  create function refuse_change() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'rows of % are never changed or deleted', tg_argv[0] using errcode = 'restrict_violation';
  end
  $$;
  ${['journal_entries', 'journal_lines', 'refunds', 'refund_reversals', 'credit_note_cancellations', 'audit_events']
    .map(
      (table) => `create trigger append_only before update or delete or truncate on ${table}
    for each statement execute function refuse_change('${table}');`,
    )
    .join('\n  ')}
  create trigger append_only before delete or truncate on credit_note_lines
    for each statement execute function refuse_change('credit_note_lines');

  create function refuse_deletion() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'rows of % are never deleted', tg_argv[0] using errcode = 'restrict_violation';
  end
  $$;
  ${['organizations', 'users', 'memberships', 'api_keys', 'accounts', 'branches', 'customers', 'credit_notes']
    .map(
      (table) => `create trigger never_deleted before delete or truncate on ${table}
    for each statement execute function refuse_deletion('${table}');`,
    )
    .join('\n  ')}

  -- Lines of the journal name these records without foreign keys.
  create function id_stays() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'a row of % keeps its id and its organization', tg_argv[0] using errcode = 'restrict_violation';
  end
  $$;
  ${['accounts', 'branches', 'customers']
    .map(
      (table) => `create trigger id_stays before update of id, organization_id on ${table}
    for each row when ((new.id, new.organization_id) is distinct from (old.id, old.organization_id))
    execute function id_stays('${table}');`,
    )
    .join('\n  ')}
`;

/**
 * Returns a constraint against NaN and infinity. PostgreSQL sorts NaN above all numbers, so checks such as "amount > 0" accept it. A sum is finite
 * only if each of its terms is.
 *
 * @param numbers columns or expressions that are never null
 */
function finite(table: string, { dates = [], numbers = [] }: { dates?: readonly string[]; numbers?: readonly string[] }): string {
  const conditions = dates.map((column) => `isfinite(${column})`);
  if (numbers.length > 0) conditions.push(`abs(${numbers.join(' + ')}) < 'Infinity'`);
  return `constraint ${table}_finite check (${conditions.join(' and ')})`;
}
