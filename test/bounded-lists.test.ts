import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LogContext } from '@mikro-orm/core';
import { MAX_READ, MAX_SEARCHED } from '../src/reads/pages.js';
import { columnsOf } from './helpers/database.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import type { Plan } from './helpers/plans.js';

/** A page of a list reads a limited number of rows, whatever its filter and its order. A page that is not found among them is refused. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);

/** So many old customers, and then so many new ones. Each number is beyond what one step of a search reads. */
const OLD = 2 * MAX_SEARCHED + 2;
const NEW = MAX_SEARCHED + 2;
const EVENTS = MAX_READ + 1;
/** The numbers of the old ones that have a zebra: 1, 5001, … */
const INACTIVE = Math.ceil(OLD / 5_000);

/** The first rows of a page that are compared with its filter, and the entries of the index that tell whether there are more. */
const FIRST = 1_000 + 1_001;

beforeAll(async () => {
  const { superuser } = gateway.database;
  const { id } = books.organization;
  await superuser.query(
    `insert into customers (organization_id, display_name, currency_code)
     select $1, 'Trader ' || case when n <= $2 then 'ancient' else 'recent' end || case when n % 2 = 0 then ' even' else ' odd' end
       || case when n % 5000 = 1 then ' zebra' else '' end, case when n % 10 = 0 then 'EUR' else 'USD' end
     from generate_series(1, $3) n`,
    [id, OLD, OLD + NEW],
  );
  await superuser.query('alter table customers disable trigger user');
  await superuser.query(`update customers set active = false where organization_id = $1 and display_name ~ 'ancient odd zebra'`, [
    id,
  ]);
  await superuser.query('alter table customers enable trigger user');
  await superuser.query(
    `insert into audit_events (organization_id, action, details, created_by, request_id)
     select $1, case when n <= 3 then 'first' else 'later' end, '{}', case n % 10 when 0 then 'Ann' else 'Bob' end, '' from generate_series(1, $2) n`,
    [id, EVENTS + 3],
  );
  await superuser.query('analyze customers, audit_events');
});

interface Page {
  readonly nodes?: readonly Record<string, string>[];
  readonly totalCount?: number;
  readonly totalCountIsCapped?: boolean;
  readonly pageInfo?: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly endCursor: string };
}

const NAMES = 'nodes { displayName currencyCode }';

async function ask(list: string, args: string, selection = NAMES) {
  const from = gateway.database.queries.length;
  const { data, errors } = await books.client.graphql<Record<string, Page>, undefined>(`{ ${list}(${args}) { ${selection} } }`);
  return { page: data?.[list], error: errors?.[0], read: await rowsRead(gateway.database.queries.slice(from)) };
}

/** Returns the numbers of rows and entries that the statements of a search read from a table or an index, by PostgreSQL's own report. */
async function rowsRead(queries: readonly LogContext[]): Promise<{ ofTables: number; ofIndexes: number }> {
  const { superuser } = gateway.database;
  const read = { ofTables: 0, ofIndexes: 0 };
  // The settings of a statement stand before it, or at the beginning of its transaction.
  let begun: string | undefined;
  for (const { query = '', params = [] } of queries) {
    const [, settings = begun, statement = query] = /^(?:begin[^;]*; )?((?:set local [^;]*; )+)(.*)$/s.exec(query) ?? [];
    if (query.startsWith('begin')) begun = settings;
    if (query === 'commit') begun = undefined;
    if (!/^(select|with) /.test(statement) || (settings === undefined && !statement.startsWith('select root.'))) continue;
    await superuser.query(`begin; ${settings ?? 'set local plan_cache_mode = force_generic_plan'}`);
    const { rows } = await superuser.query(`explain (analyze, timing off, format json) ${statement}`, [...params]);
    await superuser.query('rollback');
    visit(rows[0]['QUERY PLAN'][0].Plan);
  }
  expect(read.ofTables).toBeGreaterThan(0);
  return read;

  function visit(plan: Plan): void {
    const rows = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
    if (/^(Seq|Index|Index Only|Bitmap Heap) Scan$/.test(plan['Node Type'])) read.ofTables += rows;
    if (plan['Node Type'] === 'Bitmap Index Scan') read.ofIndexes += rows;
    for (const below of plan.Plans ?? []) visit(below);
  }
}

const REFUSED = { code: 'TOO_MANY_MATCHES', field: 'filter', retryable: false };

describe('a search for words that many rows have', () => {
  it.each(['NAME_ASC', 'NAME_DESC', 'ID_ASC', 'ID_DESC'])(
    'is a page of the first ones, after a thousand rows at most: by %s',
    async (orderBy) => {
      const { page, read } = await ask('customers', `orderBy: ${orderBy}, filter: { search: "trader" }`);
      expect(page?.nodes).toHaveLength(100);
      expect(read.ofTables).toBeLessThanOrEqual(1_000);
      // The index of the words is not read at all.
      expect(read.ofIndexes).toBe(0);
    },
  );

  it('goes on after each page without a gap', async () => {
    const args = 'orderBy: NAME_DESC, filter: { search: "trader recent" }';
    const selection = 'nodes { id displayName } pageInfo { hasNextPage hasPreviousPage endCursor }';
    const first = await ask('customers', `first: 2, ${args}`, selection);
    const second = await ask('customers', `first: 2, after: "${first.page?.pageInfo?.endCursor}", ${args}`, selection);
    const both = await ask('customers', `first: 4, ${args}`, selection);
    expect([...(first.page?.nodes ?? []), ...(second.page?.nodes ?? [])]).toEqual(both.page?.nodes);
    expect(first.page?.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(second.page?.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  it('finds the few rows that have all of them', async () => {
    const { page } = await ask(
      'customers',
      'filter: { search: "trader zebra" }',
      'nodes { displayName } totalCount totalCountIsCapped',
    );
    expect(page?.nodes).toHaveLength(7);
    expect(page).toMatchObject({ totalCount: 7, totalCountIsCapped: false });
  });

  it('finds nothing if no row has all of them', async () => {
    const { page, read } = await ask('customers', 'filter: { search: "even odd" }', 'nodes { displayName } totalCount');
    expect(page).toEqual({ nodes: [], totalCount: 0 });
    expect(read.ofTables).toBeLessThanOrEqual(1_000);
  });

  it('is refused if too many have them, and the first ones in the order do not', async () => {
    const { page, error, read } = await ask('customers', 'orderBy: ID_DESC, filter: { search: "ancient" }');
    expect(page ?? null).toBeNull();
    expect(error?.extensions).toMatchObject({ ...REFUSED, details: { limit: MAX_SEARCHED } });
    expect(read.ofTables).toBeLessThanOrEqual(1_000 + 2 * MAX_SEARCHED + 1 + MAX_SEARCHED);
  });

  it('is found in another order, or with another word', async () => {
    expect((await ask('customers', 'orderBy: ID_ASC, filter: { search: "ancient" }')).page?.nodes).toHaveLength(100);
    const { page } = await ask('customers', 'orderBy: ID_DESC, filter: { search: "ancient zebra" }');
    expect(page?.nodes).toHaveLength(5);
  });

  it('is counted up to the limit of counts', async () => {
    const { page, read } = await ask('customers', 'filter: { search: "ancient" }', 'totalCount totalCountIsCapped');
    expect(page).toEqual({ totalCount: 10_000, totalCountIsCapped: true });
    expect(read.ofTables).toBeLessThanOrEqual(10_001);
  });

  it('is counted among the rows that were read, and the count says so', async () => {
    const args = 'orderBy: ID_DESC, filter: { search: "ancient", currencyCode: "USD" }';
    const { page, read } = await ask('customers', args, 'totalCount totalCountIsCapped');
    // The last ten thousand customers with this currency are the new ones, and some old ones.
    expect(page?.totalCount).toBeGreaterThan(0);
    expect(page?.totalCount).toBeLessThan(1_000);
    expect(page?.totalCountIsCapped).toBe(true);
    expect(read.ofTables).toBeLessThanOrEqual(50_000);
  });
});

describe('a filter', () => {
  it('that an index narrows enough is compared row by row, in any order', async () => {
    const { page, read } = await ask(
      'customers',
      'orderBy: NAME_DESC, filter: { currencyCode: "EUR" }',
      `${NAMES} totalCount totalCountIsCapped`,
    );
    expect(page?.nodes).toHaveLength(100);
    expect(page?.nodes?.every(({ currencyCode }) => currencyCode === 'EUR')).toBe(true);
    expect(page).toMatchObject({ totalCount: Math.floor((OLD + NEW) / 10), totalCountIsCapped: false });
    expect(read.ofTables).toBeLessThanOrEqual(20_000);
  });

  it.each(['true', 'false'])('of active records reads those of the page only: %s', async (active) => {
    const { page, read } = await ask('customers', `orderBy: ID_ASC, filter: { active: ${active} }`, 'nodes { active } totalCount');
    expect(page?.nodes?.length).toBe(active === 'true' ? 100 : INACTIVE);
    expect(new Set(page?.nodes?.map(({ active }) => String(active)))).toEqual(new Set([active]));
    expect(page?.totalCount).toBe(active === 'true' ? 10_000 : INACTIVE);
    expect(read.ofTables).toBeLessThanOrEqual(101);
  });

  it('without an index fills a page with the first rows that fit', async () => {
    const { page, read } = await ask('auditEvents', 'orderBy: ID_DESC, filter: { createdBy: "Ann" }', 'nodes { createdBy }');
    expect(page?.nodes).toHaveLength(100);
    expect(read.ofTables).toBeLessThanOrEqual(FIRST + 1_020 + 101);
  });

  it('without an index is refused if too few of the first rows fit, and not if they are the first', async () => {
    const { page, error, read } = await ask('auditEvents', 'orderBy: ID_DESC, filter: { action: "first" }', 'nodes { action }');
    expect(page ?? null).toBeNull();
    expect(error?.extensions).toMatchObject({
      code: 'TOO_MANY_MATCHES',
      field: 'filter',
      details: { limit: MAX_READ },
    });
    expect(read.ofTables).toBe(FIRST + MAX_READ);
    const oldest = await ask('auditEvents', 'first: 2, orderBy: ID_ASC, filter: { action: "first" }', 'nodes { action }');
    expect(oldest.page?.nodes).toHaveLength(2);
  });

  it('without an index is counted among the rows that were read', async () => {
    const { page } = await ask('auditEvents', 'orderBy: ID_ASC, filter: { action: "first" }', 'totalCount totalCountIsCapped');
    expect(page).toEqual({ totalCount: 3, totalCountIsCapped: true });
  });
});

describe('a page in an order that has an index', () => {
  const ENTRIES = 2_000;
  beforeAll(async () => {
    const { superuser } = gateway.database;
    const { id } = books.organization;
    const { sales, bank } = books.ids;
    await gateway.database.withoutRules(async () => {
      await superuser.query(
        `insert into journal_entries (organization_id, id, posting_date, source, memo)
         select $1, n, date '2026-01-01' + n % 300, 'REFUND', n::text from generate_series(1, $2::int) n`,
        [id, ENTRIES],
      );
      await superuser.query(
        `insert into journal_lines (organization_id, id, journal_entry_id, posting_date, side, account_id, branch_id, amount)
         select $1, 2 * n - (n + side) % 2, n, date '2026-01-01' + n % 300, case side when 0 then 'DEBIT' else 'CREDIT' end,
           case side when 0 then $3::bigint else $4::bigint end, $5, 1
         from generate_series(1, $2::int) n, generate_series(0, 1) side`,
        [id, ENTRIES, sales, bank, books.ids.branch],
      );
    });
    await superuser.query('analyze journal_entries, journal_lines');
  });

  it('reads its rows and what belongs to them, and no others', async () => {
    const selection = 'nodes { memo lines { id account { name } } }';
    const { page, read } = await ask('journalEntries', 'first: 5, orderBy: DATE_DESC', selection);
    expect(page?.nodes).toHaveLength(5);
    // Six entries for the rows and for their lines, two lines of each with their account.
    expect(read.ofTables).toBeLessThanOrEqual(6 + 6 + 6 * 2 * 2);
  });

  it('has the items of its rows in the order of their ids', async () => {
    const { data } = await books.client.graphql<{ journalEntries: { nodes: { lines: { id: string }[] }[] } }, undefined>(
      '{ journalEntries(first: 5, orderBy: DATE_ASC) { nodes { lines { id } } } }',
    );
    const ids = data?.journalEntries.nodes.map(({ lines }) => lines.map(({ id }) => Number(id))) ?? [];
    expect(ids.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2]);
    for (const [first = 0, second = 0] of ids) expect(first).toBeLessThan(second);
  });
});

describe('a list of an owner', () => {
  let customerId: string;
  beforeAll(async () => {
    customerId = await books.customer();
    await books.creditNote('10.00', { customerId, open: false });
    const { superuser } = gateway.database;
    const columns = await columnsOf(superuser, 'credit_notes');
    await superuser.query('begin; alter table credit_notes disable trigger user');
    await superuser.query(
      `insert into credit_notes (${columns}) select ${columns} from (
         select (jsonb_populate_record(original, jsonb_build_object(
           'id', 2000000000 + n, 'number', 'Copy ' || n, 'reference_no', case when n <= 3 then 'needle' else 'hay' end))).*
         from credit_notes original, generate_series(1, $3) n where organization_id = $1 and customer_id = $2) copy`,
      [books.organization.id, customerId, MAX_SEARCHED + 3],
    );
    await superuser.query('alter table credit_notes enable trigger user; commit; analyze credit_notes');
  });

  const notes = async (args: string, selection: string) => {
    const { data, errors } = await books.client.graphql<{ customer: { creditNotes: Page } | null }, undefined>(
      `{ customer(id: ${customerId}) { creditNotes(${args}) { ${selection} } } }`,
    );
    return { page: data?.customer?.creditNotes, error: errors?.[0] };
  };

  it('is refused if too many rows must be compared with its filter', async () => {
    const { page, error } = await notes('orderBy: ID_DESC, filter: { search: "needle" }', 'nodes { number }');
    expect(page).toBeUndefined();
    expect(error?.extensions).toMatchObject({ ...REFUSED, details: { limit: MAX_SEARCHED } });
  });

  it('has a page if the first rows fill it, or if they are all', async () => {
    const hay = await notes('orderBy: ID_DESC, first: 2, filter: { search: "hay" }', 'nodes { number } pageInfo { hasNextPage }');
    expect(hay.page).toMatchObject({ nodes: [{ number: expect.stringContaining('Copy') }, {}], pageInfo: { hasNextPage: true } });
    const needle = await notes('orderBy: ID_ASC, first: 2, filter: { search: "needle" }', 'nodes { number }');
    expect(needle.page?.nodes).toHaveLength(2);
  });

  it('is counted among the rows that were read, and the count says so', async () => {
    const { page } = await notes('orderBy: ID_DESC, filter: { search: "needle" }', 'totalCount totalCountIsCapped');
    expect(page).toEqual({ totalCount: 0, totalCountIsCapped: true });
  });

  it('is sorted in an order without an index of the owner, if all of its rows may be read', async () => {
    const { superuser } = gateway.database;
    const { rows } = await superuser.query(
      'select number from credit_notes where customer_id = $1 order by total desc, id desc limit 3',
      [customerId],
    );
    const { page } = await notes('first: 3, orderBy: TOTAL_DESC', 'nodes { number } totalCount totalCountIsCapped');
    expect(page).toEqual({ nodes: rows, totalCount: 10_000, totalCountIsCapped: true });
  });

  it('is refused in such an order if it has more rows than may be sorted, and the lists of other owners are not', async () => {
    // The more owners, the fewer rows of each are sorted: of 19 owners, all rows of this one.
    const ask = async (owners: number, args: string) => {
      const query = `{ customers(first: ${owners}, orderBy: ID_DESC) { nodes { creditNotes(first: 1, ${args}) { nodes { number } } } } }`;
      const { data, errors } = await books.client.graphql<{ customers: { nodes: { creditNotes: Page | null }[] } }, undefined>(
        query,
      );
      return { lists: data?.customers.nodes.map(({ creditNotes }) => creditNotes?.nodes?.length), errors };
    };
    const others = Array.from({ length: 18 }, () => 0);
    expect(await ask(19, 'orderBy: DATE_ASC')).toEqual({ lists: [1, ...others], errors: undefined });
    expect(await ask(20, 'orderBy: ID_ASC')).toEqual({ lists: [1, ...others, 0], errors: undefined });
    const { errors } = await ask(20, 'orderBy: DATE_ASC');
    const refusal = { code: 'TOO_MANY_MATCHES', field: 'orderBy', details: { limit: 10_000 } };
    expect(errors).toMatchObject([{ path: ['customers', 'nodes', 0, 'creditNotes'], extensions: refusal }]);
  });
});

it('an organization runs two searches at a time, and does not hold up those of others', async () => {
  const { superuser } = gateway.database;
  const other = await gateway.books();
  const query = '{ customers(filter: { search: "nobody" }) { nodes { id } } }';
  // The searches wait for the table.
  await superuser.query('begin; lock table customers');
  const own = Array.from({ length: 6 }, () => books.client.graphql(query));
  await gateway.database.untilWaiting(2);
  const others = other.client.graphql(query);
  expect(await gateway.database.untilWaiting(3)).toBe(3);
  await superuser.query('rollback');
  for (const { data } of await Promise.all([...own, others])) expect(data).toEqual({ customers: { nodes: [] } });
});
