import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A fragment may stand alone in one place of a document, and be merged with others in another place. Each place gets what it selects. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let one: string;
let other: string;
beforeAll(async () => {
  [one, other] = [(await books.creditNote('100.00')).id, (await books.creditNote('100.00')).id];
  await books.refund(one, { amount: '1.00' });
  await books.refund(other, { amount: '2.00' });
});

async function read(document: string, variables: object = {}) {
  const { data, errors } = await books.client.graphql<unknown, object>(document, variables);
  expect(errors).toBeUndefined();
  return data;
}

const FRAGMENTS = `
  fragment Ids on CreditNote { refunds(first: 5) { nodes { fromAccount { name } } } }
  fragment Amounts on CreditNote { refunds(first: 5) { nodes { amount branch { code } } totalCount pageInfo { hasNextPage } } }`;
const ALONE = { refunds: { nodes: [{ fromAccount: { name: 'Bank' } }] } };
const merged = (amount: string) => ({
  refunds: {
    nodes: [{ amount, branch: { code: '1' }, fromAccount: { name: 'Bank' } }],
    totalCount: 1,
    pageInfo: { hasNextPage: false },
  },
});

it.each([
  ['Ids', 'Amounts'],
  ['Amounts', 'Ids'],
])('in the order %s, %s', async (first, second) => {
  const document = `query ($one: ID!, $other: ID!) {
    alone: creditNote(id: $one) { ...Ids }
    merged: creditNote(id: $other) { ...${first} ...${second} }
  } ${FRAGMENTS}`;
  const expected = { alone: ALONE, merged: merged('2.00') };
  // A document that is sent again is compiled.
  for (let round = 0; round < 4; round += 1) expect(await read(document, { one, other })).toEqual(expected);
});

it('the merged place first', async () => {
  const document = `query ($one: ID!, $other: ID!) {
    merged: creditNote(id: $one) { ...Ids ...Amounts }
    alone: creditNote(id: $other) { ...Ids }
  } ${FRAGMENTS}`;
  for (let round = 0; round < 4; round += 1) {
    expect(await read(document, { one, other })).toEqual({ merged: merged('1.00'), alone: ALONE });
  }
});

it('depending on a variable', async () => {
  const document = `query ($one: ID!, $other: ID!, $also: Boolean!) {
    alone: creditNote(id: $one) { ...Ids }
    merged: creditNote(id: $other) { ...Ids ...Amounts @include(if: $also) }
  } ${FRAGMENTS}`;
  for (const also of [false, true, false, true, true, false]) {
    expect(await read(document, { one, other, also })).toEqual({ alone: ALONE, merged: also ? merged('2.00') : ALONE });
  }
});

it('in the reply to a mutation', async () => {
  const document = `mutation ($input: RefundCreditNoteInput!) {
    refundCreditNote(input: $input) { creditNote { ...Ids customer { creditNotes { nodes { id ...Amounts } } } } }
  } ${FRAGMENTS}`;
  const { id } = await books.creditNote('100.00');
  expect(await read(document, { input: books.refundInput(id, { amount: '3.00' }) })).toEqual({
    refundCreditNote: { creditNote: { ...ALONE, customer: { creditNotes: { nodes: [expect.objectContaining({ id })] } } } },
  });
});

it('with one alias for different fields', async () => {
  const document = `query ($one: ID!) {
    creditNote(id: $one) {
      a: customer { x: displayName }
      b: customer { x: currencyCode }
      c: refunds { pageInfo { x: startCursor } edges { x: cursor } }
      d: refunds { a: edges { x: cursor } b: edges { x: node { x: status } } }
    }
    refunds { a: nodes { x: amount, y: branch { x: code } } b: nodes { x: date, y: creditNote { x: total } } }
  }`;
  const expected = {
    creditNote: {
      a: { x: 'Carol' },
      b: { x: 'USD' },
      c: { pageInfo: { x: expect.any(String) }, edges: [{ x: expect.any(String) }] },
      d: { a: [{ x: expect.any(String) }], b: [{ x: { x: 'POSTED' } }] },
    },
    refunds: {
      a: expect.arrayContaining([{ x: '1.00', y: { x: '1' } }]),
      b: expect.arrayContaining([{ x: '2026-02-01', y: { x: '100.00' } }]),
    },
  };
  for (let round = 0; round < 4; round += 1) expect(await read(document, { one })).toEqual(expected);
});
