import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BigcapitalUnreadable } from '../src/import/bigcapital-client.js';
import { FakeBigcapital, KEY, type Trouble } from './helpers/fake-bigcapital.js';
import { sharedGateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

/** Replies that no Bigcapital gives, but that something behind its URL may give: each is named in one line, and nothing else comes of it. */
const gateway = sharedGateway();
let fake: FakeBigcapital;
beforeEach(async () => {
  fake = await FakeBigcapital.start();
});
afterEach(() => fake.stop());

async function take() {
  const { report, health } = await fake.importInto(gateway);
  expect(health?.healthy).toBe(true);
  return report;
}

async function refusals(): Promise<string[]> {
  return (await take()).refused.map(({ what, why }) => `${what}: ${why}`);
}

/** Answers the path with this text. */
const reply =
  (path: RegExp, body: string): Trouble =>
  (asked) =>
    path.test(asked) ? { status: 200, body } : null;

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('the id of a record', () => {
  it.each<[string, string, string]>([
    ['an object without a text', '{"toString":1,"valueOf":1}', '?: its id is no id: a list or an object'],
    ['a deep list', nested(100_000), '?: its id is no id: a list or an object'],
    ['true', 'true', '?: its id is no id: true'],
    ['a text of 1 MB', `"${'x'.repeat(1_000_000)}"`, `${'x'.repeat(193)}…: its id is no id: "${'x'.repeat(199)}…`],
    ['a number of 30,000 digits', `"${'9'.repeat(30_000)}"`, `${'9'.repeat(193)}…: its id is no id: "${'9'.repeat(199)}…`],
  ])('that is %s is refused by its name', async (_, id, refusal) => {
    fake.trouble = reply(/branches$/, `[{"id":${id},"name":"South","code":"S","primary":1}]`);
    expect(await refusals()).toEqual([`branch ${refusal}`]);
  });

  it.each(['{"toString":1}', nested(100_000), `"${'9'.repeat(30_000)}"`])('of a credit note or a refund (%#)', async (id) => {
    const notes = JSON.stringify({ credit_notes: [{ id: 'the id' }], pagination: { total: 1 } });
    fake.trouble = reply(/credit-notes\?/, notes.replace('"the id"', id));
    expect((await refusals())[0]).toMatch(/^credit note .{1,201}: its id is no id: .{1,201}$/);
    fake.trouble = reply(/refunds$/, `[{"id":${id}}]`);
    expect(await refusals()).toContainEqual(expect.stringMatching(/one of its refunds cannot be read: its id is no id: .{1,201}$/));
  });
});

it('two records with one id that nest too deeply to be compared are two', async () => {
  const branch = (name: string) => `{"id":1,"name":"${name}","code":"${name}","primary":0,"more":${nested(100_000)}}`;
  fake.trouble = reply(/branches$/, `[${branch('North')},${branch('North')}]`);
  expect(await refusals()).toEqual(['branch 1: Bigcapital shows two branches with this id']);
});

it('a refund that belongs to another credit note than the one that shows it is refused with that one', async () => {
  const [one, other] = [fake.creditNote(100), fake.creditNote(100)];
  const id = fake.refund(one, 40);
  const path = `/api/credit-notes/${other}/refunds`;
  fake.trouble = (asked) => (asked === path ? { status: 200, body: JSON.stringify(fake.refunds) } : null);
  const report = await take();
  expect(report.refused.map(({ what, why }) => `${what}: ${why}`)).toContain(
    `credit note ${other}: refund ${id}: Bigcapital shows it here, and says that it belongs to credit note ${one}`,
  );
  expect(report.counts.refunds).toEqual({ theirs: 2, added: 1, present: 0, refused: 1 });
});

it('a balance that has no room here is a refusal of the opening entry', async () => {
  Object.assign(fake.account(1000), { amount: '1e40' });
  Object.assign(fake.account(1026), { amount: `${BigInt(10) ** BigInt(40) - BigInt(2300)}` });
  const report = await take();
  expect(report.refused).toEqual([
    { what: 'opening entry', why: 'a balance of 100000000000000000000 or more is not possible here' },
  ]);
  expect(report.opening).toEqual([]);
});

it('a rate that has become 0 is a difference of its credit note', async () => {
  Object.assign(fake.account(1003), { currency_code: 'EUR' });
  const noteId = fake.creditNote(100, { currency_code: 'EUR', exchange_rate: 1.1 });
  fake.refund(noteId, 11, { from_account_id: 1003 });
  await take();
  Object.assign(fake.refunds[0] ?? {}, { exchange_rate: 0 });
  expect((await take()).differences).toContainEqual({ what: `credit note ${noteId}`, why: 'refund 1 is another one here' });
});

it('a credit note of more than 1,000 lines is refused, since no page could show it', async () => {
  const [most, more] = [fake.creditNote(1_000), fake.creditNote(1_001)];
  for (const [id, count] of [
    [most, 1_000],
    [more, 1_001],
  ] as const) {
    const note = fake.note(id);
    const [line] = note.entries as object[];
    note.entries = Array.from({ length: count }, () => ({ ...line, total: 1, subtotal_excluding_tax: 1 }));
  }
  expect((await refusals())[0]).toBe(`credit note ${more}: it has 1001 lines, more than 1000`);
  const sql = `select count(*)::int as lines from credit_note_lines line join organizations on organizations.id = organization_id
               where public_id = $1 and credit_note_id = any ($2) group by credit_note_id`;
  expect((await gateway.database.superuser.query(sql, [fake.publicId, [most, more]])).rows).toEqual([{ lines: 1_000 }]);
});

describe('a list', () => {
  function pagesOf(size: number, total: number): Trouble {
    return (path) => {
      const page = Number(/credit-notes\?page=(\d+)/.exec(path)?.[1]);
      if (Number.isNaN(page)) return null;
      const credit_notes = fake.creditNotes.slice((page - 1) * size, page * size);
      return { status: 200, body: JSON.stringify({ credit_notes, pagination: { total } }) };
    };
  }

  it.each([0, 1, 2, 4, 5, 7])('that shows more records than the %d that it counts is read to its end', async (total) => {
    for (let more = 0; more < 5; more += 1) fake.creditNote(10);
    fake.trouble = pagesOf(3, total);
    expect((await take()).counts['credit notes'].added).toBe(8);
  });
});

async function failure(): Promise<string> {
  const error = await fake.importInto(gateway).then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(BigcapitalUnreadable);
  return (error as Error).message;
}

it.each<[string, string]>([
  [`http://evil.example/sign-in?key=${KEY}&token=secret#${KEY}`, 'http://evil.example/sign-in'],
  ['https://user:secret@evil.example:8443/x', 'https://evil.example:8443/x'],
  ['//evil.example/x', 'http://evil.example/x'],
  [`/${'x'.repeat(5_000)}`, '…'],
])('a redirect is not followed, and its message shows no secrets (%#)', async (location, shown) => {
  fake.trouble = (path) => (path.startsWith('/api/customers') ? { status: 307, headers: { location } } : null);
  const message = await failure();
  expect(message).toContain(`it answers 307 and sends to `);
  expect(message).toContain(`${shown}; is this the URL of a Bigcapital?`);
  expect(message).not.toMatch(new RegExp(`${KEY}|secret|user`));
  expect(message.length).toBeLessThan(500);
});

it.each([408, 425, 429, 500, 503])('a request with status %d is sent again', async (status) => {
  fake.trouble = (path, attempt) => (path === '/api/branches' && attempt === 1 ? { status } : null);
  expect(await refusals()).toEqual([]);
  expect(fake.requests.filter((path) => path === '/api/branches')).toHaveLength(2);
});

it.each(['99999999999', '9'.repeat(400), 'Fri, 31 Dec 2999 23:59:59 GMT'])(
  'a Retry-After of %s ends the import at once',
  async (value) => {
    fake.trouble = (path) => (path === '/api/branches' ? { status: 429, headers: { 'retry-after': value } } : null);
    expect(await failure()).toMatch(/it answers 429, and asks to wait .+ seconds$/);
    expect(fake.requests.filter((path) => path === '/api/branches')).toHaveLength(1);
  },
);

it.each(['-5', '1.5', 'soon', '0', ''])('a Retry-After of %p is a usual pause', async (value) => {
  fake.trouble = (path, attempt) =>
    path === '/api/branches' && attempt === 1 ? { status: 503, headers: { 'retry-after': value } } : null;
  expect(await refusals()).toEqual([]);
});
