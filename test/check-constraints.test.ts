import { beforeAll, expect, it } from '@jest/globals';
import { columnsOf } from './helpers/database.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/**
 * Check constraints are the last guard of the data: they refuse a senseless row even where no trigger checks it. Each test
 * copies a valid row with the table's triggers switched off, and changes the columns of one constraint.
 */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
beforeAll(async () => {
  const { client } = books;
  const note = await books.creditNote('100.00');
  const input = books.refundInput(note.id);
  const { data } = await client.graphql<{ it: { id: string } }, unknown>(
    'mutation ($input: RefundCreditNoteInput!) { it: refundCreditNote(input: $input, idempotencyKey: "k") { id } }',
    { input },
  );
  const reversal = { refundId: data?.it.id, date: '2026-02-02', reason: 'It came back' };
  const reverse = 'mutation ($input: ReverseRefundInput!) { reverseRefund(input: $input) { id } }';
  expect((await client.graphql(reverse, { input: reversal })).errors).toBeUndefined();
  const rest = { creditNoteId: note.id, date: '2026-02-03', reason: 'Agreed' };
  const cancel = 'mutation ($input: CancelRemainingInput!) { cancelRemaining(input: $input) { id } }';
  expect((await client.graphql(cancel, { input: rest })).errors).toBeUndefined();
  await gateway.database.superuser.query(`
    insert into users (subject, name) values ('ann', 'Ann');
    insert into rate_limits (key, count, ends_at) values ('k', 1, now());
    insert into balance_snapshots (organization_id, account_id, period, first_day, debits, credits, foreign_debits, foreign_credits)
      select organization_id, id, 'MONTH', '2026-02-01', 0, 0, 0, 0 from accounts limit 1;
    insert into customer_balance_snapshots (organization_id, customer_id, debits, credits) select organization_id, id, 0, 0 from customers limit 1;
    insert into rest_usage (organization_id, day, route, api_key_id, requests)
      select organization_id, '2026-02-01', 'GET /api/accounts', id, 1 from api_keys limit 1`);
});

type Changes = Record<string, unknown>;

/** By constraint: a table that it guards, and a change of a valid row that it refuses. */
const REFUSED: Record<string, readonly [table: string, changes: Changes]> = {
  currency_code_check: ['accounts', { currency_code: 'usd' }],
  exchange_rate_check: ['refunds', { exchange_rate: 0 }],
  role_check: ['api_keys', { role: 'OWNER' }],

  organizations_finite: ['organizations', { lock_date: 'infinity' }],
  organizations_first_id_check: ['organizations', { first_id: 0 }],
  organizations_name_tidy: ['organizations', { name: ' x' }],
  organizations_public_id_check: ['organizations', { public_id: 'a b' }],
  organizations_rest_contract_check: ['organizations', { rest_contract: 'other' }],
  organizations_time_zone_named: ['organizations', { time_zone: '+01:00' }],
  rest_usage_finite: ['rest_usage', { day: 'infinity' }],
  rest_usage_one_caller: ['rest_usage', { user_id: 1 }],
  rest_usage_requests_check: ['rest_usage', { requests: 0 }],
  rest_usage_route_check: ['rest_usage', { route: '' }],
  users_name_tidy: ['users', { name: ' x' }],
  api_keys_hash_check: ['api_keys', { hash: 'x' }],

  accounts_code_tidy: ['accounts', { code: ' x' }],
  accounts_name_tidy: ['accounts', { name: ' x' }],
  accounts_system_active: ['accounts', { system_role: 'rounding', active: false }],
  accounts_system_role_check: ['accounts', { system_role: 'petty-cash' }],
  accounts_type_check: ['accounts', { type: 'wallet' }],
  branches_code_tidy: ['branches', { code: ' x' }],
  branches_primary_active: ['branches', { is_primary: true, active: false }],
  branches_name_tidy: ['branches', { name: ' x' }],
  customers_name_tidy: ['customers', { display_name: ' x' }],

  journal_entries_finite: ['journal_entries', { posting_date: 'infinity' }],
  journal_entries_not_years_ahead: ['journal_entries', { posting_date: '2062-01-01' }],
  journal_entries_reversal_has_original: ['journal_entries', { source: 'REVERSAL', reversal_of_id: null }],
  journal_entries_source_check: ['journal_entries', { source: 'OTHER' }],
  journal_lines_amount_check: ['journal_lines', { amount: -1 }],
  journal_lines_finite: ['journal_lines', { posting_date: '-infinity' }],
  journal_lines_foreign_amount_check: ['journal_lines', { foreign_amount: -1, foreign_currency_code: 'EUR' }],
  journal_lines_foreign_digits: ['journal_lines', { foreign_amount: 1.001, foreign_currency_code: 'EUR' }],
  journal_lines_foreign_has_currency: ['journal_lines', { foreign_amount: 1, foreign_currency_code: null }],
  journal_lines_not_zero: ['journal_lines', { amount: 0, foreign_amount: null, foreign_currency_code: null }],
  journal_lines_side_check: ['journal_lines', { side: 'BOTH' }],

  credit_note_cancellations_amount_check: ['credit_note_cancellations', { amount: 0 }],
  credit_note_cancellations_base_amount_check: ['credit_note_cancellations', { base_amount: -1 }],
  credit_note_cancellations_finite: ['credit_note_cancellations', { date: 'infinity' }],
  credit_note_cancellations_one_author: ['credit_note_cancellations', { api_key_id: null }],
  credit_note_cancellations_protocol_check: ['credit_note_cancellations', { protocol: 'FAX' }],
  credit_note_cancellations_reason_check: ['credit_note_cancellations', { reason: 'x'.repeat(1001) }],
  credit_note_counters_next_check: ['credit_note_counters', { next: 0 }],
  credit_note_lines_amount_check: ['credit_note_lines', { amount: 0 }],
  credit_note_lines_description_check: ['credit_note_lines', { description: 'x'.repeat(1001) }],
  credit_note_lines_finite: ['credit_note_lines', { amount: 'NaN' }],
  credit_notes_finite: ['credit_notes', { date: 'infinity' }],
  credit_notes_never_negative: ['credit_notes', { refunded_base: -1 }],
  credit_notes_never_over_refunded: ['credit_notes', { refunded: 100.01, cancelled: 0 }],
  credit_notes_note_check: ['credit_notes', { note: 'x'.repeat(4001) }],
  credit_notes_number_check: ['credit_notes', { number: '' }],
  credit_notes_opened_with_entry: ['credit_notes', { journal_entry_id: null }],
  credit_notes_reference_no_check: ['credit_notes', { reference_no: 'x'.repeat(256) }],
  credit_notes_total_check: ['credit_notes', { total: 0, cancelled: 0 }],
  credit_notes_total_digits: ['credit_notes', { total: 100.001 }],
  credit_notes_voided_with_entry: ['credit_notes', { voided_at: '2026-02-01', cancelled: 0 }],

  refunds_amount_check: ['refunds', { amount: 0 }],
  refunds_amount_digits: ['refunds', { amount: 0.001 }],
  refunds_description_check: ['refunds', { description: 'x'.repeat(1001) }],
  refunds_finite: ['refunds', { paid_amount: 'NaN' }],
  refunds_never_negative: ['refunds', { paid_amount: -1 }],
  refunds_one_author: ['refunds', { user_id: 1 }],
  refunds_protocol_check: ['refunds', { protocol: 'FAX' }],
  refunds_reference_no_check: ['refunds', { reference_no: 'x'.repeat(256) }],
  refund_reversals_finite: ['refund_reversals', { date: 'infinity' }],
  refund_reversals_one_author: ['refund_reversals', { api_key_id: null }],
  refund_reversals_protocol_check: ['refund_reversals', { protocol: 'FAX' }],
  refund_reversals_reason_check: ['refund_reversals', { reason: 'x'.repeat(1001) }],

  idempotency_keys_fingerprint_check: ['idempotency_keys', { fingerprint: 'x' }],
  idempotency_keys_key_check: ['idempotency_keys', { key: '' }],
  balance_snapshots_credits_check: ['balance_snapshots', { credits: -1 }],
  balance_snapshots_debits_check: ['balance_snapshots', { debits: -1 }],
  balance_snapshots_finite: ['balance_snapshots', { first_day: 'infinity' }],
  balance_snapshots_first_day: ['balance_snapshots', { first_day: '2026-02-02' }],
  balance_snapshots_foreign_credits_check: ['balance_snapshots', { foreign_credits: -1 }],
  balance_snapshots_foreign_debits_check: ['balance_snapshots', { foreign_debits: -1 }],
  balance_snapshots_period_check: ['balance_snapshots', { period: 'WEEK', first_day: '2026-02-02' }],
  customer_balance_snapshots_credits_check: ['customer_balance_snapshots', { credits: -1 }],
  customer_balance_snapshots_debits_check: ['customer_balance_snapshots', { debits: -1 }],
  customer_balance_snapshots_finite: ['customer_balance_snapshots', { credits: 'NaN' }],
  rate_limits_count_check: ['rate_limits', { count: 0 }],
};

/** Inserts a changed copy of the table's first row, and returns the name of the constraint that refuses it. */
async function copy(table: string, changes: Changes): Promise<{ code: string; constraint: string }> {
  const { superuser } = gateway.database;
  const columns = await columnsOf(superuser, table);
  await superuser.query('begin');
  await superuser.query(`alter table ${table} disable trigger user`);
  try {
    await superuser.query(
      `insert into ${table} (${columns}) overriding system value
       select ${columns} from (
         select (jsonb_populate_record(original, $1)).* from ${table} original order by original limit 1
       ) changed`,
      [JSON.stringify(changes)],
    );
    throw new Error('the row was stored');
  } catch (error) {
    return error as { code: string; constraint: string };
  } finally {
    await superuser.query('rollback');
  }
}

it('every check constraint of the database is in this test, and every constraint of this test is in the database', async () => {
  const { rows } = await gateway.database.superuser.query<{ conname: string }>(
    `select conname from pg_constraint where contype = 'c' and connamespace = current_schema()::regnamespace`,
  );
  expect(Object.keys(REFUSED).sort()).toEqual(rows.map(({ conname }) => conname).sort());
});

it.each([...new Set(Object.values(REFUSED).map(([table]) => table))])(
  'an unchanged copy of a row of %s violates only its primary key',
  async (table) => {
    expect(await copy(table, {})).toMatchObject({ code: '23505' });
  },
);

it.each(Object.entries(REFUSED))('%s refuses its row', async (constraint, [table, changes]) => {
  expect(await copy(table, changes)).toMatchObject({ code: '23514', constraint });
});

it.each<[constraint: string, table: string, changes: Changes]>([
  ...['refunded', 'refunded_base', 'applied', 'cancelled', 'cancelled_base'].map((column): [string, string, Changes] => [
    'credit_notes_never_negative',
    'credit_notes',
    { [column]: -1 },
  ]),
  ['refunds_never_negative', 'refunds', { settled_amount: -1 }],
  ['credit_notes_never_over_refunded', 'credit_notes', { opened_at: null, journal_entry_id: null, refunded: 1, cancelled: 0 }],
  ['credit_notes_never_over_refunded', 'credit_notes', { voided_at: '2026-02-01', void_entry_id: 1, refunded: 1, cancelled: 0 }],
])('%s refuses each of its columns: %s %j', async (constraint, table, changes) => {
  expect(await copy(table, changes)).toMatchObject({ code: '23514', constraint });
});

it('no number of the books is NaN or infinite', async () => {
  const { rows } = await gateway.database.superuser.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = current_schema() and data_type = 'numeric' and table_name = any ($1)`,
    [Object.values(REFUSED).map(([table]) => table)],
  );
  expect(rows).toContainEqual({ table: 'credit_notes', column: 'unrounded_gain' });
  for (const { table, column } of rows) {
    const currency = column === 'foreign_amount' ? { foreign_currency_code: 'EUR' } : {};
    for (const value of ['NaN', 'Infinity', '-Infinity']) {
      const { code } = await copy(table, { ...currency, [column]: value });
      // A column with a limit of digits has no infinity.
      expect({ table, column, value, refused: ['23514', '22003'].includes(code) }).toEqual({ table, column, value, refused: true });
    }
  }
});
