import { describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** Limits of a GraphQL document; one that exceeds a limit is neither validated nor compiled nor executed. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const nested = (levels: number, open: string, inner: string, close: string): string =>
  open.repeat(levels) + inner + close.repeat(levels);

/** The limit that is exceeded, and a document that exceeds it. */
const TOO_MUCH: [of: string, document: string][] = [
  ['aliases', `{ ${times(640, (index) => `x: f${index}`)} }`],
  ['aliases', `{ me { ${times(101, (index) => `a${index}: name`)} } }`],
  ['depth', `{ ${nested(240, 'refund(id: 1) { ', 'id', ' }')} }`],
  ['depth', `{ refund(id: 1) { ${nested(20, 'creditNote { refunds { nodes { ', 'id', ' } } }')} } }`],
  ['depth', `{ ${nested(240, '... { ', '__typename', ' }')} }`],
  [
    'depth',
    `{ ...F0 } ${times(20, (index) => `fragment F${index} on Refund { creditNote { ...F${index + 1} } }`)} fragment F20 on Refund { id }`,
  ],
  ['fields', `{ ${times(1_001, () => 'me { name }')} }`],
  [
    'fields',
    `{ ...F0 } ${times(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F60 on Query { __typename }`,
  ],
  ['fields', '{ ...A } fragment A on Query { ...B } fragment B on Query { __typename ...A }'],
  ['fields', `{ __typename } ${times(1_001, (index) => `fragment F${index} on Query { __typename }`)}`],
  ['fields', `{ ...A } fragment A on Query { ${times(1_001, () => '__typename')} } fragment A on Query { __typename }`],
  ['repetitions', `{ me { ${times(500, () => 'name')} } }`],
  [
    'repetitions',
    `{ me { ${times(150, (index) => `...F${index}`)} } } ${times(150, (index) => `fragment F${index} on Viewer { name }`)}`,
  ],
  ['repetitions', `{ ${times(40, () => `me { ${times(5, () => 'name')} }`)} }`],
  ['rootFields', `{ ${times(60, (index) => `${['me', 'ledgerHealth', 'accounts'][index % 3]} { __typename }`)} }`],
  ['rootFields', `{ ...F ...F } fragment F on Query { ${times(30, () => '__typename')} }`],
  ['directives', `{ me { name ${times(1_000, () => '@skip(if: false)')} } }`],
  ['directives', `query ${times(60, () => '@nothing')} { __typename }`],
  ['fragments', `{ __typename ${times(300, () => '...Nothing')} }`],
  ['fragments', `{ me { ${times(300, () => '... { name }')} } }`],
  ['operations', times(51, (index) => `query Q${index} { __typename }`)],
  ['variables', `query (${times(201, (index) => `$v${index}: Int`)}) { __typename }`],
  ['values', `{ refunds(filter: { provenance: { clientName: [${times(5_000, () => '1')}] } }) { nodes { id } } }`],
  ['valueDepth', `{ refund(id: ${nested(900, '[', '1', ']')}) { id } }`],
  ['valueDepth', `{ refunds(filter: ${nested(900, '{ clientName: ', '1', '}')}) { nodes { id } } }`],
  ['valueDepth', `query ($x: Int = ${nested(11, '[', '1', ']')}) { __typename }`],
  ['valueDepth', `{ __typename @skip(if: ${nested(11, '[', '1', ']')}) }`],
];

it.each(TOO_MUCH)('a document is refused for its %s: %.70s', async (of, query) => {
  for (let round = 0; round < 3; round += 1) {
    const { status, data, errors } = await books.client.graphql(query);
    expect([status, data, errors?.length]).toEqual([400, undefined, 1]);
    const { code, details } = errors?.[0]?.extensions ?? {};
    expect([code, details]).toEqual(['QUERY_TOO_COSTLY', { of, cost: expect.any(Number), limit: expect.any(Number) }]);
    const { cost, limit } = details as { cost: number; limit: number };
    expect(cost).toBeGreaterThan(limit);
    expect(errors?.[0]?.message).toContain(`${cost} `);
  }
});

it('a fragment that contains itself is refused for a thousand million fields "or more"', async () => {
  const { errors } = await books.client.graphql('{ me { ...A } } fragment A on Viewer { organization { name } ...A }');
  expect(errors?.[0]?.message).toBe(
    'The document has 1000000000 or more fields, counting those of each use of a fragment; 1000 are allowed',
  );
});

it('a document beyond a limit is refused by GET, too, and a mutation beyond a limit writes nothing', async () => {
  const query = `{ ${times(101, (index) => `a${index}: __typename`)} }`;
  const url = `/graphql?query=${encodeURIComponent(query)}`;
  const headers = { ...books.client.headers, 'apollo-require-preflight': '1' };
  const reply = await gateway.app.inject({ method: 'GET', url, headers });
  expect([reply.statusCode, reply.json().errors[0].extensions.code]).toEqual([400, 'QUERY_TOO_COSTLY']);

  const before = await branches();
  const mutation = times(51, (index) => `a${index}: createBranch(input: { code: "${index}", name: "x" }) { id }`);
  expect((await books.client.graphql(`mutation { ${mutation} }`)).errors?.[0]?.extensions).toMatchObject({
    details: { of: 'rootFields' },
  });
  expect(await branches()).toEqual(before);
});

async function branches(): Promise<unknown> {
  return (await books.client.graphql('{ branches { nodes { id } } }')).data;
}

it('the log line of a refused document names its caller', async () => {
  const { headers } = await books.client.graphql(`{ ${times(101, (index) => `a${index}: __typename`)} }`);
  const line = gateway.logged.find(({ requestId }) => requestId === headers['x-request-id']);
  expect(line).toMatchObject({ status: 400, refused: 'QUERY_TOO_COSTLY', actor: 'key of ADMIN' });
});

describe('a document may contain in literals', () => {
  it('a hundred refunds', async () => {
    const note = await books.creditNote('1000.00');
    const inputs = times(100, (index) => {
      const fields = Object.entries(books.refundInput(note.id, { amount: '1.00', referenceNo: `R ${index}` }));
      return `{ ${fields.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(' ')} }`;
    });
    const mutation = `mutation { refundCreditNotes(inputs: [${inputs}], mode: ATOMIC, allowDuplicate: true) { refund { id } } }`;

    const { data, errors } = await books.client.graphql<{ refundCreditNotes: unknown[] }, never>(mutation);

    expect(errors).toBeUndefined();
    expect(data?.refundCreditNotes).toHaveLength(100);
  });

  it('a hundred lines', async () => {
    const lines = times(100, (index) => `{ accountId: ${books.ids.sales}, amount: ${index + 1}, description: "line ${index}" }`);
    const input = `customerId: ${await books.customer()}, date: "2026-01-15", lines: [${lines}]`;

    const { data } = await books.client.graphql<{ createCreditNote: { total: string } }, never>(
      `mutation { createCreditNote(input: { ${input} }) { total } }`,
    );

    expect(data?.createCreditNote.total).toBe('5050.00');
  });
});
