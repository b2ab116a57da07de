import { describe, expect, it, jest } from '@jest/globals';
import { createApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { Organization } from '../src/entities/organization.js';
import { FakeBigcapital } from './helpers/fake-bigcapital.js';
import { Client, sharedGateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

const gateway = sharedGateway();
const fake = FakeBigcapital.fresh();

function take(isDry = false) {
  return fake.importInto(gateway, { isDry });
}

/** Returns what an import refuses. All else must be here, and the books must be right. */
async function refusals(): Promise<string[]> {
  const { report, health } = await take();
  expect(health?.healthy).toBe(true);
  expect(report.counts['credit notes'].added).toBeGreaterThanOrEqual(3);
  return report.refused.map(({ what, why }) => `${what}: ${why}`);
}

async function organizationRow(): Promise<{ id: string } | undefined> {
  return (await gateway.database.superuser.query('select id from organizations where public_id = $1', [fake.publicId])).rows[0];
}

async function column(sql: string): Promise<string[]> {
  const { rows } = await gateway.database.superuser.query(sql, [(await organizationRow())?.id]);
  return rows.map(({ value }) => String(value));
}

it.each(['gzip', 'x-gzip', 'GZIP'])('reads replies that are compressed with %s', async (compression) => {
  fake.compression = compression;
  fake.refund(fake.creditNote(100), 40);
  expect(await refusals()).toEqual([]);
  expect(await column('select count(*) as value from refunds where organization_id = $1')).toEqual(['1']);
});

it('reads a reply with a byte order mark', async () => {
  fake.trouble = (path) => (path === '/api/branches' ? { status: 200, body: '\ufeff[]' } : null);
  expect(await refusals()).toEqual([]);
});

it('keeps each character of a text', async () => {
  // Texts that JSON and PostgreSQL write in different ways, in its arrays or elsewhere.
  const texts = [
    'NULL',
    '',
    '{a,b}',
    'a"b',
    'a\\b\\\\n',
    'a\\"b',
    'tab\tline\nreturn\rback\bform\f',
    '\u0001\u001f\u007f\u2028',
    "'$1'",
    'é😀',
  ];
  const ids = texts.map((note) => fake.creditNote(100, { note }));
  expect(await refusals()).toEqual([]);
  const written = `select note as value from credit_notes where organization_id = $1 and id >= ${ids[0]} order by id`;
  expect(await column(written)).toEqual(texts);
});

it('asks again after an answer that wants another protocol', async () => {
  const headers = { connection: 'Upgrade', upgrade: 'h2c' };
  fake.trouble = (path, attempt) => (path === '/api/branches' && attempt === 1 ? { status: 101, headers } : null);
  expect(await refusals()).toEqual([]);
  expect(fake.requests.filter((path) => path === '/api/branches')).toHaveLength(2);
});

describe('two records with the same id', () => {
  it.each<[string, () => void, string[]]>([
    [
      'branches',
      () =>
        fake.branches.push(
          { id: 5, name: 'South', code: 'S', primary: 1 },
          { id: 5, name: 'North', code: 'N', primary: 0 },
          { id: 6, name: 'East', code: 'E', primary: 0 },
        ),
      ['branch 5: Bigcapital shows two branches with this id'],
    ],
    [
      'accounts',
      () => fake.accounts.push({ ...fake.account(1003), name: 'Other Cash', code: '77' }),
      ['account 1003: Bigcapital shows two accounts with this id'],
    ],
    [
      'customers',
      () => fake.customers.push({ ...fake.customers[0], display_name: 'Another' }),
      ['customer 1: Bigcapital shows two customers with this id'],
    ],
    [
      'credit notes',
      () => {
        fake.creditNotes.push({ ...fake.note(fake.creditNote(100)), note: 'the other one' });
      },
      [
        'credit note 4: Bigcapital shows two credit notes with this id',
        // Nobody knows which of the two has posted.
        'opening entry: credit note 4 is here and refused now, so what else the balances consist of is not known',
      ],
    ],
    [
      'refunds of one credit note',
      () => {
        const noteId = fake.creditNote(100);
        fake.refund(noteId, 10, { id: fake.refund(noteId, 10) });
      },
      ['credit note 4: refund 1: Bigcapital shows two refunds with this id'],
    ],
  ])('%s: one of them is named, and all else is taken over', async (_, arrange, reasons) => {
    arrange();
    expect(await refusals()).toEqual(reasons);
  });

  it('refunds of two credit notes: a dry run names the second one, as the import does', async () => {
    const id = fake.refund(fake.creditNote(100), 10);
    fake.refund(fake.creditNote(100), 10, { id });
    const reasonsOf = async (isDry: boolean) => (await take(isDry)).report.refused.map(({ what, why }) => `${what}: ${why}`);
    const reasons = await reasonsOf(true);
    expect(reasons).toContain('credit note 5: refund 1: this id belongs to another refund here');
    expect(await reasonsOf(false)).toEqual(reasons);
  });

  it('the same one in two lists is one record', async () => {
    fake.branches.push({ id: 5, name: 'South', code: 'S', primary: 1 }, { id: 5, name: 'South', code: 'S', primary: 1 });
    expect(await refusals()).toEqual([]);
  });
});

it('each account and branch gets a code of its own, also if the one with the id behind it is taken', async () => {
  // The recorded accounts 1016 and 1017 share a code.
  fake.accounts.unshift({ ...fake.account(1003), id: 2000, name: 'First', code: '30003 (1017)' });
  fake.branches.push(
    { id: 5, name: 'South', code: 'AB', primary: 1 },
    { id: 6, name: 'North', code: 'A\u200bB', primary: 0 },
    { id: 7, name: 'East', code: 'ａｂ', primary: 0 },
    { id: 8, name: 'West', code: 'ab\u0085', primary: 0 },
  );
  expect(await refusals()).toEqual([]);
  expect(await column(`select code as value from accounts where organization_id = $1 and id = 1017`)).toEqual(['30003 (1017-2)']);
  expect(await column('select code as value from branches where organization_id = $1 order by id')).toEqual([
    'AB',
    'A\u200bB (6)',
    'ａｂ (7)',
    'ab (8)',
  ]);
});

it('a text of 255 characters beyond the basic plane is taken over, one of 256 is not', async () => {
  const faces = (count: number) => '😀'.repeat(count);
  fake.refund(fake.creditNote(100, { reference_no: faces(255), note: faces(4000) }), 40, {
    description: faces(255),
    reference_no: faces(255),
  });
  expect(await refusals()).toEqual([]);
  fake.publicId = `${fake.publicId}-more`;
  fake.refund(fake.creditNote(100, { reference_no: faces(256) }), 40, { reference_no: faces(256) });
  expect((await take()).report.refused.map(({ why }) => why)).toContain('its reference is longer than 255 characters');
});

it.each([false, true])('a time zone that is not known here is named before anything is written (dry run: %s)', async (isDry) => {
  fake.organization.metadata = { ...(fake.organization.metadata as object), timezone: 'Mars/Olympus' };
  await expect(take(isDry)).rejects.toThrow('Bigcapital\'s organization has the time zone "Mars/Olympus", which is not known here');
  expect(await organizationRow()).toBeUndefined();
});

it('a page that shows the records of another one is named, instead of asking for all the pages that the total promises', async () => {
  const { trouble } = fake;
  fake.trouble = (path, attempt) => {
    if (!path.startsWith('/api/credit-notes?')) return trouble(path, attempt);
    const pagination = { total: 5_000_000, page: 1, page_size: 250 };
    return { status: 200, body: JSON.stringify({ credit_notes: fake.creditNotes, pagination }) };
  };
  await expect(take(true)).rejects.toThrow(
    /has 5000000 records at \/api\/credit-notes, but page \d+ shows the same ones as page \d+/,
  );
  expect(fake.requests.filter((path) => path.startsWith('/api/credit-notes?')).length).toBeLessThan(20);
});

describe('a credit note of somebody here who has the name Bigcapital', () => {
  it('is none of the imported ones', async () => {
    await take();
    const { key } = await gateway.database.asOperator(async (em) => {
      const organization = await em.findOneOrFail(Organization, { id: Number((await organizationRow())?.id) });
      return createApiKey(em, organization, { name: 'Bigcapital', role: Role.ACCOUNTANT });
    });
    const client = new Client(gateway.app, { authorization: `Bearer ${key}` });
    const lines = [{ accountId: '1026', amount: '5.00' }];
    const { errors } = await client.graphql(
      'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { createdBy } }',
      { input: { customerId: '1', date: '2026-01-20', lines, number: 'Ours' } },
    );
    expect(errors).toBeUndefined();
    expect(await column('select number as value from credit_notes where organization_id = $1 and not imported')).toEqual(['Ours']);
    const { report } = await take();
    expect([report.isUnchanged, report.isComplete, report.differences]).toEqual([true, true, []]);
    expect(report.ours.get('USD')?.total.toFixed()).toBe('1100');
  });

  it('cannot be marked as imported by hand', async () => {
    const books = await gateway.books();
    const note = `insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no,
        note, imported, created_by)
      values (${books.organization.id}, 'x', ${await books.customer()}, ${books.ids.branch}, '2026-01-15', 'USD', 1, 10, '', '', true, 'Bigcapital')`;
    await expect(gateway.database.sql.query(note)).rejects.toThrow('only an import takes credit notes over');
    const { id } = await books.creditNote('10.00');
    await expect(
      gateway.database.sql.query('update credit_notes set imported = true where organization_id = $1 and id = $2', [
        books.organization.id,
        id,
      ]),
    ).rejects.toThrow('permission denied');
  });
});
