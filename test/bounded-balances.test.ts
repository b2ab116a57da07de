import { expect, it } from '@jest/globals';
import { sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

it('the balances of an account in its own currency on many days are read in one statement', async () => {
  const books = await gateway.books();
  const accounts = [await books.account('BANK', { currencyCode: 'EUR' }), await books.account('CASH', { currencyCode: 'EUR' })];
  const note = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
  const refund = (amount: string, date: string, fromAccountId = accounts[0]) =>
    books.refund(note.id, { amount, date, exchangeRate: '1.1', ...(fromAccountId !== undefined && { fromAccountId }) });
  await refund('1.00', '2026-02-01');
  await refund('2.00', '2026-02-03');
  await refund('4.00', '2026-02-03', accounts[1]);
  await refund('8.00', '2026-02-28');
  const days = ['0001-01-01', '2026-01-31', '2026-02-01', '2026-02-02', '2026-02-03', '2026-02-27', '2026-02-28', '9999-12-31'];
  const fields = days.map((day, index) => `d${index}: currencyBalance(asOf: "${day}")`).join(' ');
  const before = gateway.database.statements.length;

  const { data } = await books.client.graphql(
    `{ accounts(first: 2, filter: { currencyCode: "EUR" }) { nodes { ${fields} now: currencyBalance } } }`,
  );

  const named = (amounts: string[]) =>
    Object.fromEntries(amounts.map((amount, index) => [days[index] ? `d${index}` : 'now', amount]));
  const nodes = [
    named(['0.00', '0.00', '-1.00', '-1.00', '-3.00', '-3.00', '-11.00', '-11.00', '-11.00']),
    named(['0.00', '0.00', '0.00', '0.00', '-4.00', '-4.00', '-4.00', '-4.00', '-4.00']),
  ];
  expect(data).toEqual({ accounts: { nodes } });
  const reading = gateway.database.statements.slice(before).filter((statement) => statement.includes('from journal_lines'));
  expect(reading).toHaveLength(1);
});
