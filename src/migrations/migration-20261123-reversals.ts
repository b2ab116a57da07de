import { Migration } from '@mikro-orm/migrations';

/** Reversals instead of deletions, where a refund came from, the audit trail, and what the gateway may sweep. */
export class Migration20261123Reversals extends Migration {
  override up(): void {
    this.addSql(JOURNAL);
    this.addSql(TABLES);
    this.addSql(RULES);
    this.addSql(SEARCH_PATH);
  }

  /** Books are never taken away again. */
  override down(): void {
    throw new Error('reversals cannot be undone');
  }
}

const JOURNAL = `
  alter table journal_entries drop constraint journal_entries_source_check;
  alter table journal_entries add constraint journal_entries_source_check check (source in ('CREDIT_NOTE', 'REFUND', 'REVERSAL'));
  alter table journal_entries add column reversal_of_id bigint unique;
  alter table journal_entries add foreign key (organization_id, reversal_of_id) references journal_entries (organization_id, id);
  alter table journal_entries add check ((source = 'REVERSAL') = (reversal_of_id is not null));
  create index journal_lines_customer on journal_lines (organization_id, customer_id) include (side, amount) where customer_id is not null;
`;

const TABLES = `
  alter table refunds
    add column trace_id text,
    add column client_name text,
    add column client_version text,
    add column operation_name text,
    add column protocol text not null default 'INTERNAL' check (protocol in ('GRAPHQL', 'REST', 'INTERNAL')),
    add column ip text;
  alter table refunds alter column protocol drop default;

  create table refund_reversals (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    refund_id bigint not null unique,
    journal_entry_id bigint not null unique,
    date date not null,
    reason text not null check (char_length(reason) <= 1000),
    created_by text not null,
    user_id bigint,
    api_key_id bigint,
    request_id text not null,
    trace_id text,
    client_name text,
    client_version text,
    operation_name text,
    protocol text not null check (protocol in ('GRAPHQL', 'REST', 'INTERNAL')),
    ip text,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    check (num_nonnulls(user_id, api_key_id) = 1),
    foreign key (organization_id, refund_id) references refunds (organization_id, id),
    foreign key (organization_id, journal_entry_id) references journal_entries (organization_id, id),
    foreign key (organization_id, user_id) references memberships (organization_id, user_id),
    foreign key (organization_id, api_key_id) references api_keys (organization_id, id)
  );

  alter table credit_notes add column void_entry_id bigint unique;
  alter table credit_notes add foreign key (organization_id, void_entry_id) references journal_entries (organization_id, id);
  -- A draft is voided without an entry, since it has none to reverse.
  alter table credit_notes add check ((void_entry_id is not null) = (voided_at is not null and opened_at is not null));

  -- Sums of an account's lines of a day, for all lines up to the organization's watermark. Balances are these and the lines
  -- after it, so that they cost the same with a million lines; a proof compares them with the lines.
  create table balance_snapshots (
    organization_id bigint not null references organizations,
    account_id bigint not null,
    posting_date date not null,
    debits numeric not null check (debits >= 0),
    credits numeric not null check (credits >= 0),
    primary key (organization_id, account_id, posting_date),
    foreign key (organization_id, account_id) references accounts (organization_id, id)
  );
  create table balance_watermarks (
    organization_id bigint primary key references organizations,
    line_id bigint not null
  );

  create table audit_events (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations,
    action text not null,
    details jsonb not null,
    created_by text not null,
    request_id text not null,
    created_at timestamptz not null default now(),
    unique (organization_id, id)
  );

  create index idempotency_keys_age on idempotency_keys (created_at);
  -- A possible duplicate is the newest refund of its note that looks the same.
  create index refunds_duplicates on refunds (credit_note_id, created_at);
`;

const RULES = `
  create trigger append_only before update or delete or truncate on refund_reversals for each statement execute function refuse_change();
  create trigger append_only before update or delete or truncate on audit_events for each statement execute function refuse_change();

  create function reversals_give_credit_back() returns trigger language plpgsql as $$
  declare
    offender bigint;
  begin
    select reversal.id into offender
    from inserted reversal
      join refunds refund on refund.id = reversal.refund_id
      join journal_entries entry on entry.id = reversal.journal_entry_id
      join organizations organization on organization.id = reversal.organization_id
    where entry.reversal_of_id is distinct from refund.journal_entry_id
      or entry.posting_date <> reversal.date
      or reversal.date < refund.date
      or reversal.date <= organization.lock_date
    limit 1;
    if found then
      raise exception 'reversal % breaks a rule of reversing', offender using errcode = 'check_violation';
    end if;

    update credit_notes note
    set refunded = note.refunded - given_back.amount, refunded_base = note.refunded_base - given_back.settled_amount
    from (
      select refund.credit_note_id, sum(refund.amount) as amount, sum(refund.settled_amount) as settled_amount
      from inserted reversal join refunds refund on refund.id = reversal.refund_id group by refund.credit_note_id
    ) given_back
    where note.id = given_back.credit_note_id;
    return null;
  end
  $$;

  create trigger give_credit_back after insert on refund_reversals
    referencing new table as inserted for each statement execute function reversals_give_credit_back();

  create function entry_mirrors() returns trigger language plpgsql as $$
  begin
    if exists (
      select from journal_lines where journal_entry_id in (new.id, new.reversal_of_id)
      group by account_id, customer_id, branch_id, foreign_currency_code
      having sum(case side when 'DEBIT' then amount else -amount end) <> 0
        or sum(case side when 'DEBIT' then foreign_amount else -foreign_amount end) <> 0
    ) then
      raise exception 'journal entry % is no mirror of entry %', new.id, new.reversal_of_id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create function void_entry_mirrors() returns trigger language plpgsql as $$
  begin
    if new.journal_entry_id is distinct from (select reversal_of_id from journal_entries where id = new.void_entry_id) then
      raise exception 'credit note % is voided by an entry that is not its mirror', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create constraint trigger void_mirrors after update on credit_notes
    deferrable initially deferred for each row when (new.void_entry_id is distinct from old.void_entry_id)
    execute function void_entry_mirrors();
  create constraint trigger mirrors after insert on journal_entries
    deferrable initially deferred for each row when (new.reversal_of_id is not null) execute function entry_mirrors();
`;

/** What guards the books looks at the books: nothing that a session puts before them in its search path. */
const SEARCH_PATH = `
  do $$
  declare
    guard regprocedure;
  begin
    -- currency_digits looks at no table, and is part of checks: it stays as fast as it is.
    for guard in select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and proname <> 'currency_digits' loop
      execute format('alter function %s set search_path = public, pg_temp', guard);
    end loop;
  end
  $$;
`;
