import { describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** What a frontend looks up: a note by its number, the document of an entry, and the currencies of amounts. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);

const ask = async <T>(query: string) => {
  const { data, errors } = await books.client.graphql<T, undefined>(query);
  expect(errors).toBeUndefined();
  return data as T;
};

describe('a credit note', () => {
  it.each(['CN-00777', 'cn-00777', 'ＣＮ-00777', ' CN-00777\u00a0'])(
    'is found by its number, as people read it: %s',
    async (number) => {
      const { id } =
        (await ask<{ creditNoteByNumber: { id: string } | null }>('{ creditNoteByNumber(number: "CN-00777") { id } }'))
          .creditNoteByNumber ?? (await books.creditNote('10.00', { number: 'CN-00777' }));
      expect(await ask(`{ creditNoteByNumber(number: "${number}") { id total customer { displayName } } }`)).toEqual({
        creditNoteByNumber: { id, total: '10.00', customer: { displayName: 'Carol' } },
      });
    },
  );

  it('is not found by the number of another organization', async () => {
    const { number } = await (await gateway.books()).creditNote('10.00', { number: 'THEIRS-1' });
    expect(await ask(`{ creditNoteByNumber(number: "${number}") { id } }`)).toEqual({ creditNoteByNumber: null });
  });

  it('is not looked up by a blank number', async () => {
    const { errors } = await books.client.graphql('{ creditNoteByNumber(number: " ") { id } }');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'number' });
  });
});

it('a journal entry leads to its document and back', async () => {
  const note = await books.creditNote('10.00');
  const { id } = await books.refund(note.id, { amount: '4.00' });
  const { errors } = await books.client.graphql(
    `mutation { cancelRemaining(input: { creditNoteId: ${note.id}, date: "2026-02-03", reason: "Waived" }) { id } }`,
  );
  expect(errors).toBeUndefined();
  const documents =
    'refund { id journalEntry { refund { id } } } creditNote { id } cancellation { amount creditNote { id } journalEntry { cancellation { reason } } }';
  for (let round = 0; round < 4; round += 1) {
    expect(await ask(`{ journalEntries(orderBy: ID_DESC, first: 3) { nodes { ${documents} } } }`)).toEqual({
      journalEntries: {
        nodes: [
          {
            refund: null,
            creditNote: null,
            cancellation: { amount: '6.00', creditNote: { id: note.id }, journalEntry: { cancellation: { reason: 'Waived' } } },
          },
          { refund: { id, journalEntry: { refund: { id } } }, creditNote: null, cancellation: null },
          { refund: null, creditNote: { id: note.id }, cancellation: null },
        ],
      },
    });
  }
});

it.each([
  ['JPY', 0, 'Japanese Yen'],
  ['USD', 2, 'US Dollar'],
  ['KWD', 3, 'Kuwaiti Dinar'],
])('a form knows the decimals of %s before it sends an amount', async (code, decimals, name) => {
  const note = await books.creditNote('10', { currencyCode: code, ...(code !== 'USD' && { exchangeRate: '1.5' }) });
  const { id } = await books.refund(note.id, { amount: '10', ...(code !== 'USD' && { exchangeRate: '1.5' }) });
  const currency = { id: code, code, decimals, name, current: true };
  const fields = 'currency { id code decimals name current }';
  const { refund } = await ask<{ refund: object }>(
    `{ refund(id: ${id}) { ${fields} creditNote { ${fields} customer { ${fields} } } journalEntry { lines { foreignCurrency { code } } } fromAccount { currency { code } } } }`,
  );
  const foreignCurrency = code === 'USD' ? null : { code };
  expect(refund).toMatchObject({
    currency,
    creditNote: { currency, customer: { currency } },
    journalEntry: { lines: expect.arrayContaining([{ foreignCurrency }]) },
    fromAccount: { currency: { code: 'USD' } },
  });
});

it('lists the currencies that new records may use, and the base currency of the organization', async () => {
  const data = await ask<{ currencies: { code: string; current: boolean }[]; me: unknown }>(
    '{ currencies { code current } me { organization { baseCurrency currency { code decimals } } } }',
  );
  const codes = data.currencies.map(({ code }) => code);
  expect(codes).toEqual([...codes].sort());
  expect(codes).toEqual(expect.arrayContaining(['EUR', 'JPY', 'XCG']));
  expect(codes).not.toContain('ANG');
  expect(data.me).toEqual({ organization: { baseCurrency: 'USD', currency: { code: 'USD', decimals: 2 } } });
});

it('an account in a foreign currency has a balance in its own and in the base currency', async () => {
  const own = await gateway.books();
  const euros = await own.account('BANK', { currencyCode: 'EUR' });
  const note = await own.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
  await own.refund(note.id, { amount: '40.00', exchangeRate: '1.2', fromAccountId: euros, date: '2026-02-01' });
  await own.refund(note.id, { amount: '10.00', exchangeRate: '1.2', fromAccountId: euros, date: '2026-02-03' });
  await own.refund(note.id, { amount: '50.00', exchangeRate: '1.2', fromAccountId: own.ids.bank, date: '2026-02-03' });
  const balances = 'balance currencyBalance earlier: currencyBalance(asOf: "2026-02-02")';
  const { data } = await own.client.graphql(
    `{ euros: account(id: ${euros}) { ${balances} } dollars: account(id: ${own.ids.bank}) { ${balances} } }`,
  );
  expect(data).toEqual({
    euros: { balance: '-60.00', currencyBalance: '-50.00', earlier: '-40.00' },
    dollars: { balance: '-60.00', currencyBalance: '-60.00', earlier: '0.00' },
  });
});
