import { beforeAll, expect, it } from '@jest/globals';
import { columnsOf } from './helpers/database.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** The search of the legacy web app, `search_keyword`, finds what the search of GraphQL finds. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
beforeAll(async () => {
  for (const [number, referenceNo, note] of [
    ['RET-1', 'Order 77', 'Broken lamp'],
    ['RET-2', 'Order 78', 'Lamps, late'],
    ['OTHER', 'Order 79', ''],
  ] as const) {
    await books.creditNote('10.00', { number, referenceNo, note });
  }
  await books.creditNote('10.00', { number: 'RET-3', open: false });
});

async function get(url: string, of = books) {
  const { statusCode, headers, body } = await gateway.app.inject({ url, headers: of.client.headers });
  return { status: statusCode, headers, json: JSON.parse(body) };
}

async function numbersOf(query: string) {
  const { status, json, headers } = await get(`/api/credit-notes?${query}`);
  expect([status, json]).toMatchObject([200, {}]);
  const numbers = json.credit_notes.map(({ credit_note_number: number }: { credit_note_number: string }) => number);
  return { numbers, total: json.pagination.total, link: headers.link, meta: json.filter_meta };
}

it.each<[string, string[]]>([
  ['search_keyword=ret', ['RET-1', 'RET-2', 'RET-3']],
  ['searchKeyword=RET-2', ['RET-2']],
  ['search_keyword=lamp', ['RET-1', 'RET-2']],
  ['search_keyword=order+79', ['OTHER']],
  ['search_keyword=ret&view_slug=draft', ['RET-3']],
  ['search_keyword=ret&column_sort_by=credit_number', ['RET-3', 'RET-2', 'RET-1']],
  ['search_keyword=nothing', []],
])('credit notes with %s', async (query, expected) => {
  expect(await numbersOf(query)).toMatchObject({ numbers: expected, total: expected.length, link: undefined });
});

it('has pages, whose links keep the words, and names them', async () => {
  const first = await numbersOf('search_keyword=ret&page_size=2');
  expect(first).toMatchObject({ numbers: ['RET-1', 'RET-2'], total: 3, meta: { search_keyword: 'ret' } });
  expect(first.link).toBe('</api/credit-notes?search_keyword=ret&page=2&page_size=2>; rel="next"');
  expect(await numbersOf('search_keyword=ret&page_size=2&page=2')).toMatchObject({ numbers: ['RET-3'], total: 3, link: undefined });
});

it('finds customers and accounts, of this organization and active alone', async () => {
  const other = await gateway.books();
  for (const client of [books.client, other.client]) {
    for (const active of [true, false]) {
      const { data } = await client.graphql<{ createCustomer: { id: string } }, object>(
        'mutation { createCustomer(input: { displayName: "Zebra Ltd" }) { id } }',
      );
      const id = data?.createCustomer.id;
      if (!active) await client.graphql(`mutation { updateCustomer(input: { customerId: ${id}, active: false }) { id } }`);
    }
  }
  const namesOf = async (url: string, list: string) =>
    (await get(url)).json[list].map((row: Record<string, string>) => row.display_name ?? row.name);
  expect(await namesOf('/api/customers?search_keyword=zeb', 'customers')).toEqual(['Zebra Ltd']);
  expect(await namesOf('/api/customers?search_keyword=zeb&inactive_mode=true', 'customers')).toEqual(['Zebra Ltd']);
  expect(await namesOf('/api/accounts?search_keyword=bank', 'accounts')).toEqual(['Bank']);
});

it.each([
  'search_keyword=x',
  'search_keyword=%2E%2E',
  `search_keyword=${'x'.repeat(101)}`,
  'search_keyword=ab&search_keyword=cd',
  'search_keyword=a%00b',
])('%s is refused by its name', async (query) => {
  for (const list of ['credit-notes', 'customers', 'accounts']) {
    const { status, json } = await get(`/api/${list}?${query}`);
    expect([status, json.message.map(({ property }: { property: string }) => property)]).toEqual([400, ['search_keyword']]);
    expect(json.message[0].constraints.isSearch).toMatch(/^search_keyword must be text/);
  }
});

it('words that more than 10,000 records have are refused, since their number is not known', async () => {
  const other = await gateway.books();
  await other.client.graphql('mutation { createCustomer(input: { displayName: "Common Ltd" }) { id } }');
  const { superuser } = gateway.database;
  const columns = await columnsOf(superuser, 'customers');
  await superuser.query("begin; set local session_replication_role = 'replica'");
  await superuser.query(
    `insert into customers (${columns}) select ${columns.replace(/\bid\b/, 'id + n')}
     from customers, generate_series(1, 10000) n where organization_id = $1 and display_name = 'Common Ltd'`,
    [other.organization.id],
  );
  await superuser.query('commit');
  const { status, json } = await get('/api/customers?search_keyword=common', other);
  expect([status, json.errors]).toMatchObject([
    400,
    [{ type: 'TOO_MANY_MATCHES', message: expect.stringContaining('More than 10000'), payload: { field: 'search_keyword' } }],
  ]);
  expect((await get('/api/customers?search_keyword=uncommon', other)).json).toMatchObject({
    customers: [],
    pagination: { total: 0 },
  });
});
