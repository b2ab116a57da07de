import { describe, expect, it } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import {
  CreateAccountDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
  CreditNoteDocument,
  RefundCreditNoteDocument,
} from './generated/documents.js';
import { readCluster } from './helpers/cluster.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { cli, databaseByUrl, refusedStart } from './helpers/process.js';

/** The currencies of ISO 4217 as of 2026, with their numbers of decimals. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);

const customer = (currencyCode: string) =>
  books.client.graphql(CreateCustomerDocument, { input: { displayName: 'x', currencyCode } });
const account = (currencyCode: string) =>
  books.client.graphql(CreateAccountDocument, { input: { code: currencyCode, name: 'x', type: 'BANK', currencyCode } });
const codeOf = ({ errors }: { errors?: readonly { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions.code;

describe('a currency for new records', () => {
  it.each([
    ['XCG', '0.01'],
    ['ZWG', '0.01'],
    ['SLE', '0.01'],
    ['MRU', '0.01'],
    ['MGA', '0.01'],
    ['IQD', '0.001'],
    ['CLF', '0.0001'],
    ['UYI', '1'],
    ['XOF', '1'],
  ])('can be %s, whose smallest amount is %s', async (currencyCode, smallest) => {
    const note = await books.creditNote('1000', { currencyCode, exchangeRate: '0.5' });
    const refund = (amount: string) =>
      books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id, { amount, exchangeRate: '0.5' }) });
    expect((await refund(smallest)).data?.refundCreditNote?.amount).toBe(smallest);
    expect(codeOf(await refund(`${smallest.replace(/^1$/, '1.')}1`))).toBe('AMOUNT_PRECISION');
  });

  it.each(['ANG', 'BGN', 'CUC', 'HRK', 'DEM', 'ZWL', 'XAU', 'XDR', 'XTS', 'XXX', 'XBT'])(
    'cannot be %s, which is withdrawn or no currency',
    async (currencyCode) => {
      expect([codeOf(await customer(currencyCode)), codeOf(await account(currencyCode))]).toEqual([
        'CURRENCY_NOT_FOUND',
        'CURRENCY_NOT_FOUND',
      ]);
      const { superuser } = gateway.database;
      for (const statement of [
        `insert into customers (organization_id, display_name, currency_code) values (${books.organization.id}, 'x', '${currencyCode}')`,
        `insert into organizations (public_id, name, base_currency, time_zone) values ('x', 'x', '${currencyCode}', 'UTC')`,
        `insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note, created_by)
       values (${books.organization.id}, 'x', 1, ${books.ids.branch}, '2026-01-15', '${currencyCode}', 1.1, 1, '', '', 'psql')`,
        `update accounts set currency_code = '${currencyCode}' where organization_id = ${books.organization.id}`,
      ]) {
        await expect(superuser.query(statement)).rejects.toThrow('no currency for new records');
      }
    },
  );
});

it('a withdrawn currency can be read, and its open notes can be refunded, but new notes in it are refused', async () => {
  const customerId = await books.customer('EUR');
  const note = await books.creditNote('100.00', { customerId, exchangeRate: '0.5' });
  const { superuser } = gateway.database;
  await gateway.database.withoutRules(async () => {
    await superuser.query(`update credit_notes set currency_code = 'BGN' where id = $1`, [note.id]);
    await superuser.query(`update customers set currency_code = 'BGN' where id = $1`, [customerId]);
  });

  const refund = await books.refund(note.id, { amount: '0.01', exchangeRate: '0.5' });
  const { creditNote } = await books.client.query(CreditNoteDocument, { id: note.id });
  const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
  const input = { customerId, date: '2026-01-15', lines, exchangeRate: '0.5' };

  expect([refund.amount, creditNote?.currencyCode, creditNote?.remaining]).toEqual(['0.01', 'BGN', '99.99']);
  expect(codeOf(await books.client.graphql(CreateCreditNoteDocument, { input }))).toBe('CURRENCY_NOT_FOUND');
});

it('a start is refused when the currency list of the database differs, and npm run migrate corrects it', async () => {
  const { admin, database, role, superuserUrl } = await databaseByUrl();
  const url = connectionUrl({ ...readCluster().application, database });
  const { rows } = await gateway.database.superuser.query(`select pg_get_functiondef('currencies()'::regprocedure) as text`);
  expect(rows[0].text).toContain(`('XCG', 2, true)`);
  const change = new URL(superuserUrl);
  const client = new (admin.constructor as new (text: string) => typeof admin)(change.href);
  await client.connect();
  await client.query(rows[0].text.replace(`('XCG', 2, true)`, `('XCG', 2, false)`));
  await client.end();

  const refused = await refusedStart({ DATABASE_URL: url });
  const migrated = await cli({ DATABASE_URL: superuserUrl }, 'migrate', '--application-role', role);
  const again = await cli({ DATABASE_URL: superuserUrl }, 'migrate', '--application-role', role);

  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The database lacks .*ISO 4217 \(XCG\).*npm run migrate\n$/),
  });
  expect([migrated.stdout, again.stdout]).toEqual(['Applied: currencies of ISO 4217 (XCG)\n', 'Nothing to migrate.\n']);
});
