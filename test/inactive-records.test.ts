import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** The lists of the legacy API have active records. A parameter asks for the inactive ones instead. */
const gateway = sharedGateway({ restContract: 'observed' });
const books = sharedBooks(gateway);
/** An inactive record and an active one of each list. */
let ids: Record<'accounts' | 'customers', { inactive: number; active: number }>;
beforeAll(async () => {
  const [inactive, active] = [await books.customer(), await books.customer()];
  await deactivate('updateCustomer', 'customerId', inactive);
  ids = {
    accounts: { inactive: Number(await books.account('BANK', { active: false })), active: Number(books.ids.bank) },
    customers: { inactive: Number(inactive), active: Number(active) },
  };
});

async function deactivate(mutation: string, name: string, id: string) {
  const { errors } = await books.client.graphql(`mutation { ${mutation}(input: { ${name}: "${id}", active: false }) { id } }`);
  expect(errors).toBeUndefined();
}

async function get(url: string) {
  const reply = await gateway.app.inject({ url, headers: books.client.headers });
  expect(reply.statusCode).toBe(200);
  return { json: reply.json(), link: reply.headers.link };
}

type List = keyof typeof ids;

async function idsOf(list: List, query = ''): Promise<number[]> {
  const { json } = await get(`/api/${list}${query}`);
  return json[list].map(({ id }: { id: number }) => id);
}

const PARAMETERS = { accounts: ['only_inactive', 'onlyInactive'], customers: ['inactive_mode', 'inactiveMode'] } as const;
const LISTS = Object.keys(PARAMETERS) as List[];

it.each(LISTS)('the list of %s leaves out what is inactive, as the legacy server does', async (list) => {
  const found = await idsOf(list);
  expect(found).toContain(ids[list].active);
  expect(found).not.toContain(ids[list].inactive);
});

it.each(LISTS.flatMap((list) => PARAMETERS[list].map((name) => [list, name] as const)))(
  'the list of %s has what is inactive alone if %s says so',
  async (list, name) => {
    for (const value of ['true', 'TRUE', '1', ' true ']) {
      expect(await idsOf(list, `?${name}=${encodeURIComponent(value)}`)).toEqual([ids[list].inactive]);
    }
    for (const value of ['false', '0', '', 'yes']) expect(await idsOf(list, `?${name}=${value}`)).toEqual(await idsOf(list));
  },
);

it('the total counts what the list has, and the next page is one of the same list', async () => {
  const other = await books.customer();
  await deactivate('updateCustomer', 'customerId', other);
  const { json, link } = await get('/api/customers?inactive_mode=true&pageSize=1');
  expect(json.pagination).toEqual({ total: 2, page: 1, page_size: 1 });
  const [, next = ''] = /^<(\S+)>; rel="next"$/.exec(String(link)) ?? [];
  const second = await get(next);
  expect(second.json.customers.map(({ id }: { id: number }) => id)).toEqual([Number(other)]);
  expect(second.link).toBeUndefined();
});

it('an inactive record is found by its id, and named where it is used', async () => {
  expect((await get(`/api/accounts/${ids.accounts.inactive}`)).json.active).toBe(0);
  expect((await get(`/api/customers/${ids.customers.inactive}`)).json.active).toBe(0);
});
