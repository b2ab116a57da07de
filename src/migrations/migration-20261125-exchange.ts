import { Migration } from '@mikro-orm/migrations';

/** Allows the small rates of cheap currencies, separates rounding from realized gains, and checks the settled amount of each refund. */
export class Migration20261125Exchange extends Migration {
  override up(): void {
    this.addSql(RATES);
    this.addSql(ROUNDING_ACCOUNTS);
    this.addSql(GAINS);
    this.addSql(RULES);
  }

  /** Undoing this would change posted records. */
  override down(): void {
    throw new Error('rounding differences cannot be undone');
  }
}

const RATES = `
  alter domain exchange_rate rename to exchange_rate_of_ten_decimals;
  -- A JSON number holds 15 significant digits.
  create domain exchange_rate as numeric(40, 30)
    check (value > 0 and length(ltrim(replace(trim_scale(value)::text, '.', ''), '0')) <= 15);
  alter table credit_notes alter column exchange_rate type exchange_rate;
  alter table refunds alter column exchange_rate type exchange_rate;
  drop domain exchange_rate_of_ten_decimals;
`;

const ROUNDING_ACCOUNTS = `
  alter table accounts drop constraint accounts_system_role_check;
  alter table accounts add constraint accounts_system_role_check check (system_role in ('accounts-receivable', 'fx-gain-loss', 'rounding'));
  insert into accounts (organization_id, code, name, type, currency_code, system_role)
  select organization.id, free.code, 'Rounding Differences', 'other-expense', organization.base_currency, 'rounding'
  from organizations organization cross join lateral (
    select code from (select '40009' as code, 0 as place union all select '40009-' || place, place from generate_series(1, 1000) place) codes
    where not exists (select from accounts taken where taken.organization_id = organization.id and taken.code = codes.code)
    order by place limit 1
  ) free;
`;

/** The whole difference of earlier refunds was posted as a realized gain. */
const GAINS = `
  alter table refunds add column realized_gain numeric(30, 4) not null default 0;
  alter table refunds disable trigger append_only;
  update refunds set realized_gain = settled_amount - paid_amount where settled_amount <> paid_amount;
  alter table refunds enable trigger append_only;

  alter table credit_notes
    add column realized_gain numeric(30, 4) not null default 0,
    add column unrounded_gain numeric not null default 0;
  update credit_notes note set realized_gain = posted.realized_gain, unrounded_gain = posted.unrounded_gain
  from (
    select refund.credit_note_id, sum(refund.realized_gain) as realized_gain,
      sum(refund.amount * (note.exchange_rate - refund.exchange_rate)) as unrounded_gain
    from refunds refund join credit_notes note on note.id = refund.credit_note_id
    where not exists (select from refund_reversals where refund_id = refund.id) group by refund.credit_note_id
  ) posted
  where note.id = posted.credit_note_id;
`;

const RULES = `
  -- Checks the paid amount of a refund. From an account in the base currency it is the amount at the refund's rate; or it was given, and
  -- the rate follows from it, rounded to 15 digits. An account in the note's currency pays the amount itself, without rounding.
  create function refund_pays(
    amount numeric, exchange_rate numeric, settled numeric, paid numeric, gain numeric, account_currency text, base_currency text
  ) returns boolean language sql immutable as $$
    select case
      when account_currency <> base_currency then paid = settled - gain
      else paid = round(amount * exchange_rate, currency_digits(base_currency))
        or (exchange_rate <> 1 and paid = round(paid, currency_digits(base_currency)) and abs(amount * exchange_rate - paid) <= paid * 5e-15)
    end
  $$;

  create function gains_guard() returns trigger language plpgsql as $$
  begin
    -- A depth of 2 means that a trigger on refunds or reversals makes this update.
    if tg_op = 'INSERT' or pg_trigger_depth() < 2 then
      raise exception 'the realized gain of credit note % changes only with its refunds', new.id using errcode = 'restrict_violation';
    end if;
    return new;
  end
  $$;
  create trigger gains_guard_on_insert before insert on credit_notes
    for each row when (new.realized_gain <> 0 or new.unrounded_gain <> 0) execute function gains_guard();
  create trigger gains_guard before update on credit_notes
    for each row when ((new.realized_gain, new.unrounded_gain) is distinct from (old.realized_gain, old.unrounded_gain))
    execute function gains_guard();

  create or replace function refunds_spend_credit() returns trigger language plpgsql as $$
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

    -- Each refund is the difference of two rounded running totals of its note, by id. The note holds the last total.
    with spent as (
      select refund.credit_note_id, sum(refund.amount) as amount, sum(refund.settled_amount) as settled_amount,
        sum(refund.realized_gain) as realized_gain,
        sum(refund.amount * (note.exchange_rate - refund.exchange_rate)) as unrounded_gain
      from inserted refund join credit_notes note on note.id = refund.credit_note_id group by refund.credit_note_id
    ), spending as (
      update credit_notes note
      set refunded = note.refunded + spent.amount, refunded_base = note.refunded_base + spent.settled_amount,
        realized_gain = note.realized_gain + spent.realized_gain, unrounded_gain = note.unrounded_gain + spent.unrounded_gain
      from spent where note.id = spent.credit_note_id
      returning note.*
    ), steps as (
      select refund.id, refund.exchange_rate, refund.settled_amount, refund.realized_gain,
        account.currency_code <> organization.base_currency as from_foreign, currency_digits(organization.base_currency) as digits,
        note.exchange_rate as note_rate, note.applied,
        note.refunded - coalesce(sum(refund.amount) over later, 0) as refunded,
        note.refunded_base - coalesce(sum(refund.settled_amount) over later, 0) - refund.settled_amount as settled_before,
        note.unrounded_gain
          - coalesce(sum(refund.amount * (note.exchange_rate - refund.exchange_rate)) over later, 0) as unrounded_gain,
        note.realized_gain - coalesce(sum(refund.realized_gain) over later, 0) - refund.realized_gain as gain_before
      from inserted refund
        join spending note on note.id = refund.credit_note_id
        join organizations organization on organization.id = refund.organization_id
        join accounts account on account.id = refund.from_account_id
      window later as (partition by refund.credit_note_id order by refund.id desc rows between unbounded preceding and 1 preceding)
    )
    select id into offender from steps
    where settled_amount <> greatest(0, round((applied + refunded) * note_rate, digits) - round(applied * note_rate, digits) - settled_before)
      or realized_gain <> case
        when exchange_rate = note_rate then 0
        when from_foreign then least(settled_amount, round(unrounded_gain, digits) - gain_before)
        else round(unrounded_gain, digits) - gain_before
      end
    limit 1;
    if found then
      raise exception 'refund % is not what its journal entry says, or settles another part of its credit note', offender
        using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  create or replace function reversals_give_credit_back() returns trigger language plpgsql as $$
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
    set refunded = note.refunded - given_back.amount, refunded_base = note.refunded_base - given_back.settled_amount,
      realized_gain = note.realized_gain - given_back.realized_gain, unrounded_gain = note.unrounded_gain - given_back.unrounded_gain
    from (
      select refund.credit_note_id, sum(refund.amount) as amount, sum(refund.settled_amount) as settled_amount,
        sum(refund.realized_gain) as realized_gain,
        sum(refund.amount * (note.exchange_rate - refund.exchange_rate)) as unrounded_gain
      from inserted reversal join refunds refund on refund.id = reversal.refund_id join credit_notes note on note.id = refund.credit_note_id
      group by refund.credit_note_id
    ) given_back
    where note.id = given_back.credit_note_id;
    return null;
  end
  $$;

  create function system_account(of_organization bigint, role text) returns bigint language sql stable as $$
    select id from accounts where organization_id = of_organization and system_role = role
  $$;

  create or replace function refund_is_booked() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from journal_entries entry
        join organizations organization on organization.id = entry.organization_id
        join credit_notes note on note.id = new.credit_note_id
        join accounts account on account.id = new.from_account_id
      where entry.id = new.journal_entry_id and entry.source = 'REFUND' and entry.posting_date = new.date
        and booked(entry.id, receivable(entry.organization_id)) = new.settled_amount
        and booked(entry.id, new.from_account_id) = -new.paid_amount
        and refund_pays(new.amount, new.exchange_rate, new.settled_amount, new.paid_amount, new.realized_gain,
          account.currency_code, organization.base_currency)
        and (note.currency_code = organization.base_currency
          or booked(entry.id, system_account(entry.organization_id, 'fx-gain-loss')) = -new.realized_gain)
        and (note.currency_code = organization.base_currency
          or booked(entry.id, system_account(entry.organization_id, 'rounding'))
            = -(new.settled_amount - new.paid_amount - new.realized_gain))
        and (note.currency_code <> organization.base_currency or new.settled_amount = new.amount)
    ) then
      raise exception 'refund % is not what its journal entry says', new.id using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;

  -- A session cannot redirect these functions to tables of its own with another search path.
  alter function refund_pays set search_path = public, pg_temp;
  alter function gains_guard set search_path = public, pg_temp;
  alter function refunds_spend_credit set search_path = public, pg_temp;
  alter function reversals_give_credit_back set search_path = public, pg_temp;
  alter function system_account set search_path = public, pg_temp;
  alter function refund_is_booked set search_path = public, pg_temp;
`;
