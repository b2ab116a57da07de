import { describe, expect, it } from '@jest/globals';
import { CreateCustomerDocument, MeDocument } from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

/** Ids are numbers of the organization: they count its rows without a gap, and say nothing about the rows of others. */
const gateway = sharedGateway();

/** The tables of organizations that have ids. */
async function tablesWithIds(): Promise<string[]> {
  const { rows } = await gateway.database.superuser.query<{ name: string }>(
    `select tgrelid::regclass::text as name from pg_trigger join pg_class class on class.oid = tgrelid
     where tgname = 'draws_id' and relnamespace = 'public'::regnamespace order by 1`,
  );
  expect(rows.length).toBeGreaterThan(10);
  return rows.map(({ name }) => name);
}

async function idsOf(books: Books, table: string): Promise<number[]> {
  const { rows } = await gateway.database.superuser.query(`select id from ${table} where organization_id = $1 order by id`, [
    books.organization.id,
  ]);
  return rows.map(({ id }) => Number(id));
}

describe('the ids of an organization', () => {
  it('are consecutive in each table while another organization and refused requests are served', async () => {
    const [books, other] = [await gateway.books(), await gateway.books()];
    const note = await books.creditNote('100.00');
    await other.creditNote('100.00');
    await Promise.all([books.refund(note.id), other.customer(), books.customer(), other.customer(), books.creditNote('1.00')]);
    await expect(books.refund(note.id, { amount: '60.01' })).rejects.toThrow('CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
    const invalid = { input: { displayName: 'x', currencyCode: 'XXX' } };
    expect((await books.client.graphql(CreateCustomerDocument, invalid)).errors).toHaveLength(1);
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query(`insert into customers (organization_id, display_name, currency_code) values ($1, 'x', 'USD')`, [
      books.organization.id,
    ]);
    await sql.query('rollback');
    await books.customer();
    await books.refund(note.id, { referenceNo: '2' });

    const first = books.organization.firstId;
    for (const table of await tablesWithIds()) {
      const ids = await idsOf(books, table);
      expect({ table, ids }).toEqual({ table, ids: ids.map((_, index) => first + index) });
    }
    expect(await idsOf(books, 'customers')).toHaveLength(4);
    expect(await idsOf(books, 'refunds')).toHaveLength(2);
  });

  it('begin at a random number below a thousand millions, which 32 bits hold', async () => {
    const organizations = [];
    for (let count = 0; count < 8; count += 1) organizations.push((await gateway.books()).organization);
    const firstIds = organizations.map(({ firstId }) => firstId);

    expect(new Set(firstIds).size).toBe(8);
    for (const id of firstIds) expect(id).toBeLessThan(1e9);
    expect(Math.max(...firstIds)).toBeGreaterThan(1e7);
  });

  it('begin at the given number', async () => {
    const books = await gateway.books({ firstId: 7 });
    expect(await idsOf(books, 'branches')).toEqual([7]);
    expect(await books.customer()).toBe('7');
    expect(await books.customer()).toBe('8');
  });
});

it('keys with equal ids are told apart when they are used at the same time', async () => {
  const organizations = [await gateway.books({ firstId: 7 }), await gateway.books({ firstId: 7 })];
  const ids = organizations.map(({ organization }) => organization.publicId);
  const callers = Array.from({ length: 10 }, () => organizations).flat();

  const replies = await Promise.all(callers.map(({ client }) => client.query(MeDocument)));

  expect(replies.map(({ me }) => me.organization.id)).toEqual(callers.map((_, index) => ids[index % 2]));
});

it('no role can delete a row with an id, because the id would be drawn again', async () => {
  await gateway.books();
  const { sql, operator, superuser } = gateway.database;
  for (const table of await tablesWithIds()) {
    for (const statement of [`delete from ${table}`, `truncate ${table} cascade`]) {
      await expect(superuser.query(statement)).rejects.toThrow(/^rows of .* are never (changed or )?deleted$/);
      for (const client of [sql, operator]) await expect(client.query(statement)).rejects.toThrow('permission denied');
    }
  }
});
