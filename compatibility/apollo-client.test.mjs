// Apollo Client with its normalized cache: of the policies it needs only those of paged lists.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { asyncScheduler, filter, firstValueFrom, observeOn } from 'rxjs';
import { NOTE, refundOf } from './helpers/books.mjs';
import { startGateway } from './helpers/gateway.mjs';

const REFUND = gql`
  mutation Refund($input: RefundCreditNoteInput!, $key: String) {
    refundCreditNote(input: $input, idempotencyKey: $key) {
      id
      amount
      creditNote { id remaining refundability { id allowed maxAmount } }
    }
  }
`;

let gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway?.stop());

/** Returns a client and the names of the operations that it has sent. */
function newClient(pages = relayStylePagination()) {
  const sent = [];
  const link = new HttpLink({
    uri: gateway.url,
    headers: gateway.headers,
    fetch: (url, options) => {
      sent.push(JSON.parse(options.body).operationName);
      return fetch(url, options);
    },
  });
  const lists = { fields: { refunds: pages } };
  const cache = new InMemoryCache({ typePolicies: { Query: lists, CreditNote: lists, Provenance: { merge: true } } });
  return { client: new ApolloClient({ link, cache }), sent };
}

/** Collects what the client warns of while the function runs. */
async function warningsOf(run) {
  const warnings = [];
  const { error, warn } = console;
  console.error = console.warn = (...message) => warnings.push(message);
  await run();
  Object.assign(console, { error, warn });
  return warnings;
}

test('a refund updates the note, its refundability and the list of notes without a refetch', async () => {
  const { client, sent } = newClient();
  const list = gql`query List { creditNotes(first: 10) { nodes { id remaining refundability { id maxAmount } } } }`;
  const page = gql`query Note($id: ID!) { creditNote(id: $id) { id status remaining refundability { id allowed maxAmount } } }`;
  await client.query({ query: list });
  const before = await client.query({ query: page, variables: { id: NOTE } });

  await client.mutate({ mutation: REFUND, variables: { input: refundOf('10.00') } });

  const { creditNote } = client.readQuery({ query: page, variables: { id: NOTE } });
  assert.equal(Number(before.data.creditNote.remaining) - Number(creditNote.remaining), 10);
  assert.equal(creditNote.refundability.maxAmount, creditNote.remaining);
  const row = client.readQuery({ query: list }).creditNotes.nodes.find(({ id }) => id === NOTE);
  assert.equal(row.remaining, creditNote.remaining);
  assert.equal(row.refundability.maxAmount, creditNote.remaining);
  assert.deepEqual(sent, ['List', 'Note', 'Refund']);
});

test('a reply that has the first page of refunds puts the new refund on top of the list that is shown', async () => {
  const { client, sent } = newClient();
  const newest = 'refunds(first: 2, orderBy: ID_DESC) { edges { cursor node { id amount } } pageInfo { hasNextPage endCursor } }';
  const page = gql`query Newest { creditNote(id: ${NOTE}) { id ${newest} } }`;
  const mutation = gql`mutation Refund($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id creditNote { id ${newest} } } }`;
  await client.query({ query: page });

  const { data } = await client.mutate({ mutation, variables: { input: refundOf('7.00') } });

  const [{ node }] = client.readQuery({ query: page }).creditNote.refunds.edges;
  assert.equal(node.id, data.refundCreditNote.id);
  assert.deepEqual(sent, ['Newest', 'Refund']);
});

test('two components that read different fields of refundability keep what the other has read', async () => {
  const { client } = newClient();
  const button = gql`query Button($id: ID!) { creditNote(id: $id) { id refundability { id allowed } } }`;
  const form = gql`query Form($id: ID!) { creditNote(id: $id) { id refundability { id maxAmount accounts { id name } } } }`;
  const variables = { id: NOTE };

  const warnings = await warningsOf(async () => {
    await client.query({ query: button, variables });
    await client.query({ query: form, variables });
  });

  assert.deepEqual(warnings, []);
  assert.equal(client.readQuery({ query: button, variables }).creditNote.refundability.allowed, true);
});

test('two components that read different fields of the same object keep what the other has read', async () => {
  const { client } = newClient();
  const { data } = await client.mutate({ mutation: REFUND, variables: { input: refundOf('1.00') } });
  const parts = (me, balance, health, provenance, list) => gql`query Parts {
    me { id ${me} }
    trialBalance { id ${balance} }
    ledgerHealth { id ${health} }
    refund(id: ${data.refundCreditNote.id}) { id provenance { ${provenance} } }
    refunds(orderBy: ID_DESC) { ${list} }
  }`;
  const one = parts('name', 'debits lines { id debits }', 'healthy checks { id name }', 'protocol', 'nodes { id }');
  const other = parts('role', 'credits lines { id credits }', 'checkedAt checks { id healthy }', 'requestId', 'totalCount');

  const warnings = await warningsOf(async () => {
    await client.query({ query: one });
    await client.query({ query: other });
  });

  assert.deepEqual(warnings, []);
  assert.equal(client.readQuery({ query: one }).refund.provenance.protocol, 'GRAPHQL');
  assert.equal(client.readQuery({ query: one }).refunds.nodes.length, client.readQuery({ query: other }).refunds.totalCount);
});

test('relayStylePagination reads the refunds page by page into one list', async () => {
  const { client } = newClient();
  for (const amount of ['1.00', '2.00', '3.00']) await client.mutate({ mutation: REFUND, variables: { input: refundOf(amount) } });
  const query = gql`
    query Refunds($first: Int!, $after: String) {
      refunds(first: $first, after: $after, orderBy: ID_DESC) {
        edges { cursor node { id amount } }
        pageInfo { hasNextPage endCursor }
      }
    }
  `;
  const refunds = client.watchQuery({ query, variables: { first: 2 } });
  const shown = (isExpected) =>
    firstValueFrom(
      refunds.pipe(
        observeOn(asyncScheduler),
        filter(({ data }) => isExpected(data?.refunds)),
      ),
    );
  const { data } = await shown((list) => list?.edges.length === 2);
  const { endCursor, hasNextPage } = data.refunds.pageInfo;
  assert.equal(hasNextPage, true);

  const [{ data: both }] = await Promise.all([
    shown((list) => list?.edges.length === 4),
    refunds.fetchMore({ variables: { after: endCursor } }),
  ]);

  assert.deepEqual(
    both.refunds.edges.slice(0, 3).map(({ node: { amount } }) => amount),
    ['3.00', '2.00', '1.00'],
  );
});

test('with filter and orderBy as keyArgs, a list that is shown in two orders is kept as two', async () => {
  const { client } = newClient(relayStylePagination(['filter', 'orderBy']));
  for (const amount of ['1.00', '2.00', '3.00']) await client.mutate({ mutation: REFUND, variables: { input: refundOf(amount) } });
  const query = gql`query Refunds($orderBy: RefundOrder!) { refunds(first: 2, orderBy: $orderBy) { edges { node { id } } } }`;
  const idsIn = ({ refunds }) => refunds.edges.map(({ node: { id } }) => Number(id));

  const oldest = await client.query({ query, variables: { orderBy: 'ID_ASC' } });
  const newest = await client.query({ query, variables: { orderBy: 'ID_DESC' } });

  assert.ok(Math.max(...idsIn(oldest.data)) < Math.min(...idsIn(newest.data)));
  assert.deepEqual(client.readQuery({ query, variables: { orderBy: 'ID_ASC' } }), oldest.data);
});

test('a refusal has a code, the field and the details, and leaves the cache as it was', async () => {
  const { client } = newClient();

  const refused = client.mutate({ mutation: REFUND, variables: { input: refundOf('999999.00') } });

  await assert.rejects(refused, (error) => {
    assert.ok(CombinedGraphQLErrors.is(error));
    const [{ extensions }] = error.errors;
    assert.equal(extensions.code, 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
    assert.equal(extensions.field, 'amount');
    assert.equal(extensions.retryable, false);
    return true;
  });
  assert.deepEqual(client.extract(), {});
});

test('a retry with the same idempotency key returns the first refund', async () => {
  const { client } = newClient();
  const variables = { input: refundOf('4.00'), key: randomUUID() };

  const first = await client.mutate({ mutation: REFUND, variables });
  const second = await client.mutate({ mutation: REFUND, variables });

  assert.deepEqual(second.data, first.data);
  assert.deepEqual(second.extensions, { idempotency: { replayed: true } });
});

test('PersistedQueryLink sends the hash of a query by GET, and its text only once', async () => {
  const requests = [];
  const http = new HttpLink({
    uri: gateway.url,
    headers: gateway.headers,
    fetch: (url, options) => {
      requests.push(`${options.method} ${options.body?.includes('"query":') ? 'text' : 'hash'}`);
      return fetch(url, options);
    },
  });
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(http);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = gql`query Note { creditNote(id: ${NOTE}) { id number } }`;

  const first = await client.query({ query, fetchPolicy: 'network-only' });
  const second = await client.query({ query, fetchPolicy: 'network-only' });

  assert.equal(second.data.creditNote.number, 'CN-00002');
  assert.deepEqual(second.data, first.data);
  assert.deepEqual(requests, ['GET hash', 'POST text', 'GET hash']);
});
