import { beforeAll, describe, expect, it } from '@jest/globals';
import { MeDocument, RefundCreditNoteDocument } from './generated/documents.js';
import { type Books, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let input: ReturnType<Books['refundInput']>;
beforeAll(async () => {
  input = books.refundInput((await books.creditNote('100.00')).id);
});

/** The errors of a refund with the changed input. */
async function errorsOf(changes: Record<string, unknown>) {
  const { errors = [] } = await books.client.graphql(RefundCreditNoteDocument, { input: { ...input, ...changes } });
  return errors;
}

async function errorOf(changes: Record<string, unknown>) {
  return (await errorsOf(changes))[0];
}

it.each(['{ me { name } }', '{ creditNote(id: 1) { nothing } }'])('forbids caches to store a reply: %s', async (query) => {
  expect((await books.client.graphql(query)).headers).toMatchObject({ 'cache-control': 'no-store' });
});

describe('a wrong value in an input variable', () => {
  it.each([
    ['amount', 'a lot'],
    ['amount', '1e3'],
    ['amount', '0x10'],
    ['amount', true],
    ['amount', [1]],
    ['amount', null],
    ['amount', undefined],
    ['exchangeRate', ''],
    ['date', 20260101],
    ['date', '2026-13-01'],
    ['fromAccountId', 1.5],
    ['fromAccountId', undefined],
    ['referenceNo', 7],
  ])('is refused and its field is named: %s = %p', async (field, value) => {
    expect((await errorOf({ [field]: value }))?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  it('is refused together with all other fields that break our own rules', async () => {
    const errors = await errorsOf({ amount: '-1', branchId: 'x', referenceNo: 'r'.repeat(300) });
    expect(errors.map(({ path, extensions: { code, field } }) => [path, code, field])).toEqual([
      [['refundCreditNote'], 'AMOUNT_NOT_POSITIVE', 'amount'],
      [['refundCreditNote'], 'BAD_USER_INPUT', 'referenceNo'],
      [['refundCreditNote'], 'BAD_USER_INPUT', 'branchId'],
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['$x: Decimal!) { refundCreditNote(input: { amount: $x }', { x: 'lots' }, 'amount'],
    ['$x: String) { createBranch(input: { code: "c", name: "n" }, idempotencyKey: $x', { x: 5 }, 'idempotencyKey'],
    ['$x: CreateBranchInput!) { createBranch(input: $x', { x: [] }, 'input'],
    ['$x: CreateBranchInput!) { createBranch(input: $x', { x: { code: 'c', name: 'n', foo: 1 } }, 'foo'],
    ['$x: CreateBranchInput!) { createBranch(input: $x', { x: { code: 'c' } }, 'name'],
    [
      '$x: CreateCreditNoteInput!) { createCreditNote(input: $x',
      { x: { customerId: 1, date: '2026-01-01', lines: [{ accountId: 1, amount: 'x' }] } },
      'lines.0.amount',
    ],
  ])(
    'is refused with the name of its input field, whatever the variable is called: mutation(%s',
    async (mutation, variables, field) => {
      const rest = mutation.includes('amount: $x')
        ? `(input: { ${Object.entries(input)
            .map(([name, value]) => `${name}: ${name === 'amount' ? '$x' : JSON.stringify(value)}`)
            .join(', ')} }`
        : '';
      const text = rest ? `mutation($x: Decimal!) { refundCreditNote${rest}) { id } }` : `mutation(${mutation}) { id } }`;
      const { errors } = await books.client.graphql(text, variables);
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    },
  );

  it('is refused with all wrong fields at once, whether GraphQL or our own rules refuse them', async () => {
    const errors = await errorsOf({
      amount: 'x',
      exchangeRate: [],
      branchId: 'y',
      referenceNo: 'r'.repeat(300),
      date: null,
      more: 1,
    });
    expect(errors.map(({ extensions: { code, field } }) => `${field} ${code}`).sort()).toEqual(
      ['amount', 'branchId', 'date', 'exchangeRate', 'more', 'referenceNo'].map((field) => `${field} BAD_USER_INPUT`),
    );
    for (const { message, extensions } of errors) expect(message).toContain(extensions.field);
  });

  it('has the code of its own rule', async () => {
    const codes = (await errorsOf({ amount: 0, exchangeRate: -1 })).map(({ extensions: { code, field } }) => [field, code]);
    expect(codes).toEqual([
      ['amount', 'AMOUNT_NOT_POSITIVE'],
      ['exchangeRate', 'EXCHANGE_RATE_INVALID'],
    ]);
  });

  it.each([
    [
      'refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } }',
      [{}, { amount: 0 }],
      'inputs.1.amount',
      'AMOUNT_NOT_POSITIVE',
    ],
    [
      'refundCreditNotes(inputs: $inputs, mode: PER_ITEM) { refund { id } }',
      [{ amount: '9'.repeat(19) }],
      'inputs.0.amount',
      'AMOUNT_TOO_LARGE',
    ],
    [
      'refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } }',
      [{}, {}, { date: '2021-02-30' }],
      'inputs.2.date',
      'BAD_USER_INPUT',
    ],
  ])('is named with its position in a list: %s %p', async (mutation, changes, field, code) => {
    const { errors } = await books.client.graphql(`mutation($inputs: [RefundCreditNoteInput!]!) { ${mutation} }`, {
      inputs: changes.map((change) => ({ ...input, ...change })),
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code, field });
  });

  it('is named in every line of the longest list', async () => {
    const text =
      'mutation($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }';
    const { errors = [] } = await books.client.graphql(text, { inputs: Array(100).fill({}) });
    expect(errors.filter(({ extensions }) => /^inputs\.\d+\.amount$/.test(String(extensions.field)))).toHaveLength(100);
  });

  it('is quoted in the message up to a limit of length', async () => {
    expect((await errorOf({ date: 'x'.repeat(50_000) }))?.message.length).toBeLessThan(600);
    expect((await errorOf({ date: 'x'.repeat(50_000) }))?.extensions.field).toBe('date');
  });

  it('has an error of its own with its field when it is a literal', async () => {
    const [literal, named] = ['amount: "x", date: 5', ['amount', 'date']] as const;
    const rest = Object.entries(input)
      .filter(([name]) => !literal.includes(`${name}:`))
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    const { errors } = await books.client.graphql(
      `mutation { refundCreditNote(input: { ${literal}, ${rest.join(', ')} }) { id } }`,
    );
    expect(errors?.map(({ extensions }) => extensions)).toEqual(
      named.map((field) => ({
        code: 'GRAPHQL_VALIDATION_FAILED',
        field,
        details: { fields: [{ field, code: 'GRAPHQL_VALIDATION_FAILED', reasons: [expect.any(String)] }] },
        retryable: false,
        requestId: expect.any(String),
      })),
    );
  });

  it('is named with its path when a literal is wrong, missing or unknown', async () => {
    const { errors } = await books.client.graphql(
      'mutation { createBranch(input: { foo: 1 }) { id } refundCreditNotes(inputs: [{ amount: [] }], mode: ATOMIC) { refund { id } } }',
    );
    const fields = errors?.map(({ extensions }) => extensions.field);
    expect(fields).toEqual(expect.arrayContaining(['code', 'name', 'foo', 'inputs.0.creditNoteId', 'inputs.0.amount']));
  });

  it('is refused when it is a literal beside correct ones', async () => {
    const fields = Object.entries({ ...input, amount: 'x' }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    const { errors } = await books.client.graphql(`mutation { refundCreditNote(input: { ${fields.join(', ')} }) { id } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED', field: 'amount' });
  });
});

it('accepts the fields of the documented REST body as GraphQL input', async () => {
  const { id } = await books.creditNote('100.00');
  const json = `{"query":"mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { amount exchangeRate } }","variables":{"input":
    {"creditNoteId":${id},"fromAccountId":${books.ids.bank},"amount":33.330,"exchangeRate":1.0,"referenceNo":"1","description":"","date":"2026-02-01T00:00:00.000Z","branchId":${books.ids.branch}}}}`;
  const reply = await books.client.post('/graphql', json, {});
  expect(JSON.parse(reply.body)).toEqual({ data: { refundCreditNote: { amount: '33.33', exchangeRate: '1' } } });
});

it('keeps every digit of a number in the request', async () => {
  const json = JSON.stringify({
    query: 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { amount } }',
    variables: { input },
  });
  const reply = await books.client.post('/graphql', json.replace('"40.00"', '40.000000000000000000001'), {});
  expect(JSON.parse(reply.body).errors[0].extensions).toMatchObject({ code: 'AMOUNT_TOO_LARGE', field: 'amount' });
});

describe('an unexpected error', () => {
  it('returns only the request id to the client, and logs the details under it', async () => {
    const broken = await gateway.books();
    await gateway.database.superuser.query(`update accounts set system_role = null where organization_id = $1`, [
      broken.organization.id,
    ]);
    const customerId = await broken.customer();
    const before = await broken.snapshot();

    const { data, errors, headers } = await broken.client.graphql(
      `mutation { createCreditNote(input: { customerId: ${customerId}, date: "2026-01-01", open: true, lines: [{ accountId: ${broken.ids.sales}, amount: 1 }] }) { id } }`,
      undefined,
      { 'x-request-id': 'my-request' },
    );

    expect(data).toEqual({ createCreditNote: null });
    expect(errors).toEqual([
      expect.objectContaining({
        message: 'Something went wrong on our side; tell us the request id',
        extensions: { code: 'INTERNAL_SERVER_ERROR', details: {}, retryable: false, requestId: 'my-request' },
      }),
    ]);
    expect(headers['x-request-id']).toBe('my-request');
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({
        requestId: 'my-request',
        msg: 'unexpected error',
        err: expect.objectContaining({ stack: expect.stringContaining('has no account for accounts-receivable') }),
      }),
    );
    expect(await broken.snapshot()).toEqual(before);
  });
});

describe('a request', () => {
  it('has one log line with its caller, operation and outcome, and without its credential', async () => {
    await books.client.graphql(MeDocument, undefined, { 'x-request-id': 'logged' });
    const lines = gateway.logged.filter(({ requestId }) => requestId === 'logged');
    expect(lines).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/graphql',
        status: 200,
        operation: 'Me',
        organization: books.organization.publicId,
        actor: 'key of ADMIN',
      }),
    ]);
    expect(JSON.stringify(gateway.logged)).not.toContain(books.client.headers.authorization?.slice(7));
  });

  it.each(['a b', 'x'.repeat(129), 'ü'])('gets a new request id if its own is not safe to log: %p', async (id) => {
    const { headers } = await books.client.graphql(MeDocument, undefined, { 'x-request-id': id });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a document that GraphQL itself refuses', () => {
  it.each([
    ['{ me { name', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    [`{ ${'__typename '.repeat(8_001)} }`, 'GRAPHQL_PARSE_FAILED'],
  ])('keeps GraphQL’s message and code: %.30s', async (query, code) => {
    const { errors, status, headers } = await books.client.graphql(query);
    expect([status, errors?.[0]?.extensions]).toEqual([
      400,
      { code, details: {}, retryable: false, requestId: headers['x-request-id'] },
    ]);
    const who = { organization: books.organization.publicId, actor: 'key of ADMIN' };
    const line = gateway.logged.find(({ requestId }) => requestId === headers['x-request-id']);
    expect(line).toMatchObject({ status: 400, refused: code, ...who });
  });

  it.each(['[]', '{}', '{"query":5}'])('has its caller in the log, if its body contains no document: %s', async (body) => {
    const headers = { 'content-type': 'application/json', 'x-request-id': `none-${body.length}` };
    const reply = await books.client.post('/graphql', body, headers);
    expect(reply.status).toBe(400);
    const line = gateway.logged.find(({ requestId }) => requestId === headers['x-request-id']);
    expect(line).toMatchObject({ organization: books.organization.publicId, actor: 'key of ADMIN' });
  });

  it.each([
    ['text/plain', '{"query":"{ __typename }"}', 415],
    ['application/json', '{"query":', 400],
    ['application/json', `{"query":"${' '.repeat(2_100_000)}"}`, 413],
  ])('is refused with a clear message if its body is faulty: %s', async (contentType, body, status) => {
    const reply = await books.client.post('/graphql', body, { 'content-type': contentType });
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toEqual({
      errors: [
        {
          message: expect.any(String),
          extensions: { code: expect.any(String), details: {}, retryable: false, requestId: expect.any(String) },
        },
      ],
    });
  });
});
