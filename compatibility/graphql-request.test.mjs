// graphql-request, as scripts and small services use it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ClientError, GraphQLClient, gql } from 'graphql-request';
import { refundOf } from './helpers/books.mjs';
import { startGateway } from './helpers/gateway.mjs';

const REFUND = gql`
  mutation Refund($input: RefundCreditNoteInput!) {
    refundCreditNote(input: $input) { id amount creditNote { id remaining } }
  }
`;
const REFUNDS = gql`
  query Refunds($after: String) {
    refunds(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
  }
`;

let gateway;
let client;
before(async () => {
  gateway = await startGateway();
  client = new GraphQLClient(gateway.url, { headers: gateway.headers });
});
after(() => gateway?.stop());

test('refunds, and pages through all refunds', async () => {
  const made = [];
  for (const amount of ['1.00', '2.00', '3.00', '4.00']) {
    const { refundCreditNote } = await client.request(REFUND, { input: refundOf(amount) });
    made.push(refundCreditNote.id);
  }

  const ids = [];
  let page = { hasNextPage: true, endCursor: null };
  while (page.hasNextPage) {
    const { refunds } = await client.request(REFUNDS, { after: page.endCursor });
    ids.push(...refunds.nodes.map(({ id }) => id));
    page = refunds.pageInfo;
  }

  assert.deepEqual(ids.slice(-4), made);
  assert.equal(new Set(ids).size, ids.length);
});

test('a query by GET returns what one by POST returns', async () => {
  const get = new GraphQLClient(gateway.url, { headers: gateway.headers, method: 'GET' });

  assert.deepEqual(await get.request(REFUNDS, { after: null }), await client.request(REFUNDS, { after: null }));
});

test('a retry with the header Idempotency-Key returns the first refund', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const variables = { input: refundOf('5.00') };

  const first = await client.rawRequest(REFUND, variables, headers);
  const second = await client.rawRequest(REFUND, variables, headers);

  assert.deepEqual(second.data, first.data);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(second.headers.get('idempotency-replayed'), 'true');
});

test('a refusal is a ClientError with code, field and request id; a missing credential has the status 401', async () => {
  await assert.rejects(client.request(REFUND, { input: refundOf('999999.00') }), (error) => {
    assert.ok(error instanceof ClientError);
    const [{ extensions }] = error.response.errors;
    assert.equal(extensions.code, 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
    assert.equal(extensions.field, 'amount');
    assert.ok(extensions.requestId);
    return true;
  });
  await assert.rejects(new GraphQLClient(gateway.url).request(REFUNDS), (error) => {
    assert.equal(error.response.status, 401);
    assert.equal(error.response.errors[0].extensions.code, 'UNAUTHENTICATED');
    return true;
  });
});

test('each wrong field of a refund has an error of its own', async () => {
  const input = refundOf('999999.00', { fromAccountId: '999', branchId: '999' });

  await assert.rejects(client.request(REFUND, { input }), ({ response }) => {
    const codes = response.errors.map(({ extensions: { field, code } }) => `${field} ${code}`);
    assert.ok(codes.includes('fromAccountId ACCOUNT_NOT_FOUND'), codes.join());
    assert.ok(codes.includes('branchId BRANCH_ID_NOT_FOUND'), codes.join());
    return true;
  });
});
