import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GRAPHQL_BODY_LIMIT } from '../src/server/json-bodies.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

const FACE = '😀';
const REFUNDS =
  'mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { referenceNo } } }';
const NOTE = 'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { note lines { description } } }';

/** The ways to write a character of four bytes in JSON. */
const WRITINGS: Record<string, (json: string) => string> = {
  'as it is': (json) => json,
  'as escapes': (json) => json.replaceAll(FACE, '\\ud83d\\ude00'),
};

const refunds = async (characters = 1000) => {
  const { id } = await books.creditNote('1.00');
  return Array.from({ length: 100 }, (_, index) =>
    books.refundInput(id, {
      amount: '0.01',
      referenceNo: FACE.repeat(252) + String(index).padStart(3, '0'),
      description: FACE.repeat(characters),
    }),
  );
};

const creditNote = async () => ({
  number: FACE.repeat(219) + randomUUID(),
  customerId: await books.customer(),
  date: '2026-01-15',
  note: FACE.repeat(4000),
  referenceNo: FACE.repeat(255),
  lines: Array.from({ length: 100 }, () => ({ accountId: books.ids.sales, amount: '1.00', description: FACE.repeat(1000) })),
});

describe.each(Object.entries(WRITINGS))('with each character written %s, the gateway accepts', (_name, write) => {
  it('a hundred refunds with the longest texts', async () => {
    const body = write(JSON.stringify({ query: REFUNDS, variables: { inputs: await refunds() } }));
    const { data, errors } = JSON.parse((await books.client.post('/graphql', body, {})).body);
    expect(errors).toBeUndefined();
    expect(data.refundCreditNotes).toHaveLength(100);
  });

  it('a credit note of a hundred lines with the longest texts', async () => {
    const body = write(JSON.stringify({ query: NOTE, variables: { input: await creditNote() } }));
    const { data, errors } = JSON.parse((await books.client.post('/graphql', body, {})).body);
    expect(errors).toBeUndefined();
    expect([...data.createCreditNote.note]).toHaveLength(4000);
    expect(data.createCreditNote.lines).toHaveLength(100);
  });
});

it('accepts a hundred refunds with the longest texts as literals, escaped in GraphQL and in JSON', async () => {
  const literal = (await refunds()).map(
    (input) =>
      `{ ${Object.entries(input)
        .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
        .join(' ')} }`,
  );
  const query = `mutation { refundCreditNotes(inputs: [${literal.join()}], mode: ATOMIC) { refund { id } } }`;
  const body = JSON.stringify({ query: query.replaceAll(FACE, '\\ud83d\\ude00') });
  expect(body).toContain('\\\\ud83d\\\\ude00');
  const { data, errors } = JSON.parse((await books.client.post('/graphql', body, {})).body);
  expect(errors).toBeUndefined();
  expect(data.refundCreditNotes).toHaveLength(100);
});

it('refuses a text that is one character too long with its field, and a body that is too large with its size', async () => {
  const inputs = await refunds(1001);
  const { errors } = await books.client.graphql(REFUNDS, { inputs });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'inputs.0.description' });

  const body = JSON.stringify({ query: '{ me { name } }', extensions: {} });
  const fits = await books.client.post('/graphql', body.padEnd(GRAPHQL_BODY_LIMIT), {});
  const tooLong = await books.client.post('/graphql', body.padEnd(GRAPHQL_BODY_LIMIT + 1), {});
  expect([fits.status, tooLong.status]).toEqual([200, 413]);
  expect(JSON.parse(tooLong.body).errors[0]).toMatchObject({
    message: `The body is larger than ${GRAPHQL_BODY_LIMIT} bytes`,
    extensions: { code: 'PAYLOAD_TOO_LARGE' },
  });
});
