import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery, Kind, parse, print } from 'graphql';
import { Role } from '../src/entities/access.js';
import { type Client, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** The cost of a document is known before it runs. */
const gateway = sharedGateway();
const strict = sharedGateway({ queryCostLimit: 500 });
const books = sharedBooks(gateway);
let viewer: Client;
let noteId: string;
beforeAll(async () => {
  viewer = await gateway.client(books.organization, Role.VIEWER);
  noteId = (await books.creditNote('100.00')).id;
  await books.refund(noteId);
});

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

const circles = (levels: number): string => (levels === 0 ? 'id' : `refunds { nodes { creditNote { ${circles(levels - 1)} } } }`);

const PAGE = `id amount date referenceNo description status reversal { id date reason }
  creditNote { id number remaining customer { id displayName } } fromAccount { id name } branch { id name }
  journalEntry { id postingDate memo lines { id side amount account { id code name } } }`;

const ABOUT = 'name description isDeprecated deprecationReason';
const ARGUMENTS = `${ABOUT} args { ${ABOUT} type { kind name ofType { kind name enumValues { ${ABOUT} } } } }`;
const RESULTS_OF_MUTATIONS = `fields { type { fields { ${ARGUMENTS} } } }`;

const TOO_COSTLY: Record<string, string> = {
  'three circles through a note': `{ creditNote(id: 1) { ${circles(3)} } }`,
  'circles through pages of six': `{ creditNote(id: 1) { ${circles(6).replaceAll('refunds', 'refunds(first: 6)')} } }`,
  'circles of fragments': `{ creditNote(id: 1) { ...Once } } ${times(6, (index) => `fragment ${index === 0 ? 'Once' : `F${index}`} on CreditNote { refunds(first: 5) { nodes { creditNote { ...F${index + 1} } } } }`)} fragment F6 on CreditNote { id }`,
  'a list of lists under thirty aliases': `{ creditNotes { nodes { ${times(30, (index) => `a${index}: lines { id }`)} } } }`,
  'the lines of all entries of all refunds': '{ creditNotes { nodes { refunds { nodes { journalEntry { lines { id } } } } } } }',
  'entries of notes': '{ creditNotes { nodes { journalEntry { lines { account { name } customer { displayName } } } } } }',
  'reversals of entries of notes': '{ creditNotes { nodes { journalEntry { reversedBy { lines { account { name } } } } } } }',
  'refunds of notes of reversed refunds':
    '{ refunds { nodes { reversal { refund { creditNote { refunds { nodes { id } } } } } } } }',
  'accounts to refund from, for each refund': '{ refunds { nodes { creditNote { refundability { accounts { id name } } } } } }',
  'fields under fifty aliases': `{ refunds { nodes { ${times(50, (index) => `a${index}: fromAccount { id name }`)} } } }`,
  'the longest notes under thirty aliases': `{ creditNotes { nodes { ${times(30, (index) => `a${index}: note`)} } } }`,
  'the longest notes under thirteen aliases': `{ creditNotes { nodes { ${times(13, (index) => `a${index}: note`)} } } }`,
  'the longest descriptions under fifty aliases': `{ refunds { nodes { ${times(50, (index) => `a${index}: description`)} } } }`,
  'the longest descriptions of lines under five aliases': `{ creditNotes(first: 10) { nodes { lines { ${times(5, (index) => `a${index}: description`)} } } } }`,
  'the longest reasons under fifty aliases': `{ refunds { nodes { reversal { ${times(50, (index) => `a${index}: reason`)} } } } }`,
  'the longest details of audit events under 23 aliases': `{ auditEvents { nodes { ${times(23, (index) => `a${index}: details`)} } } }`,
  'the longest memos under 99 aliases': `{ refunds { nodes { journalEntry { ${times(99, (index) => `a${index}: memo`)} } } } }`,
  'twenty balances of each account': `{ accounts { nodes { ${times(20, (index) => `a${index}: balance(asOf: "2026-01-${index + 10}")`)} } } }`,
  'twelve ledger proofs': `{ ${times(12, (index) => `a${index}: ledgerHealth { healthy }`)} }`,
  'twelve trial balances': `{ ${times(12, (index) => `a${index}: trialBalance { debits lines { debits } }`)} }`,
  'the schema under aliases': `{ ${times(30, (index) => `a${index}: __schema { types { fields { name type { name } } } }`)} }`,
  'the types of all mutations under twenty aliases': `{ ${times(20, (index) => `a${index}: __type(name: "Mutation") { ${RESULTS_OF_MUTATIONS} }`)} }`,
  'the types of all mutations, whose name is a variable': `query ($name: String! = "Mutation") { ${times(20, (index) => `a${index}: __type(name: $name) { ${RESULTS_OF_MUTATIONS} }`)} }`,
  'the types of all mutations in fragments': `{ ${times(20, (index) => `a${index}: __type(name: "Mutation") { ...Type }`)} } fragment Type on __Type { ... { ${RESULTS_OF_MUTATIONS} } }`,
  'the types of all mutations from the schema': `{ ${times(20, (index) => `a${index}: __schema { mutationType { ${RESULTS_OF_MUTATIONS} } }`)} }`,
  'a selection that @skip removes':
    '{ creditNotes { nodes { refunds @skip(if: true) { nodes { creditNote { lines { id } } } } } } }',
  'a selection that @include removes':
    '{ creditNotes { nodes { ... @include(if: false) { refunds { nodes { creditNote { lines { id } } } } } } } }',
};

it.each(Object.entries(TOO_COSTLY))('a document that costs too much is refused: %s', async (_, query) => {
  const before = gateway.database.statements.length;
  // A repeated query is executed in compiled form.
  for (let round = 0; round < 4; round += 1) {
    const { status, data, errors } = await viewer.graphql(query);
    expect([status, data]).toEqual([400, undefined]);
    const { code, details } = errors?.[0]?.extensions ?? {};
    expect([code, details]).toEqual(['QUERY_TOO_COSTLY', { of: 'reply', cost: expect.any(Number), limit: 20_000 }]);
    expect(errors?.[0]?.message).toContain(`${(details as { cost: number }).cost} `);
  }
  // Only the credential was read.
  expect(gateway.database.statements.slice(before).filter((statement) => !statement.includes('api_keys'))).toEqual([]);
});

it('the cost of reading the schema is that of its reply', async () => {
  const costOf = (value: unknown): number => {
    if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + (typeof each === 'string' ? 1 : costOf(each)), 0);
    if (typeof value !== 'object' || value === null) return 0;
    return Object.values(value).reduce((sum: number, each) => sum + 1 + costOf(each), 2);
  };
  const client = await strict.client((await strict.books()).organization, Role.VIEWER);
  const documents = [
    getIntrospectionQuery(),
    `{ __type(name: "Mutation") { __typename ${RESULTS_OF_MUTATIONS} } }`,
    `{ __type(name: "Query") { ${RESULTS_OF_MUTATIONS} } __schema { queryType { fields { args { type { ofType { enumValues { ${ABOUT} } } } } } } } }`,
    '{ __schema { types { possibleTypes { name interfaces { name } } enumValues { name } inputFields { name defaultValue } } } }',
  ];
  for (const document of documents) {
    const { errors } = await client.graphql<unknown, object>(document);
    const { data } = await viewer.graphql<unknown, object>(document);
    // The reply itself is no object that costs anything.
    expect([document, errors?.[0]?.extensions.details]).toEqual([document, { of: 'reply', cost: costOf(data) - 2, limit: 500 }]);
  }
});

it.each([5, null, ['Query'], { toString: 1 }, '__proto__', 'Nothing'])(
  'a query for a type that the schema does not have is no internal error: %j',
  async (name) => {
    const { errors = [] } = await viewer.graphql('query ($name: String!) { __type(name: $name) { fields { name } } }', { name });
    expect(errors.map(({ extensions }) => extensions.code).filter((code) => code !== 'BAD_USER_INPUT')).toEqual([]);
  },
);

it('a document that costs too much is refused by GET, too', async () => {
  const url = `/graphql?query=${encodeURIComponent(TOO_COSTLY['three circles through a note'] as string)}`;
  const reply = await gateway.app.inject({ method: 'GET', url, headers: { ...viewer.headers, 'apollo-require-preflight': '1' } });
  expect([reply.statusCode, reply.json().errors[0].extensions.code]).toEqual([400, 'QUERY_TOO_COSTLY']);
});

it('a mutation that costs too much is refused before anything is written', async () => {
  const before = await books.snapshot();
  const { errors } = await books.client.graphql(
    `mutation ($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { creditNote { ${circles(3)} } } }`,
    { input: books.refundInput(noteId, { amount: '1.00' }) },
  );
  const bulk = await books.client.graphql(
    `mutation ($inputs: [RefundCreditNoteInput!]!) {
       refundCreditNotes(inputs: $inputs, mode: PER_ITEM) { refund { creditNote { lines { id account { name } } } } }
     }`,
    { inputs: Array(100).fill(books.refundInput(noteId, { amount: '0.01' })) },
  );

  expect([errors?.[0]?.extensions.code, bulk.errors?.[0]?.extensions.code]).toEqual(['QUERY_TOO_COSTLY', 'QUERY_TOO_COSTLY']);
  expect(await books.snapshot()).toEqual(before);
});

describe('the cost of a credit note', () => {
  const line = '{ accountId: 1, amount: 1 }';
  const costOf = async (text: string, variables?: object) => {
    const { client } = await strict.books();
    const { errors } = await client.graphql<unknown, object>(text, variables);
    const { code, details } = errors?.[0]?.extensions ?? {};
    return code === 'QUERY_TOO_COSTLY' ? (details as { cost: number }).cost : null;
  };

  it.each([
    ['createCreditNote', 'CreateCreditNoteInput', 'customerId: 1, date: "2026-02-01"', { customerId: '1', date: '2026-02-01' }],
    ['updateCreditNote', 'UpdateCreditNoteInput', 'creditNoteId: 1', { creditNoteId: '1' }],
  ])('grows with its lines, in the document, a variable or a default: %s', async (name, type, text, rest) => {
    const lines = Array(100).fill({ accountId: '1', amount: '1' });
    const cost = 100 * 5 + 4;
    const literal = `{ ${text}, lines: [${times(100, () => line)}] }`;
    expect(await costOf(`mutation { ${name}(input: ${literal}) { id } }`)).toBe(cost);
    expect(await costOf(`mutation ($input: ${type}!) { ${name}(input: $input) { id } }`, { input: { ...rest, lines } })).toBe(cost);
    expect(await costOf(`mutation ($input: ${type}! = ${literal}) { ${name}(input: $input) { id } }`)).toBe(cost);
    const inner = `mutation ($lines: [CreditNoteLineInput!]!) { ${name}(input: { ${text}, lines: $lines }) { id } }`;
    expect(await costOf(inner, { lines })).toBe(cost);
    expect(await costOf(inner, { lines: lines.slice(0, 90) })).toBeNull();
    for (const input of [
      null,
      [null],
      ['lines'],
      [{ name: 'lines' }],
      5,
      { ...rest, lines: { accountId: 1 } },
      { ...rest, lines: [null] },
    ]) {
      const { errors } = await books.client.graphql<unknown, object>(
        `mutation ($input: ${type}!) { ${name}(input: $input) { id } }`,
        { input },
      );
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  it.each([
    'openCreditNote(id: 1)',
    'voidCreditNote(id: 1)',
    'cancelRemaining(input: { creditNoteId: 1, date: "2026-02-01", reason: "x" })',
  ])('counts the lines that may be posted: %s', async (command) => {
    expect(await costOf(`mutation { ${times(5, (index) => `a${index}: ${command} { id }`)} }`)).toBe(5 * 103);
    expect(await costOf(`mutation { ${command} { id } }`)).toBeNull();
  });

  it('does not depend on the accounts of its lines: they are read in one statement', async () => {
    const accounts = [];
    for (let index = 0; index < 5; index += 1) accounts.push(await books.account('INCOME'));
    const before = gateway.database.statements.length;
    await books.creditNote('', { lines: accounts.map((accountId) => ({ accountId, amount: '1.00' })) });
    const reading = gateway.database.statements.slice(before).filter((each) => /from "accounts"/.test(each));
    // Those of the lines, and the system's.
    expect(reading).toHaveLength(2);
  });
});

describe('the cost of a page', () => {
  const query = (first: string, definition = '') =>
    `query Page${definition} { refunds(first: ${first}) { nodes { creditNote { ${circles(1)} } } } }`;
  const costOf = async (text: string, variables?: Record<string, unknown>) => {
    const { errors } = await viewer.graphql<unknown, Record<string, unknown> | undefined>(text, variables);
    return (errors?.[0]?.extensions.details as { cost?: number } | undefined)?.cost ?? null;
  };

  it('depends on its size, as a literal, a variable or a default', async () => {
    const all = await costOf(query('100'));
    expect(all).toBeGreaterThan(20_000);
    expect(await costOf(query('2'))).toBeNull();
    expect(await costOf(query('$n', '($n: Int!)'), { n: 100 })).toBe(all);
    expect(await costOf(query('$n', '($n: Int!)'), { n: 2 })).toBeNull();
    expect(await costOf(query('$n', '($n: Int! = 100)'))).toBe(all);
    expect(await costOf(query('$n', '($n: Int! = 2)'))).toBeNull();
    expect(await costOf(query('$n', '($n: Int! = 2)'), { n: 100 })).toBe(all);
    expect(await costOf('{ refunds { nodes { creditNote { refunds { nodes { creditNote { id } } } } } } }')).toBe(all);
  });

  it('depends on whether it has a filter, as a literal or a variable, at the root or for each owner', async () => {
    const { client } = await strict.books();
    const cost = async (text: string, variables?: Record<string, unknown>) => {
      const { errors } = await client.graphql<unknown, Record<string, unknown> | undefined>(text, variables);
      return (errors?.[0]?.extensions.details as { cost?: number } | undefined)?.cost ?? null;
    };
    const page = (filter: string, definition = '') => `query Page${definition} { refunds(first: 1, ${filter}) { nodes { id } } }`;
    const inVariable = page('filter: $filter', '($filter: RefundFilter)');
    expect(await cost(page('filter: { search: "chair" }'))).toBe(1_056);
    expect(await cost(inVariable, { filter: { search: 'chair' } })).toBe(1_056);
    for (const filter of [null, {}, undefined]) expect(await cost(inVariable, { filter })).toBeNull();
    // A variable may have the name of a property that every object inherits.
    for (const name of ['filter', 'constructor', 'toString', 'valueOf']) {
      const inDefault = page(`filter: $${name}`, `($${name}: RefundFilter = { search: "chair" })`);
      expect(await cost(inDefault)).toBe(1_056);
      expect(await cost(inDefault, { [name]: { search: 'table' } })).toBe(1_056);
      for (const filter of [null, {}]) expect(await cost(inDefault, { [name]: filter })).toBeNull();
    }
    const owners = (filter: string) => `{ creditNotes(first: 50) { nodes { refunds(first: 1${filter}) { nodes { id } } } } }`;
    const [without, filtered] = [await cost(owners('')), await cost(owners(', filter: { search: "chair" }'))];
    expect(filtered).toBe((without ?? 0) + 50 * 20);
  });

  it.each([null, '2', 1e300, -5, 0, [1], { a: 1 }])('is that of the largest page if the size is not valid: %p', async (n) => {
    const { errors } = await viewer.graphql(query('$n', '($n: Int! = 2)'), { n });
    expect(['QUERY_TOO_COSTLY', 'BAD_USER_INPUT']).toContain(errors?.[0]?.extensions.code);
  });
});

describe('a query of usual cost', () => {
  it('is allowed: every operation of the tests, the introspection query, and whole pages with their relations', async () => {
    const definitions = parse(await readFile(new URL('../../test/documents.graphql', import.meta.url), 'utf8')).definitions;
    const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((each) => print(each));
    const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).map((each) => print(each));
    const used = (operation: string) => {
      const names = new Set<string>();
      for (const text of [operation, ...fragments]) for (const [, name] of text.matchAll(/\.\.\.(\w+)/g)) names.add(name as string);
      return [
        operation,
        ...fragments.filter((text) => names.has(text.split(' ')[1] as string) && operation.includes(`...${text.split(' ')[1]}`)),
      ];
    };
    const documents = [
      ...operations.map((operation) => used(operation).join('\n')),
      getIntrospectionQuery(),
      `{ refunds { nodes { ${PAGE} } } }`,
      `{ creditNote(id: ${noteId}) { number total lines { amount account { name } } refunds { nodes { ${PAGE} } } } }`,
      `{ refunds { nodes { ${PAGE.replace('creditNote {', 'creditNote { note createdBy etag ')} } } }`,
      '{ auditEvents { nodes { id action details createdBy requestId } } }',
      '{ creditNotes { nodes { id number status total remaining note customer { id displayName } branch { name } } } }',
      '{ creditNotes(first: 15) { nodes { id number lines { id amount description account { name } } } } }',
    ];
    expect(operations.length).toBeGreaterThan(20);
    for (const document of documents) {
      const { errors } = await books.client.graphql(document);
      expect([document, errors?.[0]?.extensions.code]).not.toEqual([document, 'QUERY_TOO_COSTLY']);
    }
  });

  it('counts the lines of a refund’s entry by their maximum, and those of a note’s entry by the lines of the note', async () => {
    const cost = async (query: string) => {
      const client = await strict.client((await strict.books()).organization, Role.ADMIN);
      const { errors } = await client.graphql(query);
      return (errors?.[0]?.extensions.details as { cost?: number } | undefined)?.cost ?? 0;
    };
    const lines = 'journalEntry { reversalOf { lines { id side amount memo: foreignAmount } } }';
    const [refunds, notes] = [
      await cost(`{ refunds { nodes { ${lines} } } }`),
      await cost(`{ creditNotes { nodes { ${lines} } } }`),
    ];
    expect(notes).toBeGreaterThan(10 * refunds);
    expect(await cost('{ creditNotes(first: 1) { nodes { id } } }')).toBe(0);
  });

  it('counts the lines of entries of an account by their maximum, whatever led to the account', async () => {
    const [id, account] = ['refund(id: 1)', 'account(id: 1)'];
    const lines = 'lines(first: 50) { nodes { journalEntry { lines { id side amount } } } }';
    for (const query of [
      `{ ${account} { ${lines} } }`,
      `{ ${id} { fromAccount { ${lines} } } }`,
      `{ ${id} { journalEntry { lines { account { lines(first: 30) { nodes { journalEntry { lines { id } } } } } } } } }`,
      `{ ${id} { reversal { journalEntry { lines { account { lines(first: 30) { nodes { journalEntry { lines { id } } } } } } } } } }`,
    ]) {
      expect([query, (await viewer.graphql(query)).errors?.[0]?.extensions.code]).toEqual([query, 'QUERY_TOO_COSTLY']);
    }
  });

  it('is refused if the operator has set a lower limit', async () => {
    const { client } = await strict.books();
    expect((await client.graphql('{ refunds(first: 10) { nodes { id } } }')).errors).toBeUndefined();
    expect((await client.graphql(`{ refunds { nodes { ${PAGE} } } }`)).errors?.[0]?.extensions).toMatchObject({
      code: 'QUERY_TOO_COSTLY',
      details: { limit: 500 },
    });
  });
});

describe('a list in a variable', () => {
  const bulk =
    'mutation ($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }';
  const create = 'mutation ($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id } }';
  const unused = 'query ($input: CreateCreditNoteInput) { __typename @skip(if: false) }';

  it.each([
    [bulk, { inputs: Array(4_000).fill({}) }, 'inputs'],
    [bulk, { inputs: Array(101).fill(null) }, 'inputs'],
    [create, { input: { lines: Array(101).fill({ accountId: '1', amount: 'x' }) } }, 'lines'],
  ])('that is too long is refused once, and its items are not validated: %.30s', async (query, variables, field) => {
    const { status, errors } = await books.client.graphql<unknown, object>(query, variables);
    expect([status, errors?.length, errors?.[0]?.extensions]).toEqual([
      400,
      1,
      expect.objectContaining({ code: 'BAD_USER_INPUT', field, details: { fields: [expect.objectContaining({ field })] } }),
    ]);
  });

  it('is refused quickly if it is nested deeply', async () => {
    const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`);
    const { errors } = await books.client.graphql<unknown, object>(unused, { other: deep, input: deep });
    expect(errors?.[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|BAD_REQUEST|GRAPHQL_VALIDATION_FAILED)$/);
  });
});
