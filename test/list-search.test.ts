import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

interface Page {
  readonly nodes: readonly Record<string, unknown>[];
  readonly totalCount: number;
}

const gateway = sharedGateway();
const books = sharedBooks(gateway);
beforeAll(async () => {
  const note = await books.creditNote('500.00', { number: 'CN-2026/0042', referenceNo: 'PO 77-A', note: 'Für den Stuhl, 3½ m²' });
  await books.creditNote('1.00', { number: 'Брак-9', note: "it's 100% “broken” \\ :* & | ! ( ) <->" });
  await books.refund(note.id, { referenceNo: 'TRX-0001', description: 'Chair returned', amount: '1.00' });
  await books.refund(note.id, { referenceNo: 'trx-0002', description: 'Table', amount: '2.00' });
  // A reference stays as it was sent: here with an accent of its books, as some systems write it.
  await books.refund(note.id, { referenceNo: 'Cafe\u0301-3', description: 'ΟΔΟΣ Μεγάλης οδός', amount: '3.00' });
  await books.creditNote('2.00', { number: 'Straße-4', note: 'GROẞ' });
  const other = await gateway.books();
  await other.refund((await other.creditNote('500.00')).id, { referenceNo: 'TRX-0001', description: 'Chair returned' });
});

const found = async (list: string, field: string, search: string) => {
  const { data, errors } = await books.client.graphql<Record<string, Page | undefined>, object>(
    `query ($search: String) { ${list}(filter: { search: $search }) { nodes { ${field} } totalCount } }`,
    { search },
  );
  expect(errors).toBeUndefined();
  expect(data?.[list]?.totalCount).toBe(data?.[list]?.nodes.length);
  return data?.[list]?.nodes.map((node) => node[field]);
};

it.each([
  ['trx', ['TRX-0001', 'trx-0002']],
  ['TRX-0001', ['TRX-0001']],
  ['0001', ['TRX-0001']],
  ['chair', ['TRX-0001']],
  ['ret chai', ['TRX-0001']],
  ['returned, table', []],
  ['cafe\u0301', ['Cafe\u0301-3']],
  ['CAF\u00c9', ['Cafe\u0301-3']],
  ['οδος', ['Cafe\u0301-3']],
  ['ΟΔΌΣ', ['Cafe\u0301-3']],
  ['Οδος ΜΕΓΆΛΗΣ', ['Cafe\u0301-3']],
  ['RX', []],
  ["x' | 'y", []],
  ['%_', null],
  ['trx Trx TRX trx trx trx trx trx trx', ['TRX-0001', 'trx-0002']],
  ['t r x 0 1 2 3 4 5', null],
])('a search finds refunds by the beginnings of words: %s', async (search, expected) => {
  if (expected !== null) return expect(await found('refunds', 'referenceNo', search)).toEqual(expected);
  const { errors } = await books.client.graphql(`{ refunds(filter: { search: ${JSON.stringify(search)} }) { totalCount } }`);
  return expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'search' });
});

it.each([
  ['2026/0042', ['CN-2026/0042']],
  ['cn 2026', ['CN-2026/0042']],
  ['po 77', ['CN-2026/0042']],
  ['FÜR', ['CN-2026/0042']],
  ['stuhl', ['CN-2026/0042']],
  ['брак', ['Брак-9']],
  ['STRASSE', ['Straße-4']],
  ['straß', ['Straße-4']],
  ['STRAẞE groß', ['Straße-4']],
  ['GROSS', ['Straße-4']],
  ['100%', ['Брак-9']],
  ["it's", ['Брак-9']],
  ['“broken” \\ :* & | !', ['Брак-9']],
])('a search finds credit notes by number, reference and note: %s', async (search, expected) => {
  expect(await found('creditNotes', 'number', search)).toEqual(expected);
});

it('a search finds accounts, branches and customers', async () => {
  expect(await found('accounts', 'name', 'exchange')).toEqual(['Exchange Gain or Loss']);
  expect(await found('branches', 'name', 'head off')).toEqual(['Head Office']);
  expect(await found('customers', 'displayName', 'CAROL')).toEqual(['Carol', 'Carol', 'Carol']);
});

it('a filter finds credit notes by their states', async () => {
  const own = await gateway.books();
  const [open, closed, draft, isVoid] = [
    await own.creditNote('10.00'),
    await own.creditNote('10.00'),
    await own.creditNote('10.00', { open: false }),
    await own.creditNote('10.00'),
  ].map(({ id }) => id);
  await own.refund(closed ?? '', { amount: '10.00' });
  expect((await own.client.graphql(`mutation { voidCreditNote(id: ${isVoid}) { id } }`)).errors).toBeUndefined();
  const states = { OPEN: [open], CLOSED: [closed], DRAFT: [draft], VOID: [isVoid], '[DRAFT, OPEN]': [open, draft], '[]': [] };
  for (const [status, expected] of Object.entries(states)) {
    const { data } = await own.client.graphql<Record<string, Page>, undefined>(
      `{ creditNotes(filter: { status: ${status} }) { nodes { id status } } }`,
    );
    expect([status, data?.creditNotes?.nodes.map(({ id }) => id)]).toEqual([status, expected]);
    for (const node of data?.creditNotes?.nodes ?? []) expect(status).toContain(node.status);
  }
});
