import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

it("counts a customer's refunds, and not the credit notes that they could be of", async () => {
  const customerId = await books.customer();
  const { id } = await books.creditNote('10.00', { customerId });
  await books.creditNote('10.00', { customerId });
  const refunds = async () => {
    const query = `{ refunds(filter: { customerId: "${customerId}" }) { nodes { id } totalCount totalCountIsCapped } }`;
    return (await books.client.graphql(query)).data;
  };
  expect(await refunds()).toEqual({ refunds: { nodes: [], totalCount: 0, totalCountIsCapped: false } });

  const refund = await books.refund(id, { amount: '1.00' });
  expect(await refunds()).toEqual({ refunds: { nodes: [{ id: refund.id }], totalCount: 1, totalCountIsCapped: false } });
});
