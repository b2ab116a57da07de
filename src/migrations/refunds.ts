import { FOR_ANY_SIZE } from './journal.js';

/**
 * A refund raises what is refunded of its note in the same statement, and a reversal lowers it: nobody can insert one without spending the credit
 * or giving it back, and the note's own checks refuse what it does not have.
 */
export function refundRules(): string {
  return [PAID_AMOUNT, REFUNDS, REVERSALS].join('\n');
}

const PAID_AMOUNT = `
  -- Checks the paid amount of a refund. From an account in the base currency it is the amount at the refund's rate; or it was given, and
  -- the rate follows from it, rounded to 15 digits. An account in the note's currency pays the amount itself, without rounding.
  create function refund_pays(
    amount numeric, exchange_rate numeric, settled numeric, paid numeric, gain numeric, account_currency text, base_currency text
  ) returns boolean language sql immutable parallel safe
    return case
      when account_currency <> base_currency then paid = settled - gain
      else paid = round(amount * exchange_rate, currency_digits(base_currency))
        or (exchange_rate <> 1 and paid = round(paid, currency_digits(base_currency)) and abs(amount * exchange_rate - paid) <= paid * 5e-15)
    end;
`;

/** SQL condition of a refund that its entry does not book. The entry's trigger compares the lines. */
const IS_UNBOOKED = `(entry.source <> 'REFUND' or entry.posting_date <> refund.date or not posted_now(entry.xid, entry.created_at)
          or not refund_pays(refund.amount, refund.exchange_rate, refund.settled_amount, refund.paid_amount, refund.realized_gain,
            account.currency_code, organization.base_currency))`;

const REFUNDS = `
  create function refunds_spend_credit() returns trigger language plpgsql
    ${FOR_ANY_SIZE} as $$
  declare
    offender bigint;
    is_unbooked boolean;
    breaks_rule boolean;
  begin
    update credit_notes note
    set refunded = note.refunded + spent.amount, refunded_base = note.refunded_base + spent.settled_amount,
      realized_gain = note.realized_gain + spent.realized_gain,
      unrounded_gain = note.unrounded_gain + spent.amount * note.exchange_rate - spent.unrounded_payment
    from (
      select organization_id, credit_note_id, sum(amount) as amount, sum(settled_amount) as settled_amount, sum(realized_gain) as realized_gain,
        sum(amount * exchange_rate) as unrounded_payment
      from inserted group by organization_id, credit_note_id
    ) spent
    where note.organization_id = spent.organization_id and note.id = spent.credit_note_id;

    -- Each refund is the difference of two rounded running totals of its note, by id. The note holds the last total.
    select step.id, step.is_unbooked, step.breaks_rule into offender, is_unbooked, breaks_rule
    from (
      select refund.id, refund.exchange_rate, refund.settled_amount, refund.realized_gain,
        ${IS_UNBOOKED} as is_unbooked,
        note.opened_at is null
          or note.voided_at is not null
          or refund.currency_code <> note.currency_code
          or (note.currency_code = organization.base_currency and refund.exchange_rate <> 1)
          or refund.date < note.date
          or refund.date <= organization.lock_date
          or not account.active
          or not branch.active
          or not (account.type in ('bank', 'cash', 'fixed-asset') or (account.type = 'credit-card' and organization.credit_card_refunds))
          or account.currency_code not in (note.currency_code, organization.base_currency) as breaks_rule,
        account.currency_code <> organization.base_currency as from_foreign, currency_digits(organization.base_currency) as digits,
        note.exchange_rate as note_rate, note.applied, note.cancelled, note.cancelled_base,
        note.refunded - coalesce(sum(refund.amount) over later, 0) as refunded,
        note.refunded_base - coalesce(sum(refund.settled_amount) over later, 0) - refund.settled_amount as settled_before,
        note.unrounded_gain - coalesce(sum(refund.amount * (note.exchange_rate - refund.exchange_rate)) over later, 0) as unrounded_gain,
        note.realized_gain - coalesce(sum(refund.realized_gain) over later, 0) - refund.realized_gain as gain_before
      from inserted refund
        join organizations organization on organization.id = refund.organization_id
        join credit_notes note on note.organization_id = refund.organization_id and note.id = refund.credit_note_id
        join accounts account on account.organization_id = refund.organization_id and account.id = refund.from_account_id
        join branches branch on branch.organization_id = refund.organization_id and branch.id = refund.branch_id
        join journal_entries entry on entry.organization_id = refund.organization_id and entry.id = refund.journal_entry_id
      window later as (
        partition by refund.organization_id, refund.credit_note_id order by refund.id desc rows between unbounded preceding and 1 preceding
      )
    ) step
    where step.is_unbooked or step.breaks_rule
      or settled_amount <> greatest(0, round((applied + cancelled + refunded) * note_rate, digits) - round(applied * note_rate, digits)
        - cancelled_base - settled_before)
      or realized_gain <> case
        when exchange_rate = note_rate then 0
        when from_foreign then least(settled_amount, round(unrounded_gain, digits) - gain_before)
        else round(unrounded_gain, digits) - gain_before
      end
    limit 1;
    if is_unbooked then
      raise exception 'refund % is not what its journal entry says', offender using errcode = 'check_violation';
    elsif breaks_rule then
      raise exception 'refund % breaks a rule of refunding', offender using errcode = 'check_violation';
    elsif found then
      raise exception 'refund % is not what its journal entry says, or settles another part of its credit note', offender
        using errcode = 'check_violation';
    end if;
    return null;
  end
  $$;
  create trigger spend_credit after insert on refunds
    referencing new table as inserted for each statement execute function refunds_spend_credit();
`;

const REVERSALS = `
  create function reversals_give_credit_back() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare
    tenant bigint;
    offender bigint;
  begin
    for tenant in select distinct organization_id from inserted loop
      select reversal.id into offender
      from inserted reversal
        join refunds refund on refund.organization_id = tenant and refund.id = reversal.refund_id
        join journal_entries entry on entry.organization_id = tenant and entry.id = reversal.journal_entry_id
      where reversal.organization_id = tenant and (
        entry.reversal_of_id is distinct from refund.journal_entry_id
        or entry.posting_date <> reversal.date
        or reversal.date < refund.date
        or reversal.date <= (select lock_date from organizations where id = tenant)
      )
      limit 1;
      if found then
        raise exception 'reversal % breaks a rule of reversing', offender using errcode = 'check_violation';
      end if;

      update credit_notes note
      set refunded = note.refunded - given_back.amount, refunded_base = note.refunded_base - given_back.settled_amount,
        realized_gain = note.realized_gain - given_back.realized_gain,
        unrounded_gain = note.unrounded_gain - given_back.amount * note.exchange_rate + given_back.unrounded_payment
      from (
        select refund.credit_note_id, sum(refund.amount) as amount, sum(refund.settled_amount) as settled_amount,
          sum(refund.realized_gain) as realized_gain, sum(refund.amount * refund.exchange_rate) as unrounded_payment
        from inserted reversal join refunds refund on refund.organization_id = tenant and refund.id = reversal.refund_id
        where reversal.organization_id = tenant group by refund.credit_note_id
      ) given_back
      where note.organization_id = tenant and note.id = given_back.credit_note_id;
    end loop;
    return null;
  end
  $$;
  create trigger give_credit_back after insert on refund_reversals
    referencing new table as inserted for each statement execute function reversals_give_credit_back();
`;
