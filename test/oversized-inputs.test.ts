import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

const [LONGEST, LONGER] = ['x'.repeat(255), 'x'.repeat(256)];

it.each([
  ['an alias', (name: string) => `{ refunds { nodes { ${name}: id } } }`],
  ['a variable', (name: string) => `query ($${name}: Int = 1) { refunds(first: $${name}) { nodes { id } } }`],
  ['a fragment', (name: string) => `{ me { ...${name} } } fragment ${name} on Viewer { name }`],
])('refuses %s with a name of 256 characters, and neither reply nor error repeats the name', async (_what, document) => {
  const { status, errors } = await books.client.graphql(document(LONGER));
  expect([status, errors?.[0]?.extensions]).toMatchObject([
    400,
    { code: 'QUERY_TOO_COSTLY', details: { of: 'nameLength', cost: 256, limit: 255 } },
  ]);
  const shorter = await books.client.graphql(document(LONGEST));
  expect(shorter.errors?.[0]?.extensions.code).not.toBe('QUERY_TOO_COSTLY');
});

it('limits the name of an operation to 10,000 characters', async () => {
  const named = (length: number) => books.client.graphql(`query ${'Q'.repeat(length)} { me { name } }`);
  expect((await named(10_000)).errors).toBeUndefined();
  expect((await named(10_001)).errors?.[0]?.extensions).toMatchObject({
    code: 'QUERY_TOO_COSTLY',
    details: { of: 'nameLength', limit: 10_000 },
  });
});

it('refuses a mutation with a name that is too long, and writes nothing', async () => {
  const { id } = await books.creditNote('100.00');
  const before = await books.snapshot();
  const mutation = `mutation($i: RefundCreditNoteInput!) { refundCreditNote(input: $i) { ${LONGER}: id } }`;
  const { errors } = await books.client.graphql(mutation, { i: books.refundInput(id) });
  expect(errors?.[0]?.extensions.code).toBe('QUERY_TOO_COSTLY');
  expect(await books.snapshot()).toEqual(before);
});

it('refuses a number of 100,000 digits and names its field', async () => {
  const { id } = await books.creditNote('100.00');
  const body = JSON.stringify({
    query: 'mutation($i: RefundCreditNoteInput!) { refundCreditNote(input: $i) { id } }',
    variables: { i: books.refundInput(id) },
  });
  const reply = await books.client.post('/graphql', body.replace('"40.00"', '1'.repeat(100_000)), {});
  expect([reply.status, JSON.parse(reply.body).errors[0].extensions]).toEqual([
    400,
    expect.objectContaining({ code: 'AMOUNT_TOO_LARGE', field: 'amount' }),
  ]);
});

it.each(['\ud800', '\ud800@x.de', 'a\0@x.de'])(
  'refuses an e-mail address with characters that cannot be stored, and names the field: %j',
  async (email) => {
    const mutation = 'mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { id } }';
    const body = JSON.stringify({ query: mutation, variables: { i: { displayName: 'z', email } } });
    const reply = await books.client.post('/graphql', body, {});
    expect([reply.status, JSON.parse(reply.body).errors[0].extensions]).toEqual([
      400,
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'email' }),
    ]);
  },
);

it('refuses a list that is too long and names its argument', async () => {
  const mutation = 'mutation($i: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $i, mode: ATOMIC) { refund { id } } }';
  const { errors } = await books.client.graphql(mutation, { i: Array(101).fill({}) });
  expect(errors?.[0]).toMatchObject({ message: 'inputs must hold at most 100 items', extensions: { field: 'inputs' } });
});

it.each([
  ['nodes', 'query ($v: [ID!]!) { all: nodes(nodeIds: $v) { nodeId } }', Array(101).fill('x'), ['all'], 'nodeIds'],
  [
    'a filter below the root',
    'query ($v: CreditNoteFilter) { customers { nodes { mine: creditNotes(filter: $v) { totalCount } } } }',
    { status: Array(101).fill('OPEN') },
    ['customers', 'nodes', 'mine'],
    'status',
  ],
  [
    'a field of an input',
    'mutation ($v: [CreditNoteLineInput!]!) { it: createCreditNote(input: { customerId: 1, date: "2026-02-01", lines: $v }) { id } }',
    Array(101).fill({}),
    ['it'],
    'lines',
  ],
])('names the place of a list that is too long: %s', async (_what, query, v, path, field) => {
  const { data, errors, status } = await books.client.graphql(query, { v });
  expect([status, data, errors?.map(({ path, extensions }) => [path, extensions.field])]).toEqual([
    400,
    undefined,
    [[path, field]],
  ]);
});

it.each([
  ['query ($v: RefundOrder) { refunds(orderBy: $v) { totalCount } }', 'orderBy'],
  [
    'mutation ($v: Boolean) { refundCreditNotes(inputs: [], mode: ATOMIC, allowDuplicate: $v) { refund { id } } }',
    'allowDuplicate',
  ],
  ['query ($v: Boolean = true) { me @include(if: $v) { name } }', 'if'],
])('says in plain words that an argument must not be null: %s', async (query, field) => {
  const { errors } = await books.client.graphql(query, { v: null });
  expect(errors?.find(({ extensions }) => extensions.field === field)?.message).toBe(`${field} must not be null`);
});

it.each([
  ['variables=%7B', '"variables": '],
  ['variables=%7B%7D&extensions=x', '"extensions": '],
])('names the part of a query string that is not JSON: %s', async (part, message) => {
  const reply = await gateway.app.inject({ url: `/graphql?query=%7Bme%7Bname%7D%7D&${part}`, headers: books.client.headers });
  expect([reply.statusCode, reply.json().errors[0].message]).toEqual([400, expect.stringContaining(message)]);
});

it('refuses an empty body like one that is not JSON, in each media type', async () => {
  const status = async (accept: string) =>
    (await books.client.post('/graphql', '', { 'content-type': 'application/json', accept })).status;
  expect([await status('application/json'), await status('application/graphql-response+json')]).toEqual([400, 400]);
});

it.each(['/graphql', '/api/credit-notes/1/refunds', '/nope'])(
  'refuses a preflight for a foreign host like any other request: %s',
  async (url) => {
    const reply = await gateway.app.inject({ method: 'OPTIONS', url, headers: { host: 'evil.example' } });
    expect(reply.statusCode).toBe(421);
    expect(reply.json()).toMatchObject({ errors: expect.any(Array) });
  },
);

it('refuses the second of two ledger proofs in one document, because the first one is running', async () => {
  const { errors } = await books.client.graphql('{ a: ledgerHealth { healthy } b: ledgerHealth { healthy } }');
  expect(errors?.[0]).toMatchObject({
    message: 'A ledger check of this organization is already running; try again when it has finished',
    extensions: { code: 'SERVICE_UNAVAILABLE' },
  });
});

it.each([
  ['a number', 'mutation($v: RefundCreditNoteInput!) { it: refundCreditNote(input: $v) { id } }', 'amount', '9'],
  ['a date', 'mutation($v: RefundCreditNoteInput!) { it: refundCreditNote(input: $v) { id } }', 'date', '2'],
  ['an enum', 'mutation($v: CreateAccountInput!) { it: createAccount(input: $v) { id } }', 'type', 'B'],
  ['a time zone', 'mutation($v: UpdateOrganizationInput!) { it: updateOrganization(input: $v) { id } }', 'timeZone', 'A/'],
  ['an e-mail address', 'mutation($v: CreateCustomerInput!) { it: createCustomer(input: $v) { id } }', 'email', 'a@'],
  ['an expected amount in a list', 'query($v: RefundFilter!) { it: refunds(filter: $v) { totalCount } }', 'amount.min', '9'],
])(
  'refuses a text that is longer than any other may be, before it is read as %s, and names the field',
  async (_what, query, field, part) => {
    const textOf = (length: number) => part.repeat(length).slice(0, length);
    const given = (length: number) => {
      const [first = '', second] = field.split('.');
      return { v: { [first]: second === undefined ? textOf(length) : { [second]: textOf(length) } } };
    };
    const before = await books.everything();

    const longer = await books.client.graphql<unknown, unknown>(query, given(16_101));
    expect([longer.status, longer.errors]).toMatchObject([
      400,
      [
        {
          message: `${field} must have at most 16100 characters, as any text`,
          path: ['it'],
          extensions: { code: 'BAD_USER_INPUT', field },
        },
      ],
    ]);
    // A shorter one has the fault of its field.
    const longest = await books.client.graphql<unknown, unknown>(query, given(16_100));
    expect(longest.errors?.map(({ message }) => message).join()).not.toContain('16100');

    expect(await books.everything()).toEqual(before);
  },
);

it.each(['number: "', 'number: """'])('refuses a text in the document that is longer than any other may be: %s', async (start) => {
  const end = start.slice(start.indexOf('"'));
  const asked = (length: number) => books.client.graphql(`{ creditNoteByNumber(${start}${'x'.repeat(length)}${end}) { id } }`);
  expect((await asked(16_101)).errors?.[0]?.extensions).toMatchObject({
    code: 'QUERY_TOO_COSTLY',
    details: { of: 'textLength', cost: 16_101, limit: 16_100 },
  });
  expect((await asked(16_100)).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'number' });
});

it('allows 30 marks on each letter, and no more', async () => {
  const named = (text: string) =>
    books.client.graphql<unknown, object>('mutation($v: CreateBranchInput!) { createBranch(input: $v) { id } }', {
      v: { code: String(text.length), name: text },
    });
  expect((await named(`a${'\u0300'.repeat(30)}b${'\u0300'.repeat(30)}`)).errors).toBeUndefined();
  expect((await named(`a${'\u0300'.repeat(31)}`)).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'name' });
});
