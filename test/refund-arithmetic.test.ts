import { beforeEach, expect, it } from '@jest/globals';
import { freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

/** The database checks that a refund settles its share of the note and pays its own amount; SQL is sent in the gateway's role. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let note: string;
beforeEach(async () => {
  note = (await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' })).id;
});

interface Amounts {
  rate: string;
  settled: string;
  paid: string;
  gain: string;
  /** Amounts of the journal entry that differ from those of the refund. */
  booked?: { fx?: string; rounding?: string };
}

/** Posts a refund of 40.00 EUR with its entry in one transaction; returns "accepted" or the database's error message. */
function refundBySql({ rate, settled, paid, gain, booked = {} }: Amounts): Promise<string> {
  const { bank, branch, receivable } = books.ids;
  const { id } = books.organization;
  const role = (name: string) => `(select id from accounts where organization_id = ${id} and system_role = '${name}')`;
  const fx = booked.fx ?? gain;
  const rounding = booked.rounding ?? `${settled} - ${paid} - ${gain}`;
  const lines = [
    [`${receivable}`, settled, '40'],
    [bank, `-(${paid})`, '40'],
    [role('fx-gain-loss'), `-(${fx})`, 'null'],
    [role('rounding'), `-(${rounding})`, 'null'],
  ].map((line) => `(${line.join(', ')})`);
  return outcomeOf(
    gateway.database.sql,
    `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-02-01', 'REFUND', 'by hand')`,
    `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount, foreign_currency_code)
     select ${id}, ${books.newest('journal_entries')}, '2026-02-01', case when amount < 0 or (amount = 0 and account_id = ${bank}) then 'CREDIT' else 'DEBIT' end,
       account_id, case account_id when ${receivable} then (select customer_id from credit_notes where id = ${note}) end, ${branch}, abs(amount), foreign_amount, case when foreign_amount is not null then 'EUR' end
     from (values ${lines.join(', ')}) line (account_id, amount, foreign_amount) where amount <> 0 or foreign_amount is not null`,
    books.refundBySql(note, {
      currency_code: `'EUR'`,
      exchange_rate: rate,
      settled_amount: settled,
      paid_amount: paid,
      realized_gain: gain,
    }),
  );
}

it('a refund by SQL is accepted with the right settled and paid amounts', async () => {
  expect(await refundBySql({ rate: '1.15', settled: '44', paid: '46', gain: '-2' })).toBe('accepted');
  expect(await refundBySql({ rate: '1.1', settled: '44', paid: '44', gain: '0' })).toBe('accepted');
});

it.each<[string, Amounts]>([
  ['settles nothing and posts the rest as a loss', { rate: '1.1', settled: '0', paid: '44', gain: '-44' }],
  ['settles nothing and posts the rest as rounding', { rate: '1.1', settled: '0', paid: '44', gain: '0' }],
  ['has a gain at an unchanged rate', { rate: '1.1', settled: '44', paid: '44', gain: '0.01', booked: { rounding: '-0.01' } }],
  ['posts its loss as rounding', { rate: '1.15', settled: '44', paid: '46', gain: '0' }],
  ['pays a cent more than its rate gives', { rate: '1.15', settled: '44', paid: '46.01', gain: '-2' }],
  ['pays a million more than its rate gives', { rate: '1.15', settled: '44', paid: '1000046', gain: '-2' }],
  ['has another loss in its entry', { rate: '1.15', settled: '44', paid: '46', gain: '-2', booked: { fx: '-1', rounding: '-1' } }],
])('a refund by SQL is refused if it %s', async (_, amounts) => {
  expect(await refundBySql(amounts)).toMatch(/is not what its journal entry says/);
});

it('the realized gain of a note changes only with its refunds', async () => {
  const update = `update credit_notes set realized_gain = 5 where id = ${note}`;
  await expect(gateway.database.sql.query(update)).rejects.toThrow('changes only with its refunds');
});
