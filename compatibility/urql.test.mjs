// urql with its normalized cache, Graphcache, which checks each operation against the schema.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { buildSchema, introspectionFromSchema } from 'graphql';
import { NOTE, refundOf } from './helpers/books.mjs';
import { startGateway } from './helpers/gateway.mjs';

const PAGE = gql`
  query Page($id: ID!, $after: String) {
    creditNote(id: $id) {
      id
      remaining
      refundability { id maxAmount }
      refunds(first: 2, after: $after, orderBy: ID_ASC) {
        edges { cursor node { id amount } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;
const REFUND = gql`
  mutation Refund($input: RefundCreditNoteInput!, $key: String) {
    refundCreditNote(input: $input, idempotencyKey: $key) {
      id
      amount
      creditNote { id remaining refundability { id maxAmount } }
    }
  }
`;

let gateway;
let schema;
before(async () => {
  gateway = await startGateway();
  const sdl = await readFile(new URL('../schema.graphql', import.meta.url), 'utf8');
  schema = introspectionFromSchema(buildSchema(sdl));
});
after(() => gateway?.stop());

/** A new refund belongs to lists that Graphcache cannot know: they are read again when they are next shown. */
function invalidateRefunds({ refundCreditNote }, _args, cache) {
  const note = refundCreditNote?.creditNote;
  for (const { fieldName, arguments: values } of note ? cache.inspectFields(note) : []) {
    if (fieldName === 'refunds') cache.invalidate(note, fieldName, values);
  }
}

/** Returns a client, the methods of its requests and the warnings of its cache. */
function newClient() {
  const methods = [];
  const warnings = [];
  const client = new Client({
    url: gateway.url,
    exchanges: [
      cacheExchange({
        schema,
        logger: (_severity, message) => warnings.push(message),
        resolvers: { CreditNote: { refunds: relayPagination() } },
        updates: { Mutation: { refundCreditNote: invalidateRefunds } },
      }),
      fetchExchange,
    ],
    fetchOptions: { headers: gateway.headers },
    fetch: (url, options) => {
      methods.push(options.method);
      return fetch(url, options);
    },
  });
  return { client, methods, warnings };
}

test('the first query is a GET, and a refund updates the note and its refundability in the cache', async () => {
  const { client, methods, warnings } = newClient();
  const first = await client.query(PAGE, { id: NOTE });
  assert.equal(first.error, undefined);

  const refund = await client.mutation(REFUND, { input: refundOf('10.00') });
  assert.equal(refund.error, undefined);
  const cached = await client.query(PAGE, { id: NOTE }, { requestPolicy: 'cache-only' });

  const [before, now] = [first, cached].map(({ data }) => data.creditNote);
  assert.equal(Number(before.remaining) - Number(now.remaining), 10);
  assert.equal(now.refundability.maxAmount, now.remaining);
  assert.deepEqual(methods, ['GET', 'POST']);
  assert.deepEqual(warnings, []);
});

test('the refunds of a note are read page by page into one list, and a refund makes the client read them again', async () => {
  const { client, methods } = newClient();
  for (const amount of ['1.00', '2.00', '3.00', '4.00']) await client.mutation(REFUND, { input: refundOf(amount) });
  const first = await client.query(PAGE, { id: NOTE });
  const { endCursor, hasNextPage } = first.data.creditNote.refunds.pageInfo;
  assert.equal(hasNextPage, true);

  const both = await client.query(PAGE, { id: NOTE, after: endCursor });
  assert.equal(both.data.creditNote.refunds.edges.length, 4);
  const requests = methods.length;
  await client.query(PAGE, { id: NOTE });
  assert.equal(methods.length, requests);

  await client.mutation(REFUND, { input: refundOf('4.00') });
  const again = await client.query(PAGE, { id: NOTE });
  assert.equal(methods.length, requests + 2);
  assert.equal(again.data.creditNote.refunds.edges.length, 2);
});

test('a refusal has a code, the field and the details', async () => {
  const { client } = newClient();

  const { error } = await client.mutation(REFUND, { input: refundOf('999999.00') });

  const [{ extensions }] = error.graphQLErrors;
  assert.equal(error.networkError, undefined);
  assert.equal(extensions.code, 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
  assert.equal(extensions.field, 'amount');
  assert.equal(extensions.retryable, false);
});

test('a retry with the same idempotency key returns the first refund', async () => {
  const { client } = newClient();
  const variables = { input: refundOf('4.00'), key: randomUUID() };

  const first = await client.mutation(REFUND, variables);
  const second = await client.mutation(REFUND, variables);

  assert.deepEqual(second.data, first.data);
  assert.deepEqual(second.extensions, { idempotency: { replayed: true } });
});
