import { beforeAll, describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let input: Record<string, unknown>;
beforeAll(async () => {
  const { creditNoteId, fromAccountId, branchId, ...rest } = books.refundInput((await books.creditNote('100.00')).id);
  input = { ...rest, creditNoteId, fromAccountId, branchId };
});

/** The result of the preview: whether the refund is allowed, or the code and field of the error. */
async function answer(method: 'GET' | 'POST', query: string, variables: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...books.client.headers };
  const reply =
    method === 'POST'
      ? await gateway.app.inject({
          method,
          url: '/graphql',
          headers,
          payload: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
        })
      : await gateway.app.inject({
          url: `/graphql?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(variables)}`,
          headers,
        });
  const { data, errors } = reply.json();
  return errors === undefined ? data.previewRefund.allowed : [errors[0].extensions.code, errors[0].extensions.field];
}

const others = (without: string): string =>
  Object.entries(input)
    .filter(([name]) => name !== without)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ');

/** Each way to send a number, as a document with its variables. */
const WAYS: Record<string, (field: string, number: string) => [string, string]> = {
  'a variable': (field, number) => [
    'query($input: RefundCreditNoteInput!) { previewRefund(input: $input) { allowed } }',
    JSON.stringify({ input: { ...input, [field]: 'HERE' } }).replace('"HERE"', number),
  ],
  'a variable of its own': (field, number) => [
    `query($it: Decimal!) { previewRefund(input: { ${others(field)}, ${field}: $it }) { allowed } }`,
    `{"it":${number}}`,
  ],
  'a literal': (field, number) => [`{ previewRefund(input: { ${others(field)}, ${field}: ${number} }) { allowed } }`, '{}'],
  'a literal beside variables': (field, number) => {
    const texts = [
      'referenceNo',
      'description',
      'date',
      'creditNoteId',
      'fromAccountId',
      'branchId',
      field === 'amount' ? 'exchangeRate' : 'amount',
    ];
    const types: Record<string, string> = {
      referenceNo: 'String!',
      description: 'String!',
      date: 'PostingDate!',
      amount: 'Decimal!',
      exchangeRate: 'Decimal',
    };
    return [
      `query(${texts.map((name) => `$${name}: ${types[name] ?? 'ID!'}`).join()}) { previewRefund(input: { ${texts.map((name) => `${name}: $${name}`).join()}, ${field}: ${number} }) { allowed } }`,
      JSON.stringify(Object.fromEntries(texts.map((name) => [name, input[name]]))),
    ];
  },
  'a default': (field, number) => [
    `query($it: Decimal! = ${number}) { previewRefund(input: { ${others(field)}, ${field}: $it }) { allowed } }`,
    '{}',
  ],
  'a default in an object': (field, number) => [
    `query($input: RefundCreditNoteInput! = { ${others(field)}, ${field}: ${number} }) { previewRefund(input: $input) { allowed } }`,
    '{}',
  ],
};

describe.each(Object.entries(WAYS))('a number as %s', (_name, way) => {
  it.each([
    ['amount', '40.000000000000000000001', ['AMOUNT_TOO_LARGE', 'amount']],
    ['amount', '1e400', ['AMOUNT_TOO_LARGE', 'amount']],
    ['amount', '1e-9999999', ['AMOUNT_TOO_LARGE', 'amount']],
    ['amount', '1234567890123456789', ['AMOUNT_TOO_LARGE', 'amount']],
    ['amount', '9'.repeat(60), ['AMOUNT_TOO_LARGE', 'amount']],
    ['amount', `40.${'0'.repeat(490)}`, true],
    // Reading its zeros would take a sixth of a second for each megabyte.
    ['amount', `40.${'0'.repeat(500)}`, ['AMOUNT_TOO_LARGE', 'amount']],
    ['amount', '0', ['AMOUNT_NOT_POSITIVE', 'amount']],
    ['amount', '-0.0', ['AMOUNT_NOT_POSITIVE', 'amount']],
    ['amount', '-1e400', ['AMOUNT_NOT_POSITIVE', 'amount']],
    ['amount', '4.00000000000000000000000e+1', true],
    ['exchangeRate', '1.00000000000000000001', ['EXCHANGE_RATE_INVALID', 'exchangeRate']],
    ['exchangeRate', '-1', ['EXCHANGE_RATE_INVALID', 'exchangeRate']],
    ['exchangeRate', '1.000', true],
  ])('keeps every digit, by GET and by POST, in the first request and in the fifth: %s %.30s', async (field, number, expected) => {
    const [query, variables] = way(field, number);
    const answers: unknown[] = [];
    for (let time = 0; time < 5; time += 1) {
      answers.push(await answer('POST', query, variables), await answer('GET', query, variables));
    }
    expect(answers).toEqual(answers.map(() => expected));
  });
});

it('refuses an id or a count with more digits than a double holds, instead of rounding it', async () => {
  const asked = async (method: 'GET' | 'POST', variables: string) => {
    const query = 'query($id: ID!, $n: Int!) { creditNote(id: $id) { id } creditNotes(first: $n) { nodes { id } } }';
    const headers = { 'content-type': 'application/json', ...books.client.headers };
    const reply = await gateway.app.inject(
      method === 'POST'
        ? { method, url: '/graphql', headers, payload: `{"query":${JSON.stringify(query)},"variables":${variables}}` }
        : { url: `/graphql?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(variables)}`, headers },
    );
    return reply.json().errors?.map(({ extensions }: { extensions: Record<string, unknown> }) => extensions);
  };
  for (const method of ['GET', 'POST'] as const) {
    expect(await asked(method, '{"id":1.00000000000000000001,"n":100.00000000000000000001}')).toMatchObject([
      { code: 'BAD_USER_INPUT', field: 'id' },
      { code: 'BAD_USER_INPUT', field: 'first' },
    ]);
  }
});
