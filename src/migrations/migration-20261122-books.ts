import { Migration } from '@mikro-orm/migrations';

/**
 * The books: organizations and what they own, and the rules that hold whoever writes to the tables.
 *
 * Each rule stands in the entities too, for the message. Here it stands for the truth: a statement that breaks one is
 * refused by the database, also when it comes from psql.
 */
export class Migration20261122Books extends Migration {
  override up(): void {
    this.addSql(DOMAINS);
    this.addSql(TABLES);
    this.addSql(APPEND_ONLY);
    this.addSql(BALANCE);
    this.addSql(CREDIT_NOTES);
    this.addSql(REFUNDS);
  }

  /** Books are never taken away again. */
  override down(): void {
    throw new Error('the first migration cannot be undone');
  }
}

const DOMAINS = `
  create domain currency_code as text check (value ~ '^[A-Z]{3}$');
  create domain exchange_rate as numeric(20, 10) check (value > 0);
  create domain role as text check (value in ('VIEWER', 'ACCOUNTANT', 'ADMIN'));

  -- ISO 4217 of 2024-06-25: the currencies that do not have two decimals. A test compares it with the library's list.
  create function currency_digits(code text) returns integer language sql immutable parallel safe as $$
    select case
      when code in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
                    'XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XOF', 'XPD', 'XPF', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX') then 0
      when code in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
      when code in ('CLF', 'UYW') then 4
      else 2
    end
  $$;
`;

const TABLES = `
  create table organizations (
    id bigint generated always as identity primary key,
    public_id text not null unique check (public_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    name text not null,
    base_currency currency_code not null,
    time_zone text not null,
    lock_date date,
    created_at timestamptz not null default now()
  );

  create table users (
    id bigint generated always as identity primary key,
    subject text not null unique,
    name text not null,
    created_at timestamptz not null default now()
  );

  create table memberships (
    organization_id bigint not null references organizations,
    user_id bigint not null references users,
    role role not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, user_id)
  );

  create table api_keys (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    name text not null,
    role role not null,
    prefix text not null,
    hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null default now(),
    unique (organization_id, id)
  );

  create table accounts (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    code text not null,
    name text not null,
    type text not null check (type in ('cash', 'bank', 'accounts-receivable', 'inventory', 'other-current-asset', 'fixed-asset',
      'none-current-asset', 'accounts-payable', 'credit-card', 'tax-payable', 'other-current-liability', 'long-term-liability',
      'non-current-liability', 'equity', 'income', 'other-income', 'cost-of-goods-sold', 'expense', 'other-expense')),
    currency_code currency_code not null,
    active boolean not null default true,
    system_role text check (system_role in ('accounts-receivable', 'fx-gain-loss')),
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    constraint accounts_code_unique unique (organization_id, code),
    unique (organization_id, system_role)
  );

  create table branches (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    code text not null,
    name text not null,
    is_primary boolean not null default false,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    constraint branches_code_unique unique (organization_id, code)
  );
  create unique index branches_one_primary on branches (organization_id) where is_primary;

  create table customers (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    display_name text not null,
    email text,
    currency_code currency_code not null,
    created_at timestamptz not null default now(),
    unique (organization_id, id)
  );

  create table journal_entries (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    posting_date date not null,
    source text not null check (source in ('CREDIT_NOTE', 'REFUND')),
    memo text not null,
    -- The transaction that made it: lines are added in that one, and never later.
    xid xid8 not null default pg_current_xact_id(),
    created_at timestamptz not null default now(),
    unique (organization_id, id)
  );

  create table journal_lines (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    journal_entry_id bigint not null,
    posting_date date not null,
    side text not null check (side in ('DEBIT', 'CREDIT')),
    account_id bigint not null,
    customer_id bigint,
    branch_id bigint,
    amount numeric(30, 4) not null check (amount >= 0),
    foreign_amount numeric(19, 4) check (foreign_amount > 0),
    foreign_currency_code currency_code,
    created_at timestamptz not null default now(),
    -- A small foreign amount may be worth less than the smallest unit of the base currency.
    check (amount > 0 or foreign_amount is not null),
    check ((foreign_amount is null) = (foreign_currency_code is null)),
    check (foreign_amount = round(foreign_amount, currency_digits(foreign_currency_code))),
    foreign key (organization_id, journal_entry_id) references journal_entries (organization_id, id),
    foreign key (organization_id, account_id) references accounts (organization_id, id),
    foreign key (organization_id, customer_id) references customers (organization_id, id),
    foreign key (organization_id, branch_id) references branches (organization_id, id)
  );
  create index journal_lines_entry on journal_lines (journal_entry_id, id);
  create index journal_lines_account on journal_lines (organization_id, account_id, id) include (posting_date, side, amount);

  create table credit_notes (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    number text not null check (char_length(number) between 1 and 255),
    customer_id bigint not null,
    branch_id bigint not null,
    date date not null,
    currency_code currency_code not null,
    exchange_rate exchange_rate not null,
    total numeric(19, 4) not null check (total > 0),
    refunded numeric(19, 4) not null default 0 check (refunded >= 0),
    refunded_base numeric(30, 4) not null default 0 check (refunded_base >= 0),
    applied numeric(19, 4) not null default 0 check (applied >= 0),
    reference_no text not null check (char_length(reference_no) <= 255),
    note text not null check (char_length(note) <= 4000),
    opened_at timestamptz,
    voided_at timestamptz,
    journal_entry_id bigint unique,
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    constraint credit_notes_number_unique unique (organization_id, number),
    constraint credit_notes_never_over_refunded check (refunded + applied <= total),
    check (total = round(total, currency_digits(currency_code))),
    check ((opened_at is null) = (journal_entry_id is null)),
    check (opened_at is not null or refunded + applied = 0),
    check (voided_at is null or refunded + applied = 0),
    foreign key (organization_id, customer_id) references customers (organization_id, id),
    foreign key (organization_id, branch_id) references branches (organization_id, id),
    foreign key (organization_id, journal_entry_id) references journal_entries (organization_id, id)
  );

  -- The number that the next credit note without one of its own gets. Not in organizations: every refund looks at those.
  create table credit_note_counters (
    organization_id bigint primary key references organizations,
    next bigint not null check (next > 0)
  );

  create table credit_note_lines (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    credit_note_id bigint not null,
    account_id bigint not null,
    description text not null check (char_length(description) <= 1000),
    amount numeric(19, 4) not null check (amount > 0),
    created_at timestamptz not null default now(),
    foreign key (organization_id, credit_note_id) references credit_notes (organization_id, id),
    foreign key (organization_id, account_id) references accounts (organization_id, id)
  );
  create index credit_note_lines_credit_note on credit_note_lines (credit_note_id, id);

  create table refunds (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    credit_note_id bigint not null,
    from_account_id bigint not null,
    branch_id bigint not null,
    amount numeric(19, 4) not null check (amount > 0),
    currency_code currency_code not null,
    exchange_rate exchange_rate not null,
    settled_amount numeric(30, 4) not null check (settled_amount >= 0),
    paid_amount numeric(30, 4) not null check (paid_amount >= 0),
    date date not null,
    reference_no text not null check (char_length(reference_no) <= 255),
    description text not null check (char_length(description) <= 1000),
    journal_entry_id bigint not null,
    created_by text not null,
    user_id bigint,
    api_key_id bigint,
    request_id text not null,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    unique (journal_entry_id),
    check (amount = round(amount, currency_digits(currency_code))),
    check (num_nonnulls(user_id, api_key_id) = 1),
    foreign key (organization_id, credit_note_id) references credit_notes (organization_id, id),
    foreign key (organization_id, from_account_id) references accounts (organization_id, id),
    foreign key (organization_id, branch_id) references branches (organization_id, id),
    foreign key (organization_id, journal_entry_id) references journal_entries (organization_id, id),
    foreign key (organization_id, user_id) references memberships (organization_id, user_id),
    foreign key (organization_id, api_key_id) references api_keys (organization_id, id)
  );
  create index refunds_credit_note on refunds (credit_note_id, id);

  create table idempotency_keys (
    organization_id bigint not null references organizations,
    key text not null check (char_length(key) between 1 and 255),
    fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
    result_id bigint not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, key)
  );
`;

const APPEND_ONLY = `
  create function refuse_change() returns trigger language plpgsql as $$
  begin
    raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
  end
  $$;

  create trigger append_only before update or delete or truncate on journal_entries for each statement execute function refuse_change();
  create trigger append_only before update or delete or truncate on journal_lines for each statement execute function refuse_change();
  create trigger append_only before update or delete or truncate on credit_note_lines for each statement execute function refuse_change();
  create trigger append_only before update or delete or truncate on refunds for each statement execute function refuse_change();
  create trigger never_deleted before delete or truncate on credit_notes for each statement execute function refuse_change();
`;

const BALANCE = `
  create function journal_entry_balances() returns trigger language plpgsql as $$
  declare
    entry_id bigint;
    difference numeric;
    dates_agree boolean;
    made_now boolean;
  begin
    if tg_table_name = 'journal_entries' then entry_id := new.id; else entry_id := new.journal_entry_id; end if;
    select sum(case line.side when 'DEBIT' then line.amount else -line.amount end), bool_and(line.posting_date = entry.posting_date),
        bool_and(entry.xid = pg_current_xact_id())
      into difference, dates_agree, made_now
      from journal_lines line join journal_entries entry on entry.id = line.journal_entry_id
      where line.journal_entry_id = entry_id;
    if not made_now then
      raise exception 'journal entry % is in the books and stays as it is', entry_id using errcode = 'restrict_violation';
    end if;
    if not dates_agree then
      raise exception 'a line of journal entry % has another posting date', entry_id using errcode = 'check_violation';
    end if;
    if difference is distinct from 0 then
      raise exception 'journal entry % does not balance: debits − credits = %', entry_id, difference using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create constraint trigger balances after insert on journal_entries
    deferrable initially deferred for each row execute function journal_entry_balances();
  create constraint trigger balances after insert on journal_lines
    deferrable initially deferred for each row execute function journal_entry_balances();
`;

const CREDIT_NOTES = `
  create function credit_note_guard() returns trigger language plpgsql as $$
  begin
    if new.exchange_rate <> 1 and new.currency_code = (select base_currency from organizations where id = new.organization_id) then
      raise exception 'a credit note in the base currency has the exchange rate 1' using errcode = 'check_violation';
    end if;
    if tg_op = 'INSERT' then
      if new.refunded <> 0 or new.refunded_base <> 0 then
        raise exception 'a new credit note has no refunds' using errcode = 'check_violation';
      end if;
      return new;
    end if;
    if (new.id, new.organization_id) is distinct from (old.id, old.organization_id)
      or (old.opened_at is not null
        and (new.number, new.customer_id, new.branch_id, new.date, new.currency_code, new.exchange_rate, new.total, new.opened_at, new.journal_entry_id)
          is distinct from (old.number, old.customer_id, old.branch_id, old.date, old.currency_code, old.exchange_rate, old.total, old.opened_at, old.journal_entry_id))
      or (old.voided_at is not null and new.voided_at is distinct from old.voided_at) then
      raise exception 'credit note % is in the books and stays as it is', old.id using errcode = 'restrict_violation';
    end if;
    -- Depth 2: this update was made by the trigger on refunds below.
    if (new.refunded, new.refunded_base) is distinct from (old.refunded, old.refunded_base) and pg_trigger_depth() < 2 then
      raise exception 'what is refunded of credit note % changes only with its refunds', old.id using errcode = 'restrict_violation';
    end if;
    return new;
  end
  $$;

  create trigger guard before insert or update on credit_notes for each row execute function credit_note_guard();

  create function credit_note_adds_up() returns trigger language plpgsql as $$
  declare
    note_id bigint;
  begin
    if tg_table_name = 'credit_notes' then note_id := new.id; else note_id := new.credit_note_id; end if;
    if (select total from credit_notes where id = note_id) is distinct from (select sum(amount) from credit_note_lines where credit_note_id = note_id) then
      raise exception 'the lines of credit note % do not add up to its total', note_id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create constraint trigger adds_up after insert or update of total on credit_notes
    deferrable initially deferred for each row execute function credit_note_adds_up();
  create constraint trigger adds_up after insert on credit_note_lines
    deferrable initially deferred for each row execute function credit_note_adds_up();

  -- What an entry did to an account or to the receivable: debits − credits, in the base currency.
  create function booked(entry_id bigint, on_account bigint) returns numeric language sql stable as $$
    select coalesce(sum(case side when 'DEBIT' then amount else -amount end), 0) from journal_lines
    where journal_entry_id = entry_id and account_id = on_account
  $$;
  create function receivable(of_organization bigint) returns bigint language sql stable as $$
    select id from accounts where organization_id = of_organization and system_role = 'accounts-receivable'
  $$;

  create function credit_note_is_booked() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from journal_entries entry join organizations organization on organization.id = entry.organization_id
      where entry.id = new.journal_entry_id and entry.source = 'CREDIT_NOTE' and entry.posting_date = new.date
        and booked(entry.id, receivable(entry.organization_id))
          = -round(new.total * new.exchange_rate, currency_digits(organization.base_currency))
    ) then
      raise exception 'credit note % is not what its journal entry says', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create constraint trigger booked_on_insert after insert on credit_notes
    deferrable initially deferred for each row when (new.journal_entry_id is not null) execute function credit_note_is_booked();
  create constraint trigger booked_on_update after update on credit_notes
    deferrable initially deferred for each row when (new.journal_entry_id is distinct from old.journal_entry_id)
    execute function credit_note_is_booked();
`;

/**
 * A refund raises what is refunded of its note here, in the same statement: nobody can insert one without spending the
 * credit, and the note's own checks refuse what it does not have.
 */
const REFUNDS = `
  create function refunds_spend_credit() returns trigger language plpgsql as $$
  declare
    offender bigint;
  begin
    select refund.id into offender
    from inserted refund
      join credit_notes note on note.id = refund.credit_note_id
      join organizations organization on organization.id = refund.organization_id
      join accounts account on account.id = refund.from_account_id
    where note.opened_at is null
      or note.voided_at is not null
      or refund.currency_code <> note.currency_code
      or (note.currency_code = organization.base_currency and refund.exchange_rate <> 1)
      or refund.date < note.date
      or refund.date <= organization.lock_date
      or not account.active
      or account.type not in ('bank', 'cash', 'fixed-asset')
      or account.currency_code not in (note.currency_code, organization.base_currency)
    limit 1;
    if found then
      raise exception 'refund % breaks a rule of refunding', offender using errcode = 'check_violation';
    end if;

    update credit_notes note
    set refunded = note.refunded + spent.amount, refunded_base = note.refunded_base + spent.settled_amount
    from (
      select credit_note_id, sum(amount) as amount, sum(settled_amount) as settled_amount from inserted group by credit_note_id
    ) spent
    where note.id = spent.credit_note_id;
    return null;
  end
  $$;

  create trigger spend_credit after insert on refunds
    referencing new table as inserted for each statement execute function refunds_spend_credit();

  create function refund_is_booked() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from journal_entries entry
        join organizations organization on organization.id = entry.organization_id
        join credit_notes note on note.id = new.credit_note_id
      where entry.id = new.journal_entry_id and entry.source = 'REFUND' and entry.posting_date = new.date
        and booked(entry.id, receivable(entry.organization_id)) = new.settled_amount
        and booked(entry.id, new.from_account_id) = -new.paid_amount
        and new.paid_amount = round(new.amount * new.exchange_rate, currency_digits(organization.base_currency))
        and (note.currency_code <> organization.base_currency or new.settled_amount = new.amount)
    ) then
      raise exception 'refund % is not what its journal entry says', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create constraint trigger booked after insert on refunds
    deferrable initially deferred for each row execute function refund_is_booked();
`;
