import { importedIn, onceForImport } from './ids.js';
import { differing, FOR_ANY_SIZE, newer, newestOlder } from './journal.js';

/** A credit note adds up, is posted as it is, and stays so. */
export function creditNoteRules(): string {
  return [GUARDS, TIMES, LINES, ENTRIES, CANCELLATIONS].join('\n');
}

const GUARDS = `
  create function new_note_guard() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'a new credit note has no refunds and no cancellations' using errcode = 'check_violation';
  end
  $$;
  create trigger guard_on_insert before insert on credit_notes for each row
    when (new.refunded <> 0 or new.refunded_base <> 0 or new.cancelled <> 0 or new.cancelled_base <> 0)
    execute function new_note_guard();

  create function only_imports_take_notes_over() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'only an import takes credit notes over' using errcode = 'insufficient_privilege';
  end
  $$;
  create trigger only_imports_take_over before insert on credit_notes
    for each row when (new.imported and not is_being_imported(new.organization_id)) execute function only_imports_take_notes_over();

  create function note_rate_guard() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.currency_code = (select base_currency from organizations where id = new.organization_id) then
      raise exception 'a credit note in the base currency has the exchange rate 1' using errcode = 'check_violation';
    end if;
    return new;
  end
  $$;
  create trigger rate_guard before insert or update of exchange_rate, currency_code on credit_notes
    for each row when (new.exchange_rate <> 1) execute function note_rate_guard();

  -- Each refund updates its note. Triggers of other columns cost it nothing, whereas PostgreSQL plans a condition for each statement anew.
  create function credit_note_stays() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'credit note % is no draft and stays as it is', old.id using errcode = 'restrict_violation';
  end
  $$;
  create trigger guard before update of id, organization_id, imported, opened_at, journal_entry_id, number, customer_id, branch_id, date, currency_code,
    exchange_rate, total, reference_no, note, voided_at on credit_notes for each row when (
    (new.id, new.organization_id, new.imported) is distinct from (old.id, old.organization_id, old.imported)
    or (old.opened_at is not null and (new.opened_at, new.journal_entry_id) is distinct from (old.opened_at, old.journal_entry_id))
    or ((old.opened_at is not null or old.voided_at is not null)
      and (new.number, new.customer_id, new.branch_id, new.date, new.currency_code, new.exchange_rate, new.total, new.reference_no, new.note)
        is distinct from (old.number, old.customer_id, old.branch_id, old.date, old.currency_code, old.exchange_rate, old.total, old.reference_no, old.note))
    or (old.voided_at is not null and new.voided_at is distinct from old.voided_at)
  ) execute function credit_note_stays();

  create function credit_note_is_spent_by_documents() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if (new.refunded, new.refunded_base, new.cancelled, new.cancelled_base)
      is distinct from (old.refunded, old.refunded_base, old.cancelled, old.cancelled_base) then
      raise exception 'what is refunded of credit note % changes only with its refunds, and what is cancelled with its cancellations', old.id using errcode = 'restrict_violation';
    end if;
    if (new.realized_gain, new.unrounded_gain) is distinct from (old.realized_gain, old.unrounded_gain) then
      raise exception 'the realized gain of credit note % changes only with its refunds', new.id using errcode = 'restrict_violation';
    end if;
    return new;
  end
  $$;
  -- A depth of 1 means that a trigger on refunds, reversals or cancellations makes this update.
  create trigger guard_of_spending
    before update of refunded, refunded_base, cancelled, cancelled_base, realized_gain, unrounded_gain on credit_notes
    for each row when (pg_trigger_depth() < 1) execute function credit_note_is_spent_by_documents();

  create function new_note_has_no_gain() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'the realized gain of credit note % changes only with its refunds', new.id using errcode = 'restrict_violation';
  end
  $$;
  create trigger has_no_gain before insert on credit_notes
    for each row when (new.realized_gain <> 0 or new.unrounded_gain <> 0) execute function new_note_has_no_gain();

  create function new_note_is_whole() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'a new credit note is neither void nor applied to invoices' using errcode = 'check_violation';
  end
  $$;
  create trigger is_whole before insert on credit_notes for each row
    when (new.voided_at is not null or new.void_entry_id is not null or new.applied <> 0) execute function new_note_is_whole();

  -- Those that the note has already may have been deactivated since, also in the system that an import reads.
  create function note_names_active_records() returns trigger language plpgsql as $$
  begin
    if (new.customer_id is distinct from old.customer_id and not public.is_being_imported(new.organization_id)
        and exists (select from public.customers where organization_id = new.organization_id and id = new.customer_id and not active))
      or (new.branch_id is distinct from old.branch_id
        and exists (select from public.branches where organization_id = new.organization_id and id = new.branch_id and not active)) then
      raise exception 'a credit note cannot get an inactive customer or branch' using errcode = 'check_violation';
    end if;
    return new;
  end
  $$;
  create trigger names_active_records before insert or update of customer_id, branch_id on credit_notes
    for each row execute function note_names_active_records();

  -- A void credit note never changes again.
  create function void_stays() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'credit note % is void and stays as it is', old.id using errcode = 'restrict_violation';
  end
  $$;
  create trigger void_stays before update of opened_at, journal_entry_id, void_entry_id on credit_notes for each row
    when (old.voided_at is not null and (new.opened_at, new.journal_entry_id, new.void_entry_id)
      is distinct from (old.opened_at, old.journal_entry_id, old.void_entry_id))
    execute function void_stays();
`;

/** The database sets the times of credit notes for every writer. */
const TIMES = `
  create function credit_note_times() returns trigger language plpgsql as $$
  begin
    if new.opened_at is not null and (tg_op = 'INSERT' or old.opened_at is null) then new.opened_at := now(); end if;
    if new.voided_at is not null and (tg_op = 'INSERT' or old.voided_at is null) then new.voided_at := now(); end if;
    return new;
  end
  $$;
  create trigger times before insert or update of opened_at, voided_at on credit_notes
    for each row execute function credit_note_times();
`;

const LINES = `
  create function credit_note_adds_up() returns trigger language plpgsql as $$
  begin
    if (select total from public.credit_notes where organization_id = new.organization_id and id = new.id) is distinct from (
      select sum(amount) from public.credit_note_lines where organization_id = new.organization_id and credit_note_id = new.id
    ) then
      raise exception 'the lines of credit note % do not add up to its total', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger adds_up after insert or update of total on credit_notes
    deferrable initially deferred for each row execute function credit_note_adds_up();

  -- An edit of a draft takes its lines away. Nothing else of a line changes.
  create function note_line_stays() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if tg_op = 'INSERT' then
      raise exception 'a line belongs to a credit note' using errcode = 'check_violation';
    end if;
    if old.credit_note_id is null or new.credit_note_id is not null
      or (new.id, new.organization_id, new.account_id, new.description, new.amount, new.created_at)
        is distinct from (old.id, old.organization_id, old.account_id, old.description, old.amount, old.created_at) then
      raise exception 'rows of credit_note_lines are never changed or deleted' using errcode = 'restrict_violation';
    end if;
    -- The lock keeps the note a draft until this transaction has ended.
    perform from credit_notes
    where organization_id = old.organization_id and id = old.credit_note_id and opened_at is null and voided_at is null for update;
    if not found then
      raise exception 'credit note % is no draft and keeps its lines', old.credit_note_id using errcode = 'restrict_violation';
    end if;
    return new;
  end
  $$;
  create trigger belongs_to_a_note before insert on credit_note_lines
    for each row when (new.credit_note_id is null) execute function note_line_stays();
  create trigger stays before update on credit_note_lines for each row execute function note_line_stays();

  create function replaced_lines_add_up() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if (select total from credit_notes where organization_id = old.organization_id and id = old.credit_note_id) is distinct from (
      select sum(amount) from credit_note_lines where organization_id = old.organization_id and credit_note_id = old.credit_note_id
    ) then
      raise exception 'the lines of credit note % do not add up to its total', old.credit_note_id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger others_add_up after update on credit_note_lines
    deferrable initially deferred for each row execute function replaced_lines_add_up();

  create function note_lines_post_to_income_or_tax() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    tenant bigint;
    offender bigint;
  begin
    for tenant in select distinct organization_id from inserted loop
      select line.id into offender
      from inserted line join accounts account on account.organization_id = tenant and account.id = line.account_id
      where line.organization_id = tenant and (
        not account.active or account.type not in ('income', 'other-income', 'tax-payable')
        or account.currency_code <> (select base_currency from organizations where id = tenant)
      )
      limit 1;
      if found then
        raise exception 'line % of a credit note posts to what is no active income or tax account in the base currency', offender using errcode = 'check_violation';
      end if;
    end loop;
    return null;
  end
  $$;
  create trigger post_to_income_or_tax after insert on credit_note_lines
    referencing new table as inserted for each statement execute function note_lines_post_to_income_or_tax();
`;

/** The entry of a note must be of the same kind, day and transaction. The entry's trigger compares the lines. */
const ENTRIES = `
  create function credit_note_is_booked() returns trigger language plpgsql as $$
  begin
    if exists (
      select from public.credit_note_lines line
        join public.accounts account on account.organization_id = line.organization_id and account.id = line.account_id
      where line.organization_id = new.organization_id and line.credit_note_id = new.id and not account.active
    -- What another system has booked stays booked when its customer becomes inactive.
    ) or (not public.is_being_imported(new.organization_id)
        and exists (select from public.customers where organization_id = new.organization_id and id = new.customer_id and not active))
      or exists (select from public.branches where organization_id = new.organization_id and id = new.branch_id and not active) then
      raise exception 'credit note % has an inactive customer, branch or account', new.id using errcode = 'check_violation';
    end if;
    if not exists (
      select from public.journal_entries entry
      where entry.organization_id = new.organization_id and entry.id = new.journal_entry_id
        and entry.source = 'CREDIT_NOTE' and entry.posting_date = new.date and public.posted_now(entry.xid, entry.created_at)
    ) then
      raise exception 'credit note % is not what its journal entry says', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger booked_on_insert after insert on credit_notes
    deferrable initially deferred for each row when (new.journal_entry_id is not null) execute function credit_note_is_booked();
  create constraint trigger booked_on_update after update of journal_entry_id on credit_notes
    deferrable initially deferred for each row when (new.journal_entry_id is distinct from old.journal_entry_id)
    execute function credit_note_is_booked();

  -- Each note that has got lines in this transaction, compared with its total and its entry: the entry's own trigger may run before the note's last line
  -- is inserted, since SET CONSTRAINTS lets a writer choose the time.
  create function note_lines_agree(organization bigint, last_line bigint) returns void language plpgsql ${FOR_ANY_SIZE} as $$
  declare
    older bigint;
    notes bigint[];
    entries bigint[];
    offender bigint;
    entry journal_entries;
  begin
    older := coalesce((${newestOlder('credit_note_lines')}), 0);
    if last_line < older then
      raise exception 'line % of a credit note has a lower id than an older line', last_line using errcode = 'check_violation';
    end if;
    notes := array(${newer('credit_note_lines', 'credit_note_id')});
    select note.id into offender
    from credit_notes note
    where note.organization_id = organization and note.id = any (notes) and note.total is distinct from (
      select sum(amount) from credit_note_lines line where line.organization_id = organization and line.credit_note_id = note.id
    )
    limit 1;
    if found then
      raise exception 'the lines of credit note % do not add up to its total', offender using errcode = 'check_violation';
    end if;
    entries := array(
      select journal_entry_id from credit_notes where organization_id = organization and id = any (notes) and journal_entry_id is not null
    );
    if entries = '{}' then return; end if;${differing('credit_note_lines_due', 'entries')}
    if found then
      select * into entry from journal_entries where organization_id = organization and id = offender;
      perform complain_of_entry(entry);
    end if;
  end
  $$;

  create function lines_agree() returns trigger language plpgsql as $$
  declare
    ${importedIn('credit_note_lines')}
    newest bigint;
    -- Assigned, because an expression costs less than the query of PERFORM.
    compared text;
  begin
    -- It would not count as one of this transaction.
    if new.created_at <> transaction_timestamp() then
      raise exception 'line % of a credit note has another time than its transaction', new.id using errcode = 'check_violation';
    end if;${onceForImport('credit_note_lines', 'perform public.note_lines_agree(new.organization_id, newest);')}
    -- The last line of the transaction compares for all of them. Ids have no gaps.
    if not exists (
      select from public.credit_note_lines
      where organization_id = new.organization_id and id = new.id + 1 and created_at = transaction_timestamp()
    ) then
      compared := public.note_lines_agree(new.organization_id, new.id);
    end if;
    return null;
  end
  $$;
  create constraint trigger agree after insert on credit_note_lines
    deferrable initially deferred for each row execute function lines_agree();

  create function void_entry_mirrors() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.journal_entry_id is distinct from (
      select reversal_of_id from journal_entries where organization_id = new.organization_id and id = new.void_entry_id
    ) then
      raise exception 'credit note % is voided by an entry that is not its mirror', new.id using errcode = 'check_violation';
    end if;
    if (select posting_date from journal_entries where organization_id = new.organization_id and id = new.void_entry_id) < greatest(
      new.date,
      (
        select max(reversal.date)
        from refunds refund join refund_reversals reversal
          on reversal.organization_id = refund.organization_id and reversal.refund_id = refund.id
        where refund.organization_id = new.organization_id and refund.credit_note_id = new.id
      )
    ) then
      raise exception 'credit note % is voided before its own day or that of a reversal', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger void_mirrors after update of void_entry_id on credit_notes
    deferrable initially deferred for each row when (new.void_entry_id is distinct from old.void_entry_id)
    execute function void_entry_mirrors();
`;

/** A cancellation takes all that remains of its note, in the same statement. */
const CANCELLATIONS = `
  create function cancellations_take_the_rest() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    tenant bigint;
    organization organizations;
    digits integer;
    offender bigint;
  begin
    for tenant in select distinct organization_id from inserted loop
      select * into organization from organizations where id = tenant;
      digits := currency_digits(organization.base_currency);

      select cancellation.id into offender
      from inserted cancellation
        join credit_notes note on note.organization_id = tenant and note.id = cancellation.credit_note_id
        join journal_entries entry on entry.organization_id = tenant and entry.id = cancellation.journal_entry_id
      where cancellation.organization_id = tenant and (
        entry.source <> 'CANCELLATION' or entry.posting_date <> cancellation.date or not posted_now(entry.xid, entry.created_at)
        or note.opened_at is null
        or note.voided_at is not null
        or cancellation.amount <> note.total - note.refunded - note.applied - note.cancelled
        or cancellation.base_amount <> round(note.total * note.exchange_rate, digits) - round(note.applied * note.exchange_rate, digits)
          - note.refunded_base - note.cancelled_base
        or cancellation.date <= organization.lock_date
        or cancellation.date < note.date
        or cancellation.date < (
          select max(reversal.date)
          from refunds refund join refund_reversals reversal on reversal.organization_id = tenant and reversal.refund_id = refund.id
          where refund.organization_id = tenant and refund.credit_note_id = note.id
        )
      )
      limit 1;
      if found then
        raise exception 'cancellation % breaks a rule of cancelling', offender using errcode = 'check_violation';
      end if;

      update credit_notes note
      set cancelled = note.cancelled + taken.amount, cancelled_base = note.cancelled_base + taken.base_amount
      from (
        select credit_note_id, sum(amount) as amount, sum(base_amount) as base_amount
        from inserted where organization_id = tenant group by credit_note_id
      ) taken
      where note.organization_id = tenant and note.id = taken.credit_note_id;
    end loop;
    return null;
  end
  $$;
  create trigger take_the_rest after insert on credit_note_cancellations
    referencing new table as inserted for each statement execute function cancellations_take_the_rest();
`;
