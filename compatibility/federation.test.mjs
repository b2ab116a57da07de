// The gateway as a subgraph: composed with a second one, and queried through Apollo's gateway.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { ApolloGateway, IntrospectAndCompose, RemoteGraphQLDataSource } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import { startGateway } from './helpers/gateway.mjs';

/** A subgraph of another team, which knows credit notes and organizations by their ids. */
const tickets = buildSubgraphSchema([
  {
    typeDefs: parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { tickets: [Ticket!]! }
    type Ticket { text: String! creditNote: CreditNote }
    type CreditNote @key(fields: "id") { id: ID! tickets: [Ticket!]! }
  `),
    resolvers: {
      Query: {
        tickets: () => [
          { text: 'Chair is broken', creditNote: { id: '2' } },
          { text: 'Lost', creditNote: { id: '999999' } },
        ],
      },
      CreditNote: { tickets: ({ id }) => [{ text: `About ${id}`, creditNote: { id } }] },
    },
  },
]);

let refunds;
let server;
let gateway;
let execute;
before(async () => {
  refunds = await startGateway({ FEDERATION: 'on' });
  server = createServer(async (request, response) => {
    const { query: source, variables: variableValues } = JSON.parse((await request.toArray()).join(''));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await graphql({ schema: tickets, source, variableValues })));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  gateway = new ApolloGateway({
    supergraphSdl: new IntrospectAndCompose({
      subgraphs: [
        { name: 'refunds', url: refunds.url },
        { name: 'tickets', url: `http://127.0.0.1:${server.address().port}` },
      ],
      introspectionHeaders: refunds.headers,
    }),
    buildService: ({ url }) =>
      new RemoteGraphQLDataSource({
        url,
        willSendRequest: ({ request }) => request.http?.headers.set('authorization', refunds.headers.authorization),
      }),
  });
  const { executor } = await gateway.load();
  execute = (query) => executor({ document: parse(query), request: { query }, queryHash: query, context: {}, metrics: {} });
});
after(async () => {
  await gateway?.stop();
  server?.close();
  await refunds?.stop();
});

test('another subgraph refers to a credit note, and the gateway adds its fields', async () => {
  const { data, errors } = await execute('{ tickets { text creditNote { number remaining customer { displayName } } } }');

  assert.equal(errors, undefined);
  assert.equal(data.tickets[0].creditNote.number, 'CN-00002');
  assert.match(data.tickets[0].creditNote.remaining, /^\d+\.\d\d$/);
  assert.ok(data.tickets[0].creditNote.customer.displayName);
  // A credit note that does not exist is null, and no error.
  assert.equal(data.tickets[1].creditNote, null);
});

test('a credit note has the fields of the other subgraph', async () => {
  const { data, errors } = await execute('{ creditNotes(first: 2) { nodes { number tickets { text } } } }');

  assert.equal(errors, undefined);
  assert.deepEqual(
    data.creditNotes.nodes.map(({ tickets: [{ text }] }) => text),
    ['About 1', 'About 2'],
  );
});

test('a mutation goes through the gateway', async () => {
  const input =
    '{ creditNoteId: 2, fromAccountId: 1, amount: "1.00", exchangeRate: 1, referenceNo: "F-1", description: "", date: "2026-02-01", branchId: 1 }';
  const { data, errors } = await execute(
    `mutation { refundCreditNote(input: ${input}) { amount creditNote { number tickets { text } } } }`,
  );

  assert.equal(errors, undefined);
  assert.equal(JSON.stringify(data.refundCreditNote.creditNote), '{"number":"CN-00002","tickets":[{"text":"About 2"}]}');
});
