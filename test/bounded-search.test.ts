import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Actor } from '../src/auth/actor.js';
import { Role } from '../src/entities/access.js';
import { Refund, RefundStatus } from '../src/entities/refund.js';
import { TooManyMatches } from '../src/errors.js';
import { REFUNDS, type RefundFilter } from '../src/inputs/lists/refunds.list.js';
import { metadataOf } from '../src/orm/columns.js';
import { BoundedSearch, type SearchLimits } from '../src/reads/bounded-search.js';
import { conditionsOf } from '../src/reads/filters.js';
import { isReadInOrder } from '../src/reads/pages.js';
import { parseDecimal } from '../src/values/money.js';
import { columnsOf } from './helpers/database.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A search reads a limited number of rows. Its limits are lowered here, so that few rows are beyond them. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let cash: string;
let others: { note: string; customer: string; branch: string };

const ROWS = 240;

beforeAll(async () => {
  cash = books.ids.cash;
  const customer = await books.customer();
  const { data } = await books.client.graphql<{ createBranch: { id: string } }, undefined>(
    'mutation { createBranch(input: { code: "2", name: "Harbour" }) { id } }',
  );
  const note = await books.creditNote('1000.00', { customerId: customer });
  others = { note: note.id, customer, branch: data?.createBranch.id ?? '' };
  const { id } = await books.refund((await books.creditNote('1000.00')).id, { amount: '1.00' });
  const { superuser } = gateway.database;
  const columns = await columnsOf(superuser, 'refunds');
  // Columns that follow the ids, and others that are spread over them.
  await gateway.database.withoutRules(async () => {
    await superuser.query(
      `insert into refunds (${columns}) select ${columns} from (
         select (jsonb_populate_record(original, jsonb_build_object(
           'id', original.id + n,
           'journal_entry_id', original.journal_entry_id + n,
           'credit_note_id', case when n % 5 = 0 then $3::bigint else original.credit_note_id end,
           'from_account_id', case when n % 3 = 0 then $4::bigint else original.from_account_id end,
           'branch_id', case when n > 150 then $5::bigint else original.branch_id end,
           'amount', 1 + n % 7,
           'date', date '2026-02-01' + n / 4,
           'reference_no', case when n % 2 = 0 then 'even' else 'odd' end || case when n % 40 = 0 then ' zebra' else '' end,
           'request_id', 'request ' || n / 6,
           'trace_id', case when n % 4 = 0 then 'trace' end))).*
         from refunds original, generate_series(1, $6) n where organization_id = $1 and id = $2) copy`,
      [books.organization.id, id, others.note, cash, others.branch, ROWS - 1],
    );
    const reversal = await columnsOf(superuser, 'refund_reversals');
    await superuser.query(
      `insert into refund_reversals (${reversal}) select ${reversal} from (
         select (jsonb_populate_record(null::refund_reversals, to_jsonb(refund) || jsonb_build_object('refund_id', id, 'reason', 'Copy'))).*
         from refunds refund where organization_id = $1 and id % 11 = 0) copy`,
      [books.organization.id],
    );
  });
  await superuser.query('analyze refunds, refund_reversals');
});

/** Parts of filters, and the same in SQL that reads all rows. */
const parts = (): readonly (readonly [RefundFilter, string])[] => [
  [{ status: RefundStatus.REVERSED }, `exists (${REVERSAL})`],
  [{ status: RefundStatus.POSTED }, `not exists (${REVERSAL})`],
  [{ creditNoteId: others.note }, `credit_note_id = ${others.note}`],
  [{ customerId: others.customer }, `credit_note_id = ${others.note}`],
  [{ fromAccountId: cash }, `from_account_id = ${cash}`],
  [{ branchId: others.branch }, `branch_id = ${others.branch}`],
  [{ currencyCode: 'USD' }, "currency_code = 'USD'"],
  [{ currencyCode: 'EUR' }, "currency_code = 'EUR'"],
  [{ date: { from: '2026-02-11' } }, "date >= '2026-02-11'"],
  [{ date: { from: '2026-02-11', to: '2026-03-10' } }, "date between '2026-02-11' and '2026-03-10'"],
  [{ date: { to: '2026-02-03' } }, "date <= '2026-02-03'"],
  [{ amount: { min: parseDecimal('3') } }, 'amount >= 3'],
  [{ amount: { min: parseDecimal('3'), max: parseDecimal('4') } }, 'amount between 3 and 4'],
  [{ search: 'even' }, "reference_no ~ 'even'"],
  [{ search: 'zeb' }, "reference_no ~ 'zebra'"],
  [{ search: 'odd zebra' }, 'false'],
  [{ provenance: { requestId: 'request 7' } }, "request_id = 'request 7'"],
  [{ provenance: { traceId: 'trace' } }, "trace_id = 'trace'"],
  [{ provenance: { protocol: 'REST' as never } }, "protocol = 'REST'"],
];

const REVERSAL =
  'select from refund_reversals item where item.organization_id = refunds.organization_id and item.refund_id = refunds.id';

const LOW: SearchLimits = {
  columns: { first: 0, walk: 100, few: 20, many: 100, words: 0 },
  words: { first: 10, walk: 40, few: 15, many: 40, words: 80 },
  count: 20,
};

interface Asked {
  readonly filter: RefundFilter;
  readonly order?: string;
  readonly isBackward?: boolean;
  readonly size?: number;
  readonly limits?: SearchLimits;
}

function listOf({ filter, order = 'ID_ASC', isBackward = false, size = 10 }: Asked) {
  const actor = { organization: books.organization, role: Role.ADMIN } as Actor;
  const found = REFUNDS.orders.get(order);
  if (found === undefined) throw new Error(`no order ${order}`);
  const page = { order: found, after: null, before: null, isBackward, size };
  return {
    organizationId: books.organization.id,
    where: conditionsOf(REFUNDS.filters, filter, actor),
    page,
    indexed: REFUNDS.indexed,
  };
}

function search(asked: Asked): BoundedSearch {
  const em = gateway.database.orm.em.fork();
  return new BoundedSearch(em, metadataOf(em, Refund), listOf(asked), asked.limits ?? LOW);
}

async function idsOf(conditions: readonly string[], order = 'ID_ASC', isBackward = false): Promise<number[]> {
  const isDescending = order.endsWith('DESC') !== isBackward;
  const column = order.replace(/_(ASC|DESC)$/, '').toLowerCase();
  const direction = isDescending ? 'desc' : 'asc';
  const { rows } = await gateway.database.superuser.query<{ id: string }>(
    `select id from refunds where organization_id = $1 and ${conditions.map((condition) => `(${condition})`).join(' and ')}
     order by ${column} ${direction}, id ${direction}`,
    [books.organization.id],
  );
  return rows.map(({ id }) => Number(id));
}

it('finds the same rows and the same number of them as SQL that reads all rows, or says that it did not', async () => {
  const found = { pages: 0, counts: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(), {
        minLength: 1,
        maxLength: 4,
        selector: (n) => Object.keys(parts()[n % parts().length]?.[0] ?? {})[0],
      }),
      fc.constantFrom(...REFUNDS.orders.keys()),
      fc.boolean(),
      async (numbers, order, isBackward) => {
        const chosen = numbers.map((number) => parts()[number % parts().length] as readonly [RefundFilter, string]);
        const asked = { filter: Object.assign({}, ...chosen.map(([filter]) => filter)) as RefundFilter, order, isBackward };
        // One index has such a list, which is not searched.
        fc.pre(!isReadInOrder(listOf(asked)));
        const all = await idsOf(
          chosen.map(([, sql]) => sql),
          order,
          isBackward,
        );

        const ids = await search(asked).ids().catch(refused);
        if (ids !== null) {
          expect(ids).toEqual(all.slice(0, 10));
          found.pages += 1;
        }
        const { count, isComplete } = await search(asked).count();
        if (isComplete || count > LOW.count) {
          expect(count).toBe(Math.min(all.length, LOW.count + 1));
          found.counts += 1;
        } else expect(count).toBeLessThanOrEqual(all.length);
      },
    ),
    { numRuns: 100 },
  );
  expect([found.pages > 0, found.counts > 0]).toEqual([true, true]);
});

function refused(error: unknown): null {
  if (!(error instanceof TooManyMatches)) throw error;
  return null;
}

it('counts rows that fulfil two conditions up to the cap, though the first rows of the list fulfil only one', async () => {
  const filter: RefundFilter = { date: { from: '2026-03-01' }, provenance: { createdBy: 'key of ADMIN' } };
  for (const order of REFUNDS.orders.keys())
    expect(await search({ filter, order }).count()).toEqual({ count: LOW.count + 1, isComplete: false });
});

describe('the last row within a limit is read, and the next one is not', () => {
  const NONE = { first: 1, walk: 1, few: 0, many: 0, words: 0 } as const;
  const limits = (steps: Partial<SearchLimits['columns']>): SearchLimits => ({
    columns: { ...NONE, ...steps },
    words: { ...NONE, ...steps },
    count: 1_000,
  });

  it.each<[string, keyof SearchLimits['columns'], () => RefundFilter, () => string[]]>([
    ['entries of a column', 'many', () => ({ branchId: others.branch }), () => [`branch_id = ${others.branch}`]],
    ['entries of a column, in the first step', 'few', () => ({ branchId: others.branch }), () => [`branch_id = ${others.branch}`]],
    ['entries of a range', 'many', () => ({ date: { to: '2026-02-20' } }), () => ["date <= '2026-02-20'"]],
    ['entries of words', 'words', () => ({ search: 'even' }), () => ["reference_no ~ 'even'"]],
    ['rows of a credit note', 'many', () => ({ customerId: others.customer }), () => [`credit_note_id = ${others.note}`]],
  ])('%s', async (_, step, filter, conditions) => {
    const { length: entries } = await idsOf(conditions());
    const asked = { filter: { ...filter(), status: RefundStatus.POSTED }, order: 'AMOUNT_DESC' };
    const all = await idsOf([...conditions(), `not exists (${REVERSAL})`], 'AMOUNT_DESC');

    const within = search({ ...asked, limits: limits({ [step]: entries }) });
    expect(await within.ids()).toEqual(all.slice(0, 10));
    expect(await within.count()).toEqual({ count: all.length, isComplete: true });
    const beyond = search({ ...asked, limits: limits({ [step]: entries - 1 }) });
    await expect(beyond.ids()).rejects.toThrow(TooManyMatches);
    expect(await beyond.count()).toMatchObject({ isComplete: false });
  });

  it('rows in the order of the page, until it is full', async () => {
    const all = await idsOf(['true']);
    const kept = await idsOf([`not exists (${REVERSAL})`]);
    const rows = all.indexOf(kept[9] ?? 0) + 1;
    const asked = { filter: { status: RefundStatus.POSTED } };
    expect(await search({ ...asked, limits: limits({ walk: rows }) }).ids()).toEqual(kept.slice(0, 10));
    await expect(search({ ...asked, limits: limits({ walk: rows - 1 }) }).ids()).rejects.toThrow(TooManyMatches);
  });

  it('rows in the order of the page, until there are no more', async () => {
    const asked = { filter: { provenance: { operationName: 'nobody' } } };
    const within = search({ ...asked, limits: limits({ walk: ROWS + 1 }) });
    expect([await within.ids(), await within.count()]).toEqual([[], { count: 0, isComplete: true }]);
    const beyond = search({ ...asked, limits: limits({ walk: ROWS }) });
    await expect(beyond.ids()).rejects.toThrow(TooManyMatches);
    expect(await beyond.count()).toEqual({ count: 0, isComplete: false });
  });

  it('rows that are counted', async () => {
    const filter = { branchId: others.branch, status: RefundStatus.POSTED };
    const { length } = await idsOf([`branch_id = ${others.branch}`, `not exists (${REVERSAL})`]);
    const countUpTo = (count: number) => search({ filter, limits: { ...limits({ many: ROWS }), count } }).count();
    expect(await countUpTo(length)).toMatchObject({ count: length });
    expect(await countUpTo(length - 1)).toMatchObject({ count: length });
    expect(await countUpTo(length - 2)).toMatchObject({ count: length - 1 });
  });
});
