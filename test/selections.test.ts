import { beforeAll, describe, expect, it } from '@jest/globals';
import { type GraphQLField, getNamedType, isObjectType } from 'graphql';
import { Role } from '../src/entities/access.js';
import { createSchema } from '../src/graphql/schema.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const schema = createSchema();

/** A cursor before all refunds. */
const FIRST = Buffer.from('["refunds","ID_ASC","1"]').toString('base64url');

// Some queries here select every field of every relation.
const gateway = sharedGateway({ queryCostLimit: 10_000_000 });
const books = sharedBooks(gateway, { baseCurrency: 'EUR' });
let noteId: string;
beforeAll(async () => {
  const note = await books.creditNote('100.00');
  noteId = note.id;
  await books.refund(note.id, { amount: '30.00' });
  const { id } = await books.refund(note.id, { amount: '20.00' });
  const reversal = `mutation { reverseRefund(input: { refundId: ${id}, date: "2026-02-02", reason: "Bounced" }) { id } }`;
  expect((await books.client.graphql(reversal)).errors).toBeUndefined();
});

describe.each(['refunds', 'creditNotes', 'accounts', 'branches', 'customers'])('a page of %s', (list) => {
  const connection = getNamedType(schema.getQueryType()?.getFields()[list]?.type);
  const type = isObjectType(connection) ? getNamedType(connection.getFields().nodes?.type) : undefined;

  it.each(fieldsUnder(type, ''))('returns the same %s by itself, beside relations and beside all other fields', async (path) => {
    const all = await ask(list, selection(fieldsUnder(type, '')));
    expect(all).not.toHaveLength(0);

    for (const others of [[], relationsUnder(type)]) {
      const some = await ask(list, selection([...others.map((relation) => `${relation}.__typename`), path]));
      expect(some.map((row) => at(row, path))).toEqual(all.map((row) => at(row, path)));
    }
  });

  /** The rows of the list with the selected fields. */
  async function ask(list: string, selected: string): Promise<object[]> {
    const { data, errors } = await books.client.graphql<Record<string, { nodes: object[] }>, never>(
      `{ ${list} { nodes { ${selected} } } }`,
    );
    expect(errors).toBeUndefined();
    return data?.[list]?.nodes ?? [];
  }
});

it('a page reads only the selected columns, and merges two selections of one relation', async () => {
  const from = gateway.database.statements.length;
  const { data } = await books.client.graphql(`{ refunds(first: 1) {
    nodes { amount one: creditNote { number } }
    edges { node { two: creditNote { remaining } journalEntry { lines { amount account { code } } } } }
  } }`);

  const texts = gateway.database.statements.slice(from).join('\n');
  expect(data).toEqual({
    refunds: {
      nodes: [{ amount: '30.00', one: { number: expect.any(String) } }],
      edges: [
        {
          node: {
            two: { remaining: '70.00' },
            journalEntry: { lines: [expect.objectContaining({ amount: '30.00' }), expect.objectContaining({ amount: '30.00' })] },
          },
        },
      ],
    },
  });
  for (const column of ['reference_no', 'trace_id', 'exchange_rate', 'memo', 'side', 'posting_date'])
    expect(texts).not.toContain(column);
});

it('a connection keeps a limited number of prepared statements, those of the latest selections', async () => {
  const leaves = fieldsUnder(schema.getType('Refund'), '').filter((path) => !path.includes('.'));
  const shapes = leaves.flatMap((one) =>
    leaves.flatMap((other) => [selection([one, other]), selection([one, other, 'creditNote.number'])]),
  );
  for (const shape of new Set(shapes)) {
    const { errors } = await books.client.graphql(`{ refunds { nodes { ${shape} } } }`);
    expect(errors).toBeUndefined();
  }

  const texts = gateway.database.statements.filter((text) => text.includes('from refunds')).map((text) => text.split('[took')[0]);
  const latest = texts.at(-1);
  // The pool lends the connection that was used last, which has executed these queries.
  const prepared = await gateway.database.orm.em
    .fork()
    .execute<{ statement: string }[]>('select statement from pg_prepared_statements');
  expect(new Set(shapes).size).toBeGreaterThan(200);
  expect(prepared.length).toBeLessThanOrEqual(110);
  // The latest selection has a prepared statement; the first ones do not have one any more.
  expect(prepared.filter(({ statement }) => latest?.includes(asLogged(statement)))).toHaveLength(1);
});

/** The statement as the log writes it, in one line. */
function asLogged(statement: string): string {
  return statement.replaceAll('\n', '').replaceAll(/ +/g, ' ').trim();
}

describe('a repeated query returns the same as the first time', () => {
  it.each<[string, string, object, outcome?: string]>([
    [
      'with all its variables',
      'query ($a: String, $n: Int) { refunds(after: $a, first: $n) { nodes { id amount } } }',
      { a: FIRST, n: 1 },
    ],
    ['without its optional variables', 'query ($a: String, $n: Int) { refunds(after: $a, first: $n) { nodes { id amount } } }', {}],
    ['with null', 'query ($a: String) { refunds(after: $a) { nodes { id } } }', { a: null }],
    ['with null for a required value', 'query ($n: Int!) { refunds(first: $n) { nodes { id } } }', { n: null }, 'BAD_USER_INPUT'],
    ['with defaults', 'query ($a: String, $n: Int! = 1) { refunds(after: $a, first: $n) { nodes { id } } }', {}],
    ['with another type', 'query ($n: Int) { refunds(first: $n) { nodes { id } } }', { n: '1' }, 'BAD_USER_INPUT'],
    ['without a required variable', 'query ($id: ID!) { refund(id: $id) { id } }', {}, 'BAD_USER_INPUT'],
    [
      'with an argument that is refused',
      'query ($n: Int) { refunds(first: $n) { nodes { id } } me { name } }',
      { n: 101 },
      'BAD_USER_INPUT',
    ],
    ['for an unknown id', 'query ($id: ID!) { refund(id: $id) { id amount } }', { id: '999999' }],
    ['with literals', '{ refunds(first: 1) { nodes { id } } creditNotes(first: 2) { nodes { number } } }', {}],
    ['with texts', '{ refunds(filter: { provenance: { createdBy: "key of ADMIN" } }) { nodes { id } } }', {}],
    [
      'by fragments',
      'query { refunds { nodes { ...A } } } fragment A on Refund { id ...B } fragment B on Refund { creditNote { number } }',
      {},
    ],
    ['with aliases', '{ a: refunds { nodes { x: id y: id z: creditNote { n: number } } } b: refunds { nodes { id } } }', {}],
    ['with __typename', '{ __typename refunds { nodes { __typename creditNote { __typename id } } } }', {}],
    ['with fragments in fragments', withFragments(40, 'creditNote', 'CreditNote', 'refunds'), {}, 'QUERY_TOO_COSTLY'],
    [
      'with fragments in fragments over a reversal',
      withFragments(40, 'reversal', 'RefundReversal', 'refund'),
      {},
      'QUERY_TOO_COSTLY',
    ],
    ['with a schema', '{ __schema { queryType { name fields { name } } } __type(name: "Refund") { name } }', {}],
    ['with a skipped field', 'query ($no: Boolean = false) { refunds { nodes { id amount @include(if: $no) } } }', {}],
    ['with a condition', 'query ($yes: Boolean!) { refunds { nodes { id ... @skip(if: $yes) { amount } } } }', { yes: true }],
    [
      'with fields that have arguments',
      'query ($d: PostingDate) { accounts { nodes { id balance(asOf: $d) } } creditNotes { nodes { refunds(first: 1) { nodes { id } } } } }',
      { d: '2026-02-01' },
    ],
    [
      'with a date that does not exist',
      'query ($d: PostingDate) { accounts { nodes { id balance(asOf: $d) } } }',
      { d: '2026-02-31' },
      'BAD_USER_INPUT',
    ],
  ])('%s', async (_, query, variables, outcome = 'OK') => {
    const replies = [];
    for (let time = 0; time < 4; time += 1) replies.push(await answer(query, variables));
    expect(replies[0]?.errors?.map(({ extensions }) => extensions.code) ?? ['OK']).toEqual([outcome]);
    expect(replies).toEqual(Array(4).fill(replies[0]));
  });

  it('for a viewer who may not read one of its fields', async () => {
    const viewer = await gateway.client(books.organization, Role.VIEWER);
    const query = '{ refunds { nodes { id provenance { createdBy } } } }';
    const replies = [];
    for (let time = 0; time < 4; time += 1) replies.push(await viewer.graphql(query));

    for (const { data, errors } of replies) {
      expect(data).toEqual({
        refunds: {
          nodes: [
            { id: expect.any(String), provenance: null },
            { id: expect.any(String), provenance: null },
          ],
        },
      });
      expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
        [['refunds', 'nodes', 0, 'provenance'], 'FORBIDDEN'],
        [['refunds', 'nodes', 1, 'provenance'], 'FORBIDDEN'],
      ]);
    }
  });

  it('except for fields that a variable skips only this time', async () => {
    const query =
      'query ($no: Boolean!) { refunds(first: 1) { nodes { id amount @skip(if: $no) creditNote @include(if: $no) { number } } } }';
    for (let time = 0; time < 6; time += 1) {
      const no = time % 2 === 0;
      const { data } = await answer(query, { no });
      const rest = no ? { creditNote: { number: expect.any(String) } } : { amount: '30.00' };
      expect(data).toEqual({ refunds: { nodes: [{ id: expect.any(String), ...rest }] } });
    }
  });

  it('except for rows that have changed meanwhile', async () => {
    const query = 'query ($id: ID!) { creditNote(id: $id) { remaining refunds { nodes { id } } } }';
    for (let time = 0; time < 4; time += 1) await answer(query, { id: noteId });

    await books.refund(noteId, { amount: '1.00' });

    expect(await answer(query, { id: noteId })).toMatchObject({ data: { creditNote: { remaining: '69.00' } } });
  });

  it('for each operation of a document with several', async () => {
    const query = 'query One { refunds(first: 1) { nodes { id } } } query Two { refunds(first: 1) { nodes { amount } } }';
    for (let time = 0; time < 8; time += 1) {
      const operationName = time % 2 === 0 ? 'One' : 'Two';
      const reply = await books.client.post('/graphql', JSON.stringify({ query, operationName }), {});
      expect(JSON.parse(reply.body).data.refunds.nodes).toEqual([
        time % 2 === 0 ? { id: expect.any(String) } : { amount: '30.00' },
      ]);
    }
  });

  it('for each operation, although one selects more fields than the other', async () => {
    const query =
      'query One { ...F } query Two { ...F refunds(first: 1) { nodes { amount } } } fragment F on Query { refunds(first: 1) { nodes { id } } }';
    for (let time = 0; time < 8; time += 1) {
      const operationName = time % 2 === 0 ? 'One' : 'Two';
      const reply = await books.client.post('/graphql', JSON.stringify({ query, operationName }), {});
      const more = time % 2 === 0 ? {} : { amount: '30.00' };
      expect(JSON.parse(reply.body).data.refunds.nodes).toEqual([{ id: expect.any(String), ...more }]);
    }
  });

  async function answer(query: string, variables: object) {
    const { data, errors, status } = await books.client.graphql(query, variables);
    return { data, errors: errors?.map(withoutRequestId), status };
  }
});

/** The error without the id of its request, which differs each time. */
function withoutRequestId({ extensions, ...error }: { readonly message: string; readonly extensions: Record<string, unknown> }) {
  const { requestId: _, ...others } = extensions;
  return { ...error, extensions: others };
}

/** Paths of scalar fields below the type over up to two relations, such as `amount` and `creditNote.customer.email`. */
function fieldsUnder(type: unknown, above: string, depth = 0): string[] {
  if (!isObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => {
    const target = getNamedType(field.type);
    if (!isObjectType(target)) return [above + field.name];
    return depth < 2 && !isWayBack(field) ? fieldsUnder(target, `${above}${field.name}.`, depth + 1) : [];
  });
}

/** A query with nested fragments, each of which contains the next one twice: its full size is exponential. */
function withFragments(count: number, there: string, type: string, back: string): string {
  const fragments = Array.from({ length: count }, (_, index) => {
    const [from, to] = index % 2 === 0 ? ['Refund', there] : [type, back];
    const inner = index === count - 1 ? '{ __typename }' : `{ ...F${index + 1} }`;
    return `fragment F${index} on ${from} { a: ${to} ${inner} b: ${to} ${inner} }`;
  });
  return `{ refund(id: 999999) { ...F0 } } ${fragments.join(' ')}`;
}

function relationsUnder(type: unknown): string[] {
  if (!isObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => (isObjectType(getNamedType(field.type)) ? [field.name] : []));
}

/** Fields that lead back to the same row would only make the comparison long. */
function isWayBack({ name }: GraphQLField<unknown, unknown>): boolean {
  return ['refunds', 'refund', 'reversedBy', 'reversalOf'].includes(name);
}

/** The selection set with these paths. */
function selection(paths: readonly string[]): string {
  const under = new Map<string, string[]>();
  for (const path of paths) {
    const [name = '', ...rest] = path.split('.');
    under.set(name, [...(under.get(name) ?? []), ...(rest.length === 0 ? [] : [rest.join('.')])]);
  }
  return [...under].map(([name, rest]) => (rest.length === 0 ? name : `${name} { ${selection(rest)} }`)).join(' ');
}

function at(row: unknown, path: string): unknown {
  if (Array.isArray(row)) return row.map((each) => at(each, path));
  if (path === '' || row === null || row === undefined) return row;
  const [name = '', ...rest] = path.split('.');
  return at((row as Record<string, unknown>)[name], rest.join('.'));
}
