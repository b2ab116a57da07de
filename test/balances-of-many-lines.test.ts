import { beforeAll, expect, it } from '@jest/globals';
import { snapshotBalances } from '../src/services/ledger/balances.js';
import { snapshotBusyOrganizations } from '../src/services/ledger/maintenance.js';
import { columnsOf } from './helpers/database.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { EXPLAIN, type Executed, plantRows, watchPlans } from './helpers/plans.js';

/** A balance is exact on each day, and reads few rows, however many lines there are and over however many years. */

const LINES = 6_000;
const DAYS = ['2014-01-01', '2014-12-31', '2015-01-01', '2019-02-28', '2020-02-29', '2025-11-30', '2025-12-31', '9999-12-31'];

const gateway = sharedGateway({ settings: EXPLAIN });
const books = sharedBooks(gateway);
let bank: string;
let customer: string;
let executed: Executed[];

beforeAll(async () => {
  bank = await books.account('BANK', { currencyCode: 'EUR' });
  customer = await books.customer('EUR');
  await refund();
  await addLines();
  executed = await watchPlans(gateway);
});

async function refund(): Promise<void> {
  const note = await books.creditNote('100.00', { customerId: customer, currencyCode: 'EUR', exchangeRate: '1.1' });
  await books.refund(note.id, { fromAccountId: bank, amount: '1.00', exchangeRate: '1.3' });
}

/** Copies the lines of the newest entry, with other amounts, over twelve years. */
async function addLines(): Promise<void> {
  const columns = await columnsOf(gateway.database.superuser, 'journal_lines');
  const organization = books.organization.id;
  await plantRows(
    gateway,
    `insert into journal_lines (${columns})
     select ${columns} from (
       select copy.* from (
         select row_number() over (order by more, original.id) as place, more, to_jsonb(original) as original, newest
         from journal_lines original, generate_series(1, ${LINES / 3}) more, (select max(id) as newest from journal_lines where organization_id = ${organization}) line
         where original.organization_id = ${organization} and journal_entry_id = ${books.newest('journal_entries')}
       ) numbered, jsonb_populate_record(null::journal_lines, original || jsonb_build_object('id', newest + place,
         'posting_date', date '2014-01-01' + (more * 37 % 4383)::integer, 'amount', (original ->> 'amount')::numeric + more % 7,
         'foreign_amount', (original ->> 'foreign_amount')::numeric + more % 5)) copy
     ) copies`,
  );
}

/** The balances over GraphQL and REST. */
async function balances() {
  const onDays = (field: string) => DAYS.map((day, index) => `${field}${index}: ${field}(asOf: "${day}")`).join(' ');
  const { data } = await books.client.graphql(
    `{ account(id: ${bank}) { balance currencyBalance ${onDays('balance')} ${onDays('currencyBalance')} } customer(id: ${customer}) { balance } }`,
  );
  const trial = await books.client.graphql('{ trialBalance(asOf: "2020-02-29") { lines { account { id } debits credits } } }');
  const { body } = await gateway.app.inject({ url: `/api/customers/${customer}`, headers: books.client.headers });
  const { account, customer: owing } = data as { account: object; customer: { balance: string } };
  const { lines } = (trial.data as { trialBalance: { lines: { account: { id: string } }[] } }).trialBalance;
  return {
    ...account,
    customer: [owing.balance, JSON.parse(body).balance.toFixed(2)],
    trialBalance: lines.find((line) => line.account.id === bank),
  };
}

/** The same, as sums of all lines. */
async function sums() {
  const { superuser } = gateway.database;
  const sum = async (columns: string, where: string) =>
    (await superuser.query(`select ${columns} from journal_lines where organization_id = ${books.organization.id} and ${where}`))
      .rows[0];
  const signed = (amount: string) =>
    `coalesce(sum(case side when 'DEBIT' then ${amount} else -${amount} end), 0)::numeric(20, 2)::text as sum`;
  const ofAccount = async (amount: string, day: string) =>
    (await sum(signed(amount), `account_id = ${bank} and posting_date <= '${day}' and ${amount} is not null`)).sum;
  const onDays = async (name: string, amount: string) => {
    const ofDay: Record<string, unknown> = {};
    for (const [index, day] of DAYS.entries()) ofDay[`${name}${index}`] = await ofAccount(amount, day);
    return ofDay;
  };
  const owed = (await sum(signed('amount'), `customer_id = ${customer}`)).sum;
  const turnover = await sum(
    `coalesce(sum(amount) filter (where side = 'DEBIT'), 0)::numeric(20, 2)::text as debits, sum(amount) filter (where side = 'CREDIT')::numeric(20, 2)::text as credits`,
    `account_id = ${bank} and posting_date <= '2020-02-29'`,
  );
  return {
    balance: await ofAccount('amount', 'infinity'),
    currencyBalance: await ofAccount('foreign_amount', 'infinity'),
    ...(await onDays('balance', 'amount')),
    ...(await onDays('currencyBalance', 'foreign_amount')),
    customer: [owed, owed],
    trialBalance: { account: { id: bank }, ...turnover },
  };
}

it('balances are exact before the first snapshots, and with newer lines beside them', async () => {
  expect(await balances()).toEqual(await sums());
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  expect(await balances()).toEqual(await sums());
  await refund();
  expect(await balances()).toEqual(await sums());
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  expect(await balances()).toEqual(await sums());
  expect((await books.client.graphql('{ ledgerHealth { checks { name healthy } } }')).data).toMatchObject({
    ledgerHealth: { checks: expect.arrayContaining([{ name: 'snapshots-are-the-sums-of-their-lines', healthy: true }]) },
  });
});

it.each([
  ['the balance of an account', () => `{ account(id: ${bank}) { balance } }`],
  ['its balance at the end of a long day', () => `{ account(id: ${bank}) { balance(asOf: "2025-12-30") } }`],
  [
    'its balance in its own currency',
    () =>
      `{ account(id: ${bank}) { currencyBalance currencyBalance(asOf: "2025-12-30") } }`.replace(
        'currencyBalance(',
        'then: currencyBalance(',
      ),
  ],
  ['the balance of a customer', () => `{ customer(id: ${customer}) { balance } }`],
])('%s reads few rows', async (_, query) => {
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  for (let count = 0; count < 7; count += 1) {
    executed.length = 0;
    expect((await books.client.graphql(query())).errors).toBeUndefined();
    expect(executed.some(({ text }) => text.includes('balance_snapshots'))).toBe(true);
    expect(executed.filter(({ rows }) => rows > 150)).toEqual([]);
  }
});

it('the balances of an account on many days are read in one statement', async () => {
  const before = gateway.database.statements.length;
  await balances();
  const reading = gateway.database.statements.slice(before).filter((statement) => statement.includes('from journal_lines'));
  // Account, the same in its own currency, customer twice, trial balance.
  expect(reading).toHaveLength(5);
});

it('between two runs of the maintenance, snapshots are taken of organizations with many new lines alone', async () => {
  const watermark = async () => {
    const { rows } = await gateway.database.superuser.query(
      `select (select line_id from balance_watermarks where organization_id = $1) as summed, max(id) as newest from journal_lines where organization_id = $1`,
      [books.organization.id],
    );
    return rows[0];
  };
  await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
  await refund();
  const { summed } = await watermark();
  await snapshotBusyOrganizations(gateway.database.orm.em.fork());
  expect((await watermark()).summed).toBe(summed);

  await addLines();
  await snapshotBusyOrganizations(gateway.database.orm.em.fork());
  const { summed: then, newest } = await watermark();
  expect(then).toBe(newest);
});
