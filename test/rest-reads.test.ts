import { beforeAll, expect, it } from '@jest/globals';
import { columnsOf } from './helpers/database.js';
import { type Client, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** The bounds of what one read over REST returns, and the room that it waits for. */
const gateway = sharedGateway();
/** Books with 21 notes of 100 lines each. */
const books = sharedBooks(gateway);
let note: string;
beforeAll(async () => {
  const lines = Array.from({ length: 100 }, () => ({ accountId: books.ids.sales, amount: '1.00' }));
  note = (await books.creditNote('100.00', { lines, open: false })).id;
  for (let count = 0; count < 20; count += 1) await books.creditNote('100.00', { lines, open: false });
});

async function get(url: string, client: Client = books.client) {
  const reply = await gateway.app.inject({ url, headers: client.headers });
  return { status: reply.statusCode, headers: reply.headers, json: JSON.parse(reply.body) };
}

const refusalOf = async (url: string, client?: Client) => {
  const { status, json } = await get(url, client);
  return [status, json.errors[0].type, JSON.stringify(json)];
};

it.each([
  ['credit-notes', 100],
  ['customers', 500],
  ['accounts', 500],
  ['branches', 500],
  ['credit-notes/1/refunds', 200],
])('a page of /api/%s has at most %i records, however many are asked for', async (list, max) => {
  const other = await gateway.books();
  const sizes = [max, max + 1, 10_000, 1_000_000];
  const replies = await Promise.all(sizes.map((size) => get(`/api/${list}?page_size=${size}`, other.client)));
  expect(replies.map(({ status }) => status)).toEqual(sizes.map(() => 200));
  for (const { json } of replies) if ('pagination' in json) expect(json.pagination.page_size).toBe(max);

  expect((await get(`/api/${list}?page_size=${max}&page=2`, other.client)).status).toBe(200);
  const [status, type, body] = await refusalOf(`/api/${list}?page_size=${max + 1}&page=2`, other.client);
  expect([status, type]).toEqual([400, 'VALIDATION_ERROR']);
  expect(body).toContain(`page_size must be at most ${max} where page is greater than 1`);
});

it('a page that is shorter than asked for has a link to the rest', async () => {
  const other = await gateway.books();
  const { superuser } = gateway.database;
  const columns = await columnsOf(superuser, 'customers');
  await other.customer();
  await superuser.query("begin; set local session_replication_role = 'replica'");
  await superuser.query(
    `insert into customers (${columns}) select ${columns.replace(/\bid\b/, 'id + n')}
     from customers, generate_series(1, 504) n where organization_id = $1 and id = (select min(id) from customers where organization_id = $1)`,
    [other.organization.id],
  );
  await superuser.query('commit');

  const first = await get('/api/customers?page_size=10000', other.client);
  expect([first.json.customers.length, first.json.pagination]).toEqual([500, expect.objectContaining({ page: 1, page_size: 500 })]);
  expect(first.headers.link).toBe('</api/customers?page=2&page_size=500>; rel="next"');
  const second = await get('/api/customers?page=2&page_size=500', other.client);
  expect(second.json.customers.length).toBe(first.json.pagination.total - 500);
});

it('a page begins after at most 10,000 records, whatever its size', async () => {
  for (const [size, last] of [
    [100, 101],
    [1, 10_001],
    [12, 834],
  ]) {
    expect((await get(`/api/customers?page_size=${size}&page=${last}`)).json.customers).toEqual([]);
    const [status, type, body] = await refusalOf(`/api/customers?page_size=${size}&page=${Number(last) + 1}`);
    expect([status, type]).toEqual([400, 'VALIDATION_ERROR']);
    expect(body).toContain(`page must be a whole number from 1 to ${last}`);
  }
});

it('a page of notes with more lines than one query may read is refused, unless it is of the usual size', async () => {
  const usual = await get('/api/credit-notes');
  expect(usual.json.credit_notes.map(({ entries }: { entries: unknown[] }) => entries.length)).toEqual(Array(12).fill(100));
  const [status, type, body] = await refusalOf('/api/credit-notes?page_size=21');
  expect([status, type]).toEqual([400, 'VALIDATION_ERROR']);
  expect(body).toContain('page_size is too large: the 21 records of this page have 2100 lines in all');
});

it('a page of 100 notes with few lines is returned', async () => {
  const other = await gateway.books();
  const { id } = await other.creditNote('7.00', { open: false });
  const { superuser } = gateway.database;
  const [notes, lines] = [await columnsOf(superuser, 'credit_notes'), await columnsOf(superuser, 'credit_note_lines')];
  await superuser.query("begin; set local session_replication_role = 'replica'");
  for (const [table, columns, replaced] of [
    ['credit_notes', notes, { id: `$2 + n`, number: `'N' || n` }],
    ['credit_note_lines', lines, { id: 'id + n', credit_note_id: '$2 + n' }],
  ] as const) {
    const values = columns.split(', ').map((column) => (replaced as Record<string, string>)[column] ?? column);
    const owner = table === 'credit_notes' ? 'id' : 'credit_note_id';
    await superuser.query(
      `insert into ${table} (${columns}) select ${values.join(', ')} from ${table}, generate_series(1, 99) n
       where organization_id = $1 and ${owner} = $2::int`,
      [other.organization.id, id],
    );
  }
  await superuser.query('commit');

  const { status, json } = await get('/api/credit-notes?page_size=100', other.client);

  expect([status, json.credit_notes.length]).toEqual([200, 100]);
  expect(json.credit_notes[99].entries.length).toBe(1);
});

it('large reads share the room of costly queries, and small reads do not wait for them', async () => {
  const { superuser } = gateway.database;
  await superuser.query('begin; lock table customers in access exclusive mode');
  try {
    const replies = Array.from({ length: 4 }, () => get('/api/credit-notes'));
    // A page of 12 notes with 1,200 lines costs 15,390 of the 40,000 that an organization may have in flight.
    expect(await gateway.database.untilWaiting(2)).toBe(2);
    const query = books.client.graphql(
      '{ creditNotes(first: 15) { nodes { customer { name: displayName } lines { id amount description } } } }',
    );
    expect((await get('/api/accounts')).status).toBe(200);
    expect((await get(`/api/branches`)).status).toBe(200);
    expect(await gateway.database.untilWaiting(2)).toBe(2);
    await superuser.query('rollback');
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await query).errors).toBeUndefined();
  } finally {
    await superuser.query('rollback');
  }
});

it('a read returns its room, whether it succeeds or fails', async () => {
  for (let round = 0; round < 50; round += 1) {
    expect((await get(`/api/credit-notes/${note}`)).status).toBe(200);
    expect((await get('/api/credit-notes/999999999')).status).toBe(404);
  }
});
