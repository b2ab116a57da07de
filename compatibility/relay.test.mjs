// Relay: its compiler accepts the schema with nodeInterfaceIdField, and its hooks page and update through React.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { act, createElement, Suspense } from 'react';
import relay from 'react-relay';
import renderer from 'react-test-renderer';
import { NOTE, refundOf } from './helpers/books.mjs';
import { startGateway } from './helpers/gateway.mjs';

const { RelayEnvironmentProvider, commitMutation, fetchQuery, useLazyLoadQuery, usePaginationFragment } = relay;
const { Environment, Network, RecordSource, Store } = (await import('relay-runtime')).default;
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

let gateway;
/** What relay-compiler has generated, by name. */
const artifacts = {};
before(async () => {
  const compiler = fileURLToPath(new URL('node_modules/.bin/relay-compiler', import.meta.url));
  await promisify(execFile)(process.execPath, [compiler, 'relay.config.json'], { cwd: new URL('relay/', import.meta.url) });
  for (const name of ['noteQuery', 'note_refunds', 'noteRefundMutation', 'noteNumbersQuery']) {
    artifacts[name] = (await import(`./relay/__generated__/${name}.graphql.js`)).default;
  }
  gateway = await startGateway();
});
after(() => gateway?.stop());

/** Returns an environment whose store identifies objects by nodeId, and the names of the operations that it has sent. */
function newEnvironment() {
  const sent = [];
  const network = Network.create(async ({ name, text }, variables) => {
    sent.push(name);
    const headers = { ...gateway.headers, 'content-type': 'application/json' };
    const reply = await fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) });
    return reply.json();
  });
  const store = new Store(new RecordSource());
  return { environment: new Environment({ network, store, getDataID: ({ nodeId }) => nodeId }), sent };
}

/** Shows the refunds of a note. `shown` gets what the hook returns, as a user would see it. */
function Refunds({ note, shown }) {
  Object.assign(shown, usePaginationFragment(artifacts.note_refunds, note));
  return null;
}

function Page({ shown }) {
  return createElement(Refunds, { note: useLazyLoadQuery(artifacts.noteQuery, { id: NOTE }).creditNote, shown });
}

/** Shows the note's page, and returns what its component has last rendered. */
async function show(environment) {
  const shown = {};
  const page = createElement(Suspense, null, createElement(Page, { shown }));
  await act(async () => renderer.create(createElement(RelayEnvironmentProvider, { environment }, page)));
  while (shown.data === undefined) await act(async () => new Promise(setImmediate));
  return shown;
}

function refund(environment, variables) {
  return new Promise((onCompleted, onError) => {
    commitMutation(environment, {
      mutation: artifacts.noteRefundMutation,
      variables: { connections: [], ...variables },
      onCompleted: (data, errors) => onCompleted({ data, errors }),
      onError,
    });
  });
}

test('usePaginationFragment reads the refunds page by page, and a refund appears on top of them without a refetch', async () => {
  const { environment, sent } = newEnvironment();
  for (const amount of ['1.00', '2.00', '3.00']) await refund(environment, { input: refundOf(amount) });
  const amounts = ({ data }) => data.refunds.edges.map(({ node }) => node.amount);
  const page = await show(environment);
  assert.deepEqual(amounts(page), ['3.00', '2.00']);
  assert.equal(page.hasNext, true);

  await act(() => new Promise((onComplete) => page.loadNext(2, { onComplete })));
  assert.deepEqual(amounts(page).slice(0, 3), ['3.00', '2.00', '1.00']);

  const { remaining, refunds } = page.data;
  await act(() => refund(environment, { input: refundOf('4.00'), connections: [refunds.__id] }));
  assert.deepEqual(amounts(page).slice(0, 4), ['4.00', '3.00', '2.00', '1.00']);
  assert.equal(Number(remaining) - Number(page.data.remaining), 4);
  assert.equal(page.data.refundability.maxAmount, page.data.remaining);
  assert.deepEqual(sent.slice(3), ['noteQuery', 'noteRefundsQuery', 'noteRefundMutation']);
});

test('an account, a branch and a customer with the same id do not mix', async () => {
  const { environment } = newEnvironment();

  const { account, branch, customer } = await fetchQuery(environment, artifacts.noteNumbersQuery, {}).toPromise();

  assert.deepEqual([account.id, branch.id, customer.id], ['1', '1', '1']);
  assert.equal(new Set([account.name, branch.name, customer.displayName]).size, 3);
});

test('a refusal has its code in the errors that onCompleted or onError gets', async () => {
  const { environment } = newEnvironment();

  const outcome = await refund(environment, { input: refundOf('999999.00') });

  assert.equal(outcome.data.refundCreditNote, null);
  assert.equal(outcome.errors[0].extensions.code, 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
});

test('a retry with the same idempotency key returns the first refund', async () => {
  const { environment } = newEnvironment();
  const variables = { input: refundOf('5.00'), key: randomUUID() };

  const first = await refund(environment, variables);

  assert.deepEqual((await refund(environment, variables)).data, first.data);
});
