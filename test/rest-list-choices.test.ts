import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** What the legacy web app asks of lists: views, orders and filters are honoured or refused, and never ignored. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
const notes: Record<'draft' | 'open' | 'closed', number> = { draft: 0, open: 0, closed: 0 };
beforeAll(async () => {
  notes.open = Number((await books.creditNote('100.00')).id);
  notes.draft = Number((await books.creditNote('100.00', { open: false })).id);
  notes.closed = Number((await books.creditNote('100.00')).id);
  await books.refund(String(notes.closed), { amount: '100.00' });
});

async function get(url: string, of = books) {
  const { statusCode, headers, body } = await gateway.app.inject({ url, headers: of.client.headers });
  return { status: statusCode, headers, json: JSON.parse(body) };
}

async function idsOf(query: string): Promise<number[]> {
  const { json } = await get(`/api/credit-notes?${query}`);
  expect(json.pagination.total).toBe(json.credit_notes.length);
  return json.credit_notes.map(({ id }: { id: number }) => id);
}

it.each<[string, (keyof typeof notes)[]]>([
  ['draft', ['draft']],
  ['open', ['open']],
  ['closed', ['closed']],
  ['published', ['open', 'closed']],
  ['Open', ['open']],
  ['', ['open', 'draft', 'closed']],
])('the view %s has its credit notes alone, and counts them', async (view, expected) => {
  expect(await idsOf(`view_slug=${view}`)).toEqual(expected.map((name) => notes[name]));
});

it.each<[string, 'asc' | 'desc', 'asc' | 'desc']>([
  ['', 'asc', 'desc'],
  ['sort_order=asc', 'asc', 'asc'],
  ['sort_order=DESC', 'desc', 'desc'],
  ['column_sort_by=created_at', 'desc', 'desc'],
  ['columnSortBy=created_at&sortOrder=asc', 'asc', 'asc'],
])('a list with %p is in the order %s, and says %s', async (query, order, said) => {
  const ids = await idsOf(query);
  const sorted = ids.toSorted((one, other) => (order === 'asc' ? one - other : other - one));
  expect([ids.length, ids]).toEqual([3, sorted]);
  for (const list of ['credit-notes', 'customers', 'accounts']) {
    const { json } = await get(`/api/${list}?${query}`);
    expect([list, json.filter_meta]).toEqual([list, { order: said, field_key: 'created_at' }]);
  }
});

it.each<[string, string, string, string[]]>([
  ['credit-notes', 'credit_notes', 'credit_date', ['credit_note_date', 'id']],
  ['credit-notes', 'credit_notes', 'credit_number', ['credit_note_number', 'id']],
  ['credit-notes', 'credit_notes', 'amount', ['amount', 'id']],
  ['customers', 'customers', 'display_name', ['display_name', 'id']],
  ['accounts', 'accounts', 'name', ['name', 'id']],
  ['accounts', 'accounts', 'code', ['code', 'id']],
])('%s: %s can be sorted by %s in pages, and equal ones by id', async (path, field, column, by) => {
  const other = await gateway.books();
  for (const [amount, date] of [
    ['30.00', '2026-01-20'],
    ['100.00', '2026-01-10'],
    ['30.00', '2026-01-10'],
  ] as const) {
    const customerId = await other.customer();
    await other.creditNote(amount, { date, customerId });
  }
  for (const direction of ['asc', 'desc'] as const) {
    const query = `column_sort_by=${column}&sort_order=${direction}`;
    const pages: Record<string, number | string>[][] = [];
    for (let next: string | undefined = `/api/${path}?${query}&page_size=2`; next !== undefined; ) {
      const { json, headers } = await get(next, other);
      expect(json.filter_meta).toEqual({ order: direction, field_key: column });
      pages.push(json[field]);
      [, next] = /<(.*?)>; rel="next"/.exec(String(headers.link)) ?? [];
    }
    const keys = pages.flat().map((row) => by.map((name) => row[name] ?? ''));
    const sorted = keys.toSorted((one, another) => {
      const index = one.findIndex((value, index) => value !== another[index]);
      const isLess = (one[index] ?? 0) < (another[index] ?? 0);
      return isLess === (direction === 'asc') ? -1 : 1;
    });
    expect([keys.length >= 3, keys]).toEqual([true, sorted]);
  }
});

it('the pages of a view in the other order have links that keep both', async () => {
  const first = await get('/api/credit-notes?view_slug=published&sort_order=desc&page_size=1');
  const [, next = ''] = /<(.*?)>/.exec(String(first.headers.link)) ?? [];
  const second = await get(next);
  const found = [first, second].map(({ json }) => json.credit_notes.map(({ id }: { id: number }) => id));
  expect(found).toEqual([[notes.closed], [notes.open]]);
  expect(second.headers.link).toBeUndefined();
});

it('the request that the web app begins with is answered', async () => {
  expect(await idsOf('page_size=20&page=1&stringified_filter_roles=%5B%5D')).toHaveLength(3);
  expect(await idsOf('page_size=20&page=1&stringified_filter_roles=&search_keyword=&view_slug=&column_sort_by=')).toHaveLength(3);
});

it.each<[string, string]>([
  ['search_keyword=C', 'search_keyword'],
  [`stringified_filter_roles=${encodeURIComponent('[{"fieldKey":"status","value":"open"}]')}`, 'stringified_filter_roles'],
  ['stringified_filter_roles=%5B', 'stringified_filter_roles'],
  ['filter_roles[0][field_key]=status&filter_roles[0][value]=open', 'filter_roles'],
  ['filter_roles=x', 'filter_roles'],
  ['custom_view_id=1', 'custom_view_id'],
  ['column_sort_by=status', 'column_sort_by'],
  ['sort_order=up', 'sort_order'],
  ['sort_order=asc&sort_order=asc', 'sort_order'],
  ['view_slug=overdue', 'view_slug'],
  ['view_slug=open&view_slug=closed', 'view_slug'],
  ['view_slug=open&viewSlug=open', 'view_slug'],
  ['page_size=2&pageSize=3', 'page_size'],
  ['page[]=1', 'page'],
])('a list with %s is refused by the name of the parameter', async (query, field) => {
  for (const list of ['credit-notes', 'customers', 'accounts', 'branches', `credit-notes/${notes.closed}/refunds`]) {
    const { status, json } = await get(`/api/${list}?${query}`);
    expect([list, status, json.errors[0].type]).toEqual([list, 400, 'VALIDATION_ERROR']);
    expect(json.message.map(({ property }: { property: string }) => property)).toContain(field);
  }
});

it.each(['branches', `credit-notes/1/refunds`])('the list %s has no search', async (list) => {
  expect((await get(`/api/${list}?search_keyword=Carol`)).json.message[0].constraints).toEqual({
    isEmpty: 'search_keyword must be empty: REST does not filter lists; GraphQL does',
  });
});

it('a list without views refuses each', async () => {
  expect((await get('/api/customers?view_slug=open')).json.message[0].constraints).toEqual({
    isIn: 'view_slug must be empty: the list has no views',
  });
});

it('all that is wrong with a list is said at once', async () => {
  const { json } = await get('/api/credit-notes?page=0&view_slug=x&filter_roles=y');
  expect(json.message.map(({ property }: { property: string }) => property)).toEqual(['page', 'view_slug', 'filter_roles']);
});
