import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** What the database does for a list over REST. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let note: string;
beforeAll(async () => {
  note = (await books.creditNote('100.00')).id;
  for (let count = 0; count < 5; count += 1) await books.refund(note, { amount: '1.00' });
});

async function get(url: string) {
  const from = gateway.database.statements.length;
  const reply = await gateway.app.inject({ url, headers: books.client.headers });
  return { json: JSON.parse(reply.body), link: reply.headers.link, statements: gateway.database.statements.slice(from) };
}

it('the refunds of a note are read with their accounts and the note by as many statements, however many they are', async () => {
  const one = await get(`/api/credit-notes/${note}/refunds?page_size=1`);
  const five = await get(`/api/credit-notes/${note}/refunds`);
  expect([one.json.length, five.json.length]).toEqual([1, 5]);
  const parts = { from_account: { name: 'Bank', amount: -5 }, credit_note: { id: Number(note), credits_remaining: 95 } };
  for (const refund of [...one.json, ...five.json]) expect(refund).toMatchObject(parts);
  // The credential; the refunds; and within a transaction the accounts, their balances and the note.
  expect([one.statements.length, five.statements.length]).toEqual([7, 7]);
  expect(five.statements.slice(2, 3)).toEqual([expect.stringContaining('begin isolation level repeatable read read only; ')]);
});

it.each([
  ['credit-notes', true],
  ['customers', true],
  ['accounts', false],
  ['branches', false],
  ['credit-notes/:id/refunds', false],
])('a page of /api/%s counts the records behind it only if the reply has their number: %s', async (list, hasTotal) => {
  const { json, statements } = await get(`/api/${list.replace(':id', note)}?page_size=1`);
  expect('pagination' in json).toBe(hasTotal);
  expect(statements.some((text) => text.includes('count(*)'))).toBe(hasTotal);
});

it('without room for a full page, the records up to its end are counted before they are read', async () => {
  const from = gateway.database.statements.length;
  const replies = await Promise.all(Array.from({ length: 8 }, () => get(`/api/credit-notes/${note}/refunds`)));
  const statements = gateway.database.statements.slice(from);
  const counts = statements.filter((text) => text.includes('count(*)'));
  expect(counts.length).toBeGreaterThan(0);
  for (const count of counts) expect(count).toMatch(/ limit \$\d+\) as item/);
  for (const { json } of replies) expect(json).toEqual(replies[0]?.json);
  expect(replies[0]?.json).toHaveLength(5);
});

it('a page has a link to the next one if there is one', async () => {
  const links = await Promise.all(
    [1, 2, 3, 4].map(async (page) => (await get(`/api/credit-notes/${note}/refunds?page_size=2&page=${page}`)).link !== undefined),
  );
  expect(links).toEqual([true, true, false, false]);
});
