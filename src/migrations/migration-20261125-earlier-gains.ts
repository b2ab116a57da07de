import { Migration } from '@mikro-orm/migrations';

/**
 * Refunds before migration-20261125-exchange posted rounding differences as FX. Their entries stay. Their amount is split by today's rule
 * into the realized gain and the rounding, so that the next refund of the note does not count the rounding as a gain.
 */
export class Migration20261125EarlierGains extends Migration {
  override up(): void {
    this.addSql(COLUMN);
    this.addSql(SPLIT);
    this.addSql(LINES_DUE);
    this.addSql(RULE);
  }

  /** Undoing this would change posted records. */
  override down(): void {
    throw new Error('the gains of earlier refunds cannot be undone');
  }
}

const COLUMN = `
  alter table refunds add column rounding_as_gain numeric(30, 4) not null default 0;
  comment on column refunds.rounding_as_gain is 'What rounding left that the entry of an earlier version posted as FX, beside realized_gain.';
`;

/** The gain of each posted refund is the difference of two rounded running totals of its note. */
const SPLIT = `
  create table split as
  select refund.id, refund.credit_note_id, is_reversed, refund.realized_gain as booked,
    case
      when is_reversed then round(exact, digits)
      else round(sum(exact) filter (where not is_reversed) over earlier, digits)
        - round(coalesce(sum(exact) filter (where not is_reversed) over earlier, 0) - exact, digits)
    end as gain
  from (
    select refund.*, refund.amount * (note.exchange_rate - refund.exchange_rate) as exact,
      currency_digits(organization.base_currency) as digits,
      exists (select from refund_reversals where refund_id = refund.id) as is_reversed
    from refunds refund
      join credit_notes note on note.id = refund.credit_note_id
      join organizations organization on organization.id = refund.organization_id
    where note.currency_code <> organization.base_currency
      and refund.created_at < (select max(executed_at) from schema_migrations where name = 'Migration20261125Exchange')
  ) refund
  window earlier as (partition by refund.credit_note_id order by refund.id);

  alter table refunds disable trigger append_only;
  update refunds refund set realized_gain = split.gain, rounding_as_gain = split.booked - split.gain
  from split where split.id = refund.id and split.booked <> split.gain;
  alter table refunds enable trigger append_only;

  alter table credit_notes disable trigger gains_guard;
  update credit_notes note set realized_gain = note.realized_gain + later.difference
  from (
    select credit_note_id, sum(gain - booked) as difference from split where not is_reversed group by credit_note_id
  ) later
  where later.credit_note_id = note.id and later.difference <> 0;
  alter table credit_notes enable trigger gains_guard;

  drop table split;
`;

/** The same as in migration-20261125-entries, except that rounding_as_gain counts as gain, not as rounding. */
const LINES_DUE = `
  create or replace view refund_lines_due as
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
    join credit_notes note on note.id = refund.credit_note_id
    cross join lateral (
      select refund.realized_gain + refund.rounding_as_gain as gain,
        refund.settled_amount - refund.paid_amount - refund.realized_gain - refund.rounding_as_gain as rounding
    ) booked
    cross join lateral (
      values
        ('DEBIT', 'accounts-receivable', null::bigint, note.customer_id, refund.settled_amount, refund.amount),
        ('CREDIT', null, refund.from_account_id, null, refund.paid_amount, refund.amount),
        (case when booked.gain < 0 then 'DEBIT' else 'CREDIT' end, 'fx-gain-loss', null, null, abs(booked.gain), null),
        (case when booked.rounding < 0 then 'DEBIT' else 'CREDIT' end, 'rounding', null, null, abs(booked.rounding), null)
    ) posting (side, role, account_id, customer_id, amount, amount_in_note)
  -- A posting of zero in both currencies is left out.
  where posting.amount > 0 or (note.currency_code <> organization.base_currency and posting.amount_in_note is not null);
`;

const RULE = `
  create function rounding_is_no_gain() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'rounding is no gain: a new refund posts none of it as FX' using errcode = 'check_violation';
  end
  $$;
  create trigger rounding_is_no_gain before insert on refunds
    for each row when (new.rounding_as_gain <> 0) execute function rounding_is_no_gain();
`;
