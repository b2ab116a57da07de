import { importedIn, onceForImport } from './ids.js';

/** Every journal entry equals the lines that its one document requires: see docs/adr/019-entries-are-their-documents.md. */
export function journalRules(): string {
  return [LINES_DUE, ENTRIES, OPEN_BOOKS].join('\n');
}

/** The lines that each document requires. The triggers and the audit read the same views. */
const LINES_DUE = `
  create view refund_lines_due as
  select refund.organization_id, refund.journal_entry_id, refund.date as posting_date, posting.side,
    coalesce(
      posting.account_id,
      (select id from accounts where organization_id = refund.organization_id and system_role = posting.role)
    ) as account_id,
    posting.customer_id, refund.branch_id, posting.amount,
    case when note.currency_code <> organization.base_currency then posting.amount_in_note end as foreign_amount,
    case when note.currency_code <> organization.base_currency and posting.amount_in_note is not null then note.currency_code::text end
      as foreign_currency_code
  from refunds refund
    join organizations organization on organization.id = refund.organization_id
    join credit_notes note on note.organization_id = refund.organization_id and note.id = refund.credit_note_id
    cross join lateral (
      values
        ('DEBIT', 'accounts-receivable', null::bigint, note.customer_id, refund.settled_amount, refund.amount),
        ('CREDIT', null, refund.from_account_id, null, refund.paid_amount, refund.amount),
        (case when refund.realized_gain < 0 then 'DEBIT' else 'CREDIT' end, 'fx-gain-loss', null, null, abs(refund.realized_gain), null),
        (case when refund.settled_amount - refund.paid_amount < refund.realized_gain then 'DEBIT' else 'CREDIT' end, 'rounding', null, null,
          abs(refund.settled_amount - refund.paid_amount - refund.realized_gain), null)
    ) posting (side, role, account_id, customer_id, amount, amount_in_note)
  -- A posting of zero in both currencies is left out.
  where posting.amount > 0 or (note.currency_code <> organization.base_currency and posting.amount_in_note is not null);

  create view credit_note_lines_due as
  select note.organization_id, note.journal_entry_id, note.date as posting_date, posting.side, posting.account_id, posting.customer_id,
    note.branch_id, posting.amount,
    case when note.currency_code <> organization.base_currency then posting.amount_in_note end as foreign_amount,
    case when note.currency_code <> organization.base_currency then note.currency_code::text end as foreign_currency_code
  from credit_notes note
    join organizations organization on organization.id = note.organization_id
    cross join lateral (
      -- Each line is the difference of two rounded running totals, so that the lines add up in the base currency too.
      select case when line.amount > 0 then 'DEBIT' else 'CREDIT' end as side, line.account_id, null::bigint as customer_id,
        abs(line.amount) as amount_in_note,
        abs(round(line.total * note.exchange_rate, currency_digits(organization.base_currency))
          - round((line.total - line.amount) * note.exchange_rate, currency_digits(organization.base_currency))) as amount
      from (
        select account_id, amount, sum(amount) over (order by id) as total
        from credit_note_lines where organization_id = note.organization_id and credit_note_id = note.id
      ) line
      union all
      select 'CREDIT', receivable.id, note.customer_id, note.total,
        round(note.total * note.exchange_rate, currency_digits(organization.base_currency))
      from accounts receivable
      where receivable.organization_id = note.organization_id and receivable.system_role = 'accounts-receivable'
    ) posting;

  -- amount × part ÷ whole. The many decimals of the quotient are those that the gateway's shareOf needs for the same result.
  create function share_of(amount numeric, part numeric, whole numeric, digits integer) returns numeric language sql immutable parallel safe
    return round(amount * part * 1.000000000000000000000000000000000000000000000000000000000000 / whole, digits);

  -- The note's own lines in proportion to what is cancelled, on their opposite sides. Steps between rounded running totals, in both currencies.
  create view cancellation_lines_due as
  select cancellation.organization_id, cancellation.journal_entry_id, cancellation.date as posting_date, posting.side, posting.account_id,
    posting.customer_id, note.branch_id, posting.amount,
    case when note.currency_code <> organization.base_currency and posting.amount_in_note > 0 then posting.amount_in_note end as foreign_amount,
    case when note.currency_code <> organization.base_currency and posting.amount_in_note > 0 then note.currency_code::text end
      as foreign_currency_code
  from credit_note_cancellations cancellation
    join organizations organization on organization.id = cancellation.organization_id
    join credit_notes note on note.organization_id = cancellation.organization_id and note.id = cancellation.credit_note_id
    cross join lateral (
      select case when line.amount > 0 then 'CREDIT' else 'DEBIT' end as side, line.account_id, null::bigint as customer_id,
        abs(share_of(cancellation.amount, line.total, note.total, currency_digits(note.currency_code))
          - share_of(cancellation.amount, line.total - line.amount, note.total, currency_digits(note.currency_code))) as amount_in_note,
        abs(share_of(line.part, line.booked, line.whole, line.digits) - share_of(line.part, line.booked_before, line.whole, line.digits)) as amount
      from (
        select account_id, running.amount, total, currency_digits(organization.base_currency) as digits,
          round(total * note.exchange_rate, currency_digits(organization.base_currency)) as booked,
          round((total - running.amount) * note.exchange_rate, currency_digits(organization.base_currency)) as booked_before,
          -- A total may be worth nothing in the base currency although its lines are worth something.
          case when booked_of_all.amount = 0 then cancellation.amount else cancellation.base_amount end as part,
          case when booked_of_all.amount = 0 then note.total else booked_of_all.amount end as whole
        from (
          select account_id, amount, sum(amount) over (order by id) as total
          from credit_note_lines where organization_id = note.organization_id and credit_note_id = note.id
        ) running
        cross join (select round(note.total * note.exchange_rate, currency_digits(organization.base_currency)) as amount) booked_of_all
      ) line
      union all
      select 'DEBIT', receivable.id, note.customer_id, cancellation.amount, cancellation.base_amount
      from accounts receivable
      where receivable.organization_id = note.organization_id and receivable.system_role = 'accounts-receivable'
    ) posting
  -- A posting of zero in both currencies is left out.
  where posting.amount > 0 or (note.currency_code <> organization.base_currency and posting.amount_in_note > 0);

  create view mirror_lines_due as
  select entry.organization_id, entry.id as journal_entry_id, entry.posting_date, case line.side when 'DEBIT' then 'CREDIT' else 'DEBIT' end as side,
    line.account_id, line.customer_id, line.branch_id, line.amount, line.foreign_amount, line.foreign_currency_code::text as foreign_currency_code
  from journal_entries entry
    join journal_lines line on line.organization_id = entry.organization_id and line.journal_entry_id = entry.reversal_of_id;
`;

/**
 * Settings of a function whose plans a session can keep: nested loops over indexes cost the same for each row, whatever the tables hold.
 */
export const FOR_ANY_SIZE = `set search_path = public, pg_temp set plan_cache_mode = force_generic_plan
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_sort = off`;

/** SQL for the newest row of the organization that an earlier transaction has inserted. The order's lock makes those of this one the newest. */
export const newestOlder = (table: string): string =>
  `select id from ${table} where organization_id = organization and created_at <> transaction_timestamp() order by id desc limit 1`;

/**
 * SQL for the documents of the rows after `older`. The order and the two limits leave PostgreSQL no index but that of the ids: the one of the documents
 * would give them without repetition, but read all rows of the organization.
 */
export const newer = (table: string, document: string): string => `
      select distinct ${document} from (
        select ${document} from ${table} where organization_id = organization and id > older and id <= last_line order by id offset 0
      ) newer`;

/**
 * Returns SQL that compares the required lines of some entries with their lines, as multisets, and finds one that differs.
 *
 * @param due the view of the required lines
 * @param ids the variable with the ids of the entries
 */
export const differing = (due: string, ids: string): string => `
      select differing.journal_entry_id into offender
      from (
        select 1 as times, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount,
          foreign_currency_code
        from ${due} where organization_id = organization and journal_entry_id = any (${ids})
        union all
        select -1, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount, foreign_currency_code::text
        from journal_lines where organization_id = organization and journal_entry_id = any (${ids})
      ) differing
      group by journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount, foreign_currency_code
      having sum(times) <> 0
      limit 1;`;

const ENTRIES = `
  -- Whether the entry was posted in this transaction. Ids of transactions begin again in another cluster, where a restored entry may have the
  -- id of the present one: so the time counts, too.
  create function posted_now(xid xid8, created_at timestamptz) returns boolean language sql stable
    return xid = pg_current_xact_id() and created_at = transaction_timestamp();

  -- Raises the error that fits. It is called only for an entry that differs from its document: an equal one always balances.
  create function complain_of_entry(entry journal_entries) returns void language plpgsql set search_path = public, pg_temp as $$
  declare
    difference numeric;
  begin
    select coalesce(sum(case side when 'DEBIT' then amount else -amount end), 0) into difference
    from journal_lines where organization_id = entry.organization_id and journal_entry_id = entry.id;
    if difference <> 0 then
      raise exception 'journal entry % does not balance: debits − credits = %', entry.id, difference using errcode = 'check_violation';
    end if;
    if exists (
      select from journal_lines
      where organization_id = entry.organization_id and journal_entry_id = entry.id and posting_date <> entry.posting_date
    ) then
      raise exception 'a line of journal entry % has another posting date', entry.id using errcode = 'check_violation';
    end if;
    if entry.source = 'OPENING' then
      raise exception 'opening entry % names a customer, a branch, a foreign amount or an account that is not here', entry.id using errcode = 'check_violation';
    end if;
    if entry.source = 'REVERSAL' then
      raise exception 'journal entry % is no mirror of entry % that a reversal or a void credit note asks for', entry.id, entry.reversal_of_id
        using errcode = 'check_violation';
    end if;
    if not exists (
        select from refunds where organization_id = entry.organization_id and journal_entry_id = entry.id and entry.source = 'REFUND'
      ) and not exists (
        select from credit_notes where organization_id = entry.organization_id and journal_entry_id = entry.id and entry.source = 'CREDIT_NOTE'
      ) and not exists (
        select from credit_note_cancellations
        where organization_id = entry.organization_id and journal_entry_id = entry.id and entry.source = 'CANCELLATION'
      ) then
      raise exception 'journal entry % belongs to no document of its kind', entry.id using errcode = 'check_violation';
    end if;
    raise exception 'the document of journal entry % is not what its journal entry says', entry.id using errcode = 'check_violation';
  end
  $$;

  create function entries_have_lines(organization bigint, first_entry bigint) returns void language plpgsql
    ${FOR_ANY_SIZE} as $$
  declare
    offender bigint;
  begin
    select entry.id into offender from journal_entries entry
    where entry.organization_id = organization and entry.id >= first_entry and not exists (
        select from journal_lines line where line.organization_id = organization and line.journal_entry_id = entry.id
      )
    limit 1;
    if found then
      raise exception 'journal entry % does not balance: it has no lines', offender using errcode = 'check_violation';
    end if;
  end
  $$;

  create function entry_has_lines() returns trigger language plpgsql as $$
  declare
    ${importedIn('journal_entries')}
    newest bigint;
  begin${onceForImport('journal_entries', 'perform public.entries_have_lines(new.organization_id, new.id);')}
    if not exists (select from public.journal_lines where organization_id = new.organization_id and journal_entry_id = new.id) then
      raise exception 'journal entry % does not balance: it has no lines', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create constraint trigger has_lines after insert on journal_entries
    deferrable initially deferred for each row execute function entry_has_lines();

  -- Compares all entries of this transaction with their documents at once, since one statement for many rows costs far less than one for each.
  create function entries_are_their_documents(organization bigint, last_line bigint) returns void language plpgsql
    ${FOR_ANY_SIZE} as $$
  declare
    older bigint;
    entries bigint[];
    refund_entries bigint[];
    note_entries bigint[];
    cancellation_entries bigint[];
    opening_entries bigint[];
    mirrors bigint[];
    offender bigint;
    entry journal_entries;
  begin
    older := coalesce((${newestOlder('journal_lines')}), 0);
    if last_line < older then
      raise exception 'journal line % has a lower id than an older line', last_line using errcode = 'check_violation';
    end if;
    entries := array(${newer('journal_lines', 'journal_entry_id')});
    -- A transaction that began in the same microsecond may have left rows with the same time. They are compared, too, and are right.
    select min(id) filter (where created_at <> transaction_timestamp()), array_agg(id) filter (where source = 'REFUND'),
      array_agg(id) filter (where source = 'CREDIT_NOTE'), array_agg(id) filter (where source = 'CANCELLATION'),
      array_agg(id) filter (where source = 'OPENING'), array_agg(id) filter (where source = 'REVERSAL')
    into offender, refund_entries, note_entries, cancellation_entries, opening_entries, mirrors
    from journal_entries where organization_id = organization and id = any (entries);
    if offender is not null then
      raise exception 'journal entry % is in the books and stays as it is', offender using errcode = 'restrict_violation';
    end if;

    if refund_entries is not null then${differing('refund_lines_due', 'refund_entries')}
    end if;
    if offender is null and note_entries is not null then${differing('credit_note_lines_due', 'note_entries')}
    end if;
    if offender is null and cancellation_entries is not null then${differing('cancellation_lines_due', 'cancellation_entries')}
    end if;
    if offender is null and opening_entries is not null then
      -- Its documents are in the system that the books come from.
      select entry_line.journal_entry_id into offender
      from journal_lines entry_line join journal_entries opening
        on opening.organization_id = organization and opening.id = entry_line.journal_entry_id
      where entry_line.organization_id = organization and entry_line.journal_entry_id = any (opening_entries)
      group by entry_line.journal_entry_id
      having sum(case entry_line.side when 'DEBIT' then entry_line.amount else -entry_line.amount end) <> 0
        or bool_or(num_nonnulls(entry_line.customer_id, entry_line.branch_id, entry_line.foreign_amount) > 0)
        or bool_or(entry_line.posting_date <> opening.posting_date)
        or bool_or(not exists (select from accounts where organization_id = organization and id = entry_line.account_id))
      limit 1;
    end if;
    if offender is null and mirrors is not null then${differing('mirror_lines_due', 'mirrors')}
      if offender is null then
        select mirror.id into offender from journal_entries mirror
        where mirror.organization_id = organization and mirror.id = any (mirrors) and not exists (
            select from refund_reversals reversal
              join refunds refund on refund.organization_id = organization and refund.id = reversal.refund_id
            where reversal.organization_id = organization and reversal.journal_entry_id = mirror.id
              and reversal.date = mirror.posting_date and refund.journal_entry_id = mirror.reversal_of_id
          ) and not exists (
            select from credit_notes note
            where note.organization_id = organization and note.void_entry_id = mirror.id and note.journal_entry_id = mirror.reversal_of_id
          )
        limit 1;
      end if;
    end if;
    if offender is not null then
      select * into entry from journal_entries where organization_id = organization and id = offender;
      perform complain_of_entry(entry);
    end if;
  end
  $$;

  create function entry_is_its_document() returns trigger language plpgsql as $$
  declare
    ${importedIn('journal_lines')}
    newest bigint;
    -- Assigned, because an expression costs less than the query of PERFORM.
    compared text;
  begin
    -- It would not count as one of this transaction.
    if new.created_at <> transaction_timestamp() then
      raise exception 'journal line % has another time than its transaction', new.id using errcode = 'check_violation';
    end if;${onceForImport('journal_lines', 'perform public.entries_are_their_documents(new.organization_id, newest);')}
    -- The last line of the transaction compares for all of them. Ids have no gaps.
    if not exists (
      select from public.journal_lines
      where organization_id = new.organization_id and id = new.id + 1 and created_at = transaction_timestamp()
    ) then
      compared := public.entries_are_their_documents(new.organization_id, new.id);
    end if;
    return null;
  end
  $$;
  create constraint trigger is_its_document after insert on journal_lines
    deferrable initially deferred for each row execute function entry_is_its_document();
`;

const OPEN_BOOKS = `
  create function only_imports_open() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if not is_being_imported(new.organization_id) then
      raise exception 'only an import posts opening balances' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end
  $$;
  create trigger only_imports_open before insert on journal_entries
    for each row when (new.source = 'OPENING') execute function only_imports_open();

  -- The same lock as in the gateway: neither the lock date nor frozen_at can change before this transaction has been committed. It comes before that
  -- of the order, with the row.
  create function posting_locks_period() returns trigger language plpgsql as $$
  declare
    -- Assigned, because an expression costs less than the query of PERFORM.
    granted text := pg_advisory_xact_lock_shared(hashtextextended('period', new.organization_id));
  begin
    return new;
  end
  $$;
  create trigger books_are_open before insert on journal_entries for each row execute function posting_locks_period();

  create function books_are_open() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    posted record;
  begin
    -- A statement after a lock must see all changes that were committed before the lock was granted.
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'entries are posted at the isolation level read committed' using errcode = 'check_violation';
    end if;
    select organization.id, organization.frozen_at, entry.posting_date into posted
    from inserted entry join organizations organization on organization.id = entry.organization_id
    where entry.posting_date <= organization.lock_date or organization.frozen_at is not null
    limit 1;
    if posted.frozen_at is not null then
      raise exception 'organization % is frozen, because it moves to another database', posted.id using errcode = 'check_violation';
    elsif posted.id is not null then
      raise exception 'the books are locked on %', posted.posting_date using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create trigger books_were_open after insert on journal_entries
    referencing new table as inserted for each statement execute function books_are_open();
`;
