import { beforeAll, describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** The count of a list is the number of its rows, whatever the rows of other tables that its filter looks at. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let customerId: string;

beforeAll(async () => {
  customerId = await books.customer();
  const note = await books.creditNote('10.00', { customerId });
  await books.creditNote('10.00', { customerId });
  await books.creditNote('10.00', { customerId, open: false });
  await books.refund(note.id, { amount: '4.00' });
  await books.refund((await books.creditNote('10.00')).id, { amount: '4.00' });
});

async function countOf(list: string, filter: string) {
  const { data } = await books.client.graphql<Record<string, { nodes: unknown[]; totalCount: number }>, undefined>(
    `{ ${list}(filter: { ${filter} }) { nodes { id } totalCount } }`,
  );
  return [data?.[list]?.totalCount, data?.[list]?.nodes.length];
}

describe('totalCount', () => {
  it('is the number of a customer’s refunds, and not that of the customer’s credit notes', async () => {
    expect(await countOf('refunds', `customerId: ${customerId}`)).toEqual([1, 1]);
    const nobody = await books.customer();
    await books.creditNote('10.00', { customerId: nobody });
    expect(await countOf('refunds', `customerId: ${nobody}`)).toEqual([0, 0]);
  });

  it.each(['DRAFT', 'DRAFT, DRAFT', 'DRAFT, OPEN, DRAFT, OPEN, OPEN'])(
    'counts a credit note once, though the filter names its state twice: %s',
    async (states) => {
      const [total, nodes] = await countOf('creditNotes', `status: [${states}]`);
      expect(nodes).toBeGreaterThan(0);
      expect(total).toBe(nodes);
    },
  );

  it('is counted only if it is selected', async () => {
    const from = gateway.database.statements.length;
    await books.client.graphql('{ refunds { nodes { id } } }');
    const statements = gateway.database.statements.slice(from).join('\n');
    expect(statements).toContain('from refunds');
    expect(statements).not.toContain('count(');
  });

  it('reads no rows if it is selected alone', async () => {
    const from = gateway.database.statements.length;
    const { data } = await books.client.graphql('{ refunds { totalCount } }');
    expect(data).toEqual({ refunds: { totalCount: 2 } });
    expect(gateway.database.statements.slice(from).filter((text) => text.includes('from refunds'))).toHaveLength(1);
  });

  it('is capped, and says so, if the list has more items', async () => {
    const own = await gateway.books();
    const { superuser } = gateway.database;
    await superuser.query(
      `insert into customers (organization_id, display_name, currency_code) select $1, 'Customer ' || n, 'USD' from generate_series(1, 10001) n`,
      [own.organization.id],
    );
    const query = '{ customers(first: 1) { totalCount totalCountIsCapped } }';
    expect((await own.client.graphql(query)).data).toEqual({ customers: { totalCount: 10_000, totalCountIsCapped: true } });
  });
});
