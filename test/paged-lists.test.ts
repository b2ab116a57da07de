import { beforeAll, describe, expect, it } from '@jest/globals';
import { getNamedType, isEnumType, isObjectType } from 'graphql';
import { Role } from '../src/entities/access.js';
import { createSchema } from '../src/graphql/schema.js';
import { type Books, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** Lists that clients read in pages, as the Relay specification describes them: https://relay.dev/graphql/connections.htm */

interface Page {
  readonly nodes: readonly Record<string, unknown>[];
  readonly edges: readonly { readonly cursor: string; readonly node: Record<string, unknown> }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
  readonly totalCountIsCapped: boolean;
}

const PAGE =
  'edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount totalCountIsCapped';

const schema = createSchema();

/** The lists at the root, with the names of their orders. */
const LISTS = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap(({ name, args }) => {
  const order = getNamedType(args.find((each) => each.name === 'orderBy')?.type);
  return isEnumType(order) ? [[name, order.getValues().map((value) => value.name)] as const] : [];
});

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let euro: { note: string; customer: string };
let branch: string;
let cash: string;

beforeAll(async () => {
  await refundsIn(await gateway.books());
  ({ note: euro, branch, cash } = await refundsIn(books));
  // It leaves an audit event.
  await books.client.graphql('mutation { updateOrganization(input: { name: "Paged Ltd" }) { id } }');
});

/** Fills the books with refunds of equal and different amounts, dates, accounts, branches and currencies. */
async function refundsIn(books: Books) {
  const { ids, client } = books;
  const { data } = await client.graphql<{ createBranch: { id: string } }, undefined>(
    'mutation { createBranch(input: { code: "2", name: "Harbour" }) { id } }',
  );
  const branch = data?.createBranch.id ?? '';
  const customer = await books.customer('EUR');
  const dollars = await books.creditNote('1000.00', { date: '2026-01-10' });
  const euros = await books.creditNote('1000.00', {
    currencyCode: 'EUR',
    customerId: customer,
    exchangeRate: '1.1',
    date: '2026-01-10',
  });
  for (const [index, amount] of ['30.00', '10.00', '20.00', '10.00', '30.00', '10.00', '5.00'].entries()) {
    await books.refund(index % 3 === 2 ? euros.id : dollars.id, {
      amount,
      date: `2026-02-0${(index % 3) + 1}`,
      exchangeRate: index % 3 === 2 ? '1.1' : '1',
      fromAccountId: index === 4 ? ids.cash : ids.bank,
      branchId: index < 2 ? branch : ids.branch,
    });
  }
  const [last] = (await nodesOf(books, '{ refunds(last: 1) { nodes { id } } }')) as { id: string }[];
  const reverse = `mutation { reverseRefund(input: { refundId: ${last?.id}, date: "2026-02-09", reason: "Bounced" }) { id } }`;
  expect((await client.graphql(reverse)).errors).toBeUndefined();
  return { note: { note: euros.id, customer }, branch, cash: ids.cash };
}

async function nodesOf({ client }: Books, query: string): Promise<Record<string, unknown>[]> {
  const { data, errors } = await client.graphql<Record<string, Page>, undefined>(query);
  expect(errors).toBeUndefined();
  return [...(Object.values(data ?? {})[0]?.nodes ?? [])];
}

async function pageOf(list: string, args: Record<string, unknown>): Promise<Page> {
  const given = Object.entries(args).map(([name, value]) => `${name}: ${name === 'orderBy' ? value : JSON.stringify(value)}`);
  const { data, errors } = await books.client.graphql<Record<string, Page>, undefined>(
    `{ ${list}(${given.join(', ')}) { ${PAGE} } }`,
  );
  expect(errors).toBeUndefined();
  return data?.[list] as Page;
}

const idsOf = ({ nodes }: Page): string[] => nodes.map(({ id }) => String(id));

describe.each(LISTS.flatMap(([list, orders]) => orders.map((order) => [list, order] as const)))('%s by %s', (list, orderBy) => {
  it('has the same items in pages of any size, from the beginning and from the end', async () => {
    const all = await pageOf(list, { orderBy });
    expect(all.edges.map(({ node }) => node)).toEqual(all.nodes);
    expect(all.totalCount).toBe(all.nodes.length);
    expect(new Set(idsOf(all)).size).toBe(all.nodes.length);
    expect(all.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });

    for (const size of [1, 3]) {
      expect(await walk(size, 'first', 'after')).toEqual(idsOf(all));
      expect(await walk(size, 'last', 'before')).toEqual(idsOf(all));
    }

    async function walk(size: number, count: 'first' | 'last', side: 'after' | 'before'): Promise<string[]> {
      const isForward = count === 'first';
      let ids: string[] = [];
      for (let cursor: string | null = null, isLast = false; !isLast; ) {
        const page: Page = await pageOf(list, { orderBy, [count]: size, ...(cursor && { [side]: cursor }) });
        const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
        expect(isForward ? hasPreviousPage : hasNextPage).toBe(cursor !== null);
        expect([startCursor, endCursor]).toEqual([page.edges[0]?.cursor ?? null, page.edges.at(-1)?.cursor ?? null]);
        ids = isForward ? [...ids, ...idsOf(page)] : [...idsOf(page), ...ids];
        isLast = !(isForward ? hasNextPage : hasPreviousPage);
        cursor = isForward ? endCursor : startCursor;
      }
      return ids;
    }
  });

  it('says whether items lie on either side of a page, whichever of its ends are cursors', async () => {
    const all = await pageOf(list, { orderBy });
    const end = all.nodes.length - 1;
    const [first, last] = [all.edges[0]?.cursor ?? '', all.edges[end]?.cursor ?? ''];
    for (const count of ['first', 'last']) {
      expect((await pageOf(list, { orderBy, [count]: 100, before: last })).pageInfo).toMatchObject({
        hasPreviousPage: false,
        hasNextPage: true,
      });
      expect((await pageOf(list, { orderBy, [count]: 100, after: first })).pageInfo).toMatchObject({
        hasPreviousPage: true,
        hasNextPage: false,
      });
    }
  });

  it('is the reverse of the opposite order', async () => {
    const opposite = orderBy.endsWith('_ASC') ? orderBy.replace('_ASC', '_DESC') : orderBy.replace('_DESC', '_ASC');
    expect(idsOf(await pageOf(list, { orderBy: opposite }))).toEqual(idsOf(await pageOf(list, { orderBy })).reverse());
  });
});

it('orders refunds by amount, by date and by the time of recording, and equal ones by their ids', async () => {
  const ask = (orderBy: string) => nodesOf(books, `{ refunds(orderBy: ${orderBy}) { nodes { id amount date } } }`);
  const [all, byAmount, byDate] = [await ask('ID_ASC'), await ask('AMOUNT_DESC'), await ask('DATE_ASC')];
  const compare = (key: (row: Record<string, unknown>) => number | string) => (one: object, other: object) => {
    const [left, right] = [key(one as Record<string, unknown>), key(other as Record<string, unknown>)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
  expect(all.map(({ id }) => Number(id))).toEqual(all.map(({ id }) => Number(id)).sort((one, other) => one - other));
  expect(byAmount).toEqual(
    [...all]
      .sort(compare(({ amount }) => Number(amount)))
      .reverse()
      .sort(compare(({ amount }) => -Number(amount))),
  );
  expect(byDate).toEqual([...all].sort(compare(({ date }) => String(date))));
});

it('ends a page between two cursors, from either side', async () => {
  const all = await pageOf('refunds', { orderBy: 'ID_ASC' });
  const [after, before] = [all.edges[1]?.cursor, all.edges[5]?.cursor];
  expect(idsOf(await pageOf('refunds', { after, before }))).toEqual(idsOf(all).slice(2, 5));
  expect(idsOf(await pageOf('refunds', { after, before, first: 2 }))).toEqual(idsOf(all).slice(2, 4));
  expect(idsOf(await pageOf('refunds', { after, before, last: 2 }))).toEqual(idsOf(all).slice(3, 5));
});

it('says whether items lie beyond both cursors of a filtered page that no index has in its order', async () => {
  const filtered = (args: string) =>
    `{ refunds(orderBy: AMOUNT_ASC, filter: { date: { from: "2020-01-01" } }${args}) { ${PAGE} } }`;
  const read = async (args: string) => (await books.client.graphql<{ refunds: Page }, undefined>(filtered(args))).data?.refunds;
  const all = await read('');
  const [second, third] = [all?.edges[1]?.cursor, all?.edges[2]?.cursor];
  expect((await read(`, first: 9, before: "${third}"`))?.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
  expect((await read(`, last: 9, after: "${second}"`))?.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
});

describe('a filter of refunds', () => {
  const FILTERS: Record<string, (row: Record<string, unknown>) => boolean> = {
    'status: REVERSED': ({ status }) => status === 'REVERSED',
    'status: POSTED': ({ status }) => status === 'POSTED',
    'creditNoteId: NOTE': ({ creditNote }) => (creditNote as { id: string }).id === euro.note,
    'customerId: CUSTOMER': ({ creditNote }) => (creditNote as { id: string }).id === euro.note,
    'fromAccountId: CASH': ({ fromAccount }) => (fromAccount as { id: string }).id === cash,
    'branchId: BRANCH': (row) => (row.branch as { id: string }).id === branch,
    'currencyCode: "EUR"': ({ currencyCode }) => currencyCode === 'EUR',
    'date: { from: "2026-02-02" }': ({ date }) => String(date) >= '2026-02-02',
    'date: { to: "2026-02-02" }': ({ date }) => String(date) <= '2026-02-02',
    'date: { from: "2026-02-02", to: "2026-02-02" }': ({ date }) => date === '2026-02-02',
    'amount: { min: 10, max: "20.00" }': ({ amount }) => Number(amount) >= 10 && Number(amount) <= 20,
    'provenance: { protocol: GRAPHQL }': () => true,
    'provenance: { createdBy: "nobody" }': () => false,
    'branchId: BRANCH, amount: { min: 30 }': ({ branch: of, amount }) =>
      (of as { id: string }).id === branch && Number(amount) >= 30,
    'status: POSTED, currencyCode: "EUR", date: { from: "2026-02-01" }': ({ status, currencyCode }) =>
      status === 'POSTED' && currencyCode === 'EUR',
    'branchId: 999999999': () => false,
  };

  it.each(Object.entries(FILTERS))('keeps exactly the refunds with %s, in every order and page', async (text, isKept) => {
    const filter = text
      .replace('NOTE', euro.note)
      .replace('CUSTOMER', euro.customer)
      .replace('CASH', cash)
      .replace('BRANCH', branch);
    const fields = 'id amount date status currencyCode creditNote { id } fromAccount { id } branch { id }';
    for (const orderBy of ['ID_ASC', 'ID_DESC', 'DATE_ASC', 'AMOUNT_DESC']) {
      const all = await nodesOf(books, `{ refunds(orderBy: ${orderBy}) { nodes { ${fields} } } }`);
      const expected = all.filter(isKept).map(({ id }) => id);
      const ids: unknown[] = [];
      for (let after = ''; ; ) {
        const { data, errors } = await books.client.graphql<{ refunds: Page }, undefined>(
          `{ refunds(first: 2, orderBy: ${orderBy}, filter: { ${filter} }${after}) { nodes { id } totalCount pageInfo { hasNextPage endCursor hasPreviousPage } } }`,
        );
        expect(errors).toBeUndefined();
        const { nodes = [], pageInfo, totalCount } = (data as { refunds: Page }).refunds;
        expect(totalCount).toBe(expected.length);
        ids.push(...nodes.map(({ id }) => id));
        if (!pageInfo.hasNextPage) break;
        after = `, after: "${pageInfo.endCursor}"`;
      }
      expect([orderBy, ids]).toEqual([orderBy, expected]);
    }
  });
});

describe('lists of owners', () => {
  it('have a page for each owner, with its own count and ends', async () => {
    const query = `{ creditNotes(first: 5) { nodes { id
      forward: refunds(first: 2) { nodes { id amount creditNote { id } } totalCount pageInfo { hasNextPage hasPreviousPage } }
      newest: refunds(last: 1, orderBy: AMOUNT_ASC) { nodes { amount } pageInfo { hasNextPage hasPreviousPage } }
      none: refunds(filter: { currencyCode: "KWD" }) { nodes { id } totalCount }
    } } }`;
    const notes = await nodesOf(books, query);
    expect(notes.map(({ id }) => id)).toContain(euro.note);
    expect(notes).toEqual(
      notes.map(({ id }) => ({
        id,
        forward: {
          nodes: [expect.objectContaining({ creditNote: { id } }), expect.objectContaining({ creditNote: { id } })],
          totalCount: id === euro.note ? 2 : 5,
          pageInfo: { hasNextPage: id !== euro.note, hasPreviousPage: false },
        },
        newest: {
          nodes: [{ amount: id === euro.note ? '20.00' : '30.00' }],
          pageInfo: { hasNextPage: false, hasPreviousPage: true },
        },
        none: { nodes: [], totalCount: 0 },
      })),
    );
  });

  it('are read for all owners by the same number of statements', async () => {
    const query = (first: number) =>
      `{ creditNotes(first: ${first}) { nodes { refunds(first: 3) { nodes { id journalEntry { lines { id } } } totalCount } } } }`;
    const count = async (first: number) => {
      const from = gateway.database.statements.length;
      await nodesOf(books, query(first));
      return gateway.database.statements.length - from;
    };
    expect(await count(2)).toBe(await count(1));
  });

  it('go on after a cursor', async () => {
    const ask = async (args: string) => {
      const { data } = await books.client.graphql<{ account: { lines: Page } }, undefined>(
        `{ account(id: ${books.ids.bank}) { lines(${args}) { ${PAGE} } } }`,
      );
      return data?.account.lines as Page;
    };
    const all = await ask('orderBy: ID_DESC');
    const page = await ask(`orderBy: ID_DESC, first: 2, after: "${all.edges[1]?.cursor}"`);
    expect(idsOf(page)).toEqual(idsOf(all).slice(2, 4));
    expect(page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(all.totalCount).toBe(7);
    const between = await ask(`orderBy: ID_DESC, first: 9, after: "${all.edges[1]?.cursor}", before: "${all.edges[4]?.cursor}"`);
    expect(idsOf(between)).toEqual(idsOf(all).slice(2, 4));
    expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const filter = 'filter: { postingDate: { from: "2020-01-01" } }';
    const filtered = await ask(`orderBy: ID_DESC, ${filter}, last: 9, after: "${all.edges[1]?.cursor}"`);
    expect(filtered.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('are those of the owner: notes of a customer, lines of an account', async () => {
    const { data } = await books.client.graphql(
      `{ customer(id: ${euro.customer}) { creditNotes { nodes { id } totalCount } }
         account(id: ${cash}) { lines(filter: { side: CREDIT }) { nodes { amount account { id } journalEntry { memo } } } } }`,
    );
    expect(data).toEqual({
      customer: { creditNotes: { nodes: [{ id: euro.note }], totalCount: 1 } },
      account: { lines: { nodes: [{ amount: '30.00', account: { id: cash }, journalEntry: { memo: expect.any(String) } }] } },
    });
  });
});

describe('a page is refused', () => {
  const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

  it.each<[string, string, string]>([
    ['with a cursor of another list', 'after', `after: "${cursor('creditNotes', 'ID_ASC', '1')}"`],
    ['with a cursor of a list of owners', 'after', `after: "${cursor('creditNote.refunds', 'ID_ASC', '1')}"`],
    ['with a cursor of another order', 'after', `after: "${cursor('refunds', 'ID_DESC', '1')}"`],
    ['with a cursor of the default order in another', 'before', `orderBy: DATE_ASC, before: "${cursor('refunds', 'ID_ASC', '1')}"`],
    ['with an id as its cursor', 'after', 'after: "17"'],
    ['with an empty cursor', 'after', 'after: ""'],
    ['with half a cursor', 'after', `after: "${cursor('refunds', 'ID_ASC', '1').slice(0, 9)}"`],
    ['with a cursor without a place', 'after', `after: "${cursor('refunds', 'ID_ASC')}"`],
    ['with a cursor of too many values', 'after', `after: "${cursor('refunds', 'ID_ASC', '1', '1')}"`],
    ['with a cursor whose id is none', 'after', `after: "${cursor('refunds', 'ID_ASC', '1e9')}"`],
    ['with a cursor whose id is a number', 'after', `after: "${cursor('refunds', 'ID_ASC', 1)}"`],
    [
      'with a cursor whose day does not exist',
      'after',
      `orderBy: DATE_ASC, after: "${cursor('refunds', 'DATE_ASC', '2026-02-30', '1')}"`,
    ],
    ['with a cursor whose amount is none', 'after', `orderBy: AMOUNT_ASC, after: "${cursor('refunds', 'AMOUNT_ASC', 'NaN', '1')}"`],
    ['with a cursor that is JSON of another kind', 'after', `after: "${Buffer.from('null').toString('base64url')}"`],
    ['with first and last', 'first', 'first: 1, last: 1'],
    ['of no items', 'first', 'first: 0'],
    ['of too many items', 'last', 'last: 101'],
    ['with a currency that is none', 'filter.currencyCode', 'filter: { currencyCode: "usd" }'],
    ['with an id that is none', 'filter.branchId', 'filter: { branchId: "x" }'],
  ])('%s', async (_, field, args) => {
    const { status, data, errors } = await books.client.graphql(`{ refunds(${args}) { nodes { id } } }`);
    expect([status, data]).toEqual([400, undefined]);
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: expect.stringContaining(field.split('.').at(-1) ?? ''),
    });
  });

  it('whose order is wrong with this reason alone, whatever its cursor', async () => {
    const { errors } = await books.client.graphql(
      'query ($order: RefundOrder!) { refunds(orderBy: $order, after: "x") { totalCount } }',
      { order: 'NEWEST' },
    );
    expect(errors?.map(({ message }) => message)).toEqual(['orderBy is no value of RefundOrder']);
  });

  it.each(['ID_ASC', 'DATE_ASC', 'AMOUNT_DESC'])(
    'never with an error of the database: any cursor in the order %s',
    async (orderBy) => {
      const texts = [
        '1',
        '0',
        '-1',
        '9'.repeat(30),
        '2026-01-01',
        '9999-12-31',
        '0000-01-01',
        '1.5',
        `1${'0'.repeat(300)}`,
        '\u0000',
        '\ud800',
        '',
        'x',
      ];
      for (const one of texts)
        for (const other of texts) {
          const after = cursor('refunds', orderBy, ...(orderBy === 'ID_ASC' ? [one] : [one, other]));
          const { status, errors } = await books.client.graphql(
            `{ refunds(orderBy: ${orderBy}, after: "${after}") { nodes { id } } }`,
          );
          expect([after, errors?.[0]?.extensions.code ?? 'OK']).toEqual([after, status === 200 ? 'OK' : 'BAD_USER_INPUT']);
        }
    },
  );

  it('to a viewer who filters by provenance', async () => {
    const viewer = await gateway.client(books.organization, Role.VIEWER);
    const { errors } = await viewer.graphql('{ refunds(filter: { provenance: { protocol: REST } }) { totalCount } }');
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', field: expect.stringContaining('provenance') });
  });
});

it('the schema has a connection for every list of records', () => {
  const plain = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).flatMap(({ name, args }) =>
        args.some((each) => each.name === 'first') ? [`${type.name}.${name}`] : [],
      ),
    );
  expect(plain.sort()).toEqual([
    'Account.lines',
    'CreditNote.refunds',
    'Customer.creditNotes',
    'Query.accounts',
    'Query.auditEvents',
    'Query.branches',
    'Query.creditNotes',
    'Query.customers',
    'Query.journalEntries',
    'Query.refunds',
  ]);
});
