import { beforeAll, expect, it } from '@jest/globals';
import { GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, parse } from 'graphql';
import { compiledQueries } from '../src/graphql/compiled-queries.js';
import type { Big } from '../src/values/money.js';
import { DecimalScalar } from '../src/values/scalars.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A query that is sent again is answered by a function compiled for it, with the same reply. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);

beforeAll(async () => {
  const note = await books.creditNote('100.00');
  await books.refund(note.id, { amount: '2.00' });
  await books.refund(note.id, { amount: '3.00' });
  await books.refund(note.id, { amount: '4.00' });
});

it.each<[string, string, Record<string, unknown>, string[]]>([
  ['a number in an object', '{ refunds(filter: { amount: { min: 3 } }) { nodes { amount } } }', {}, ['3.00', '4.00']],
  ['a number with an exponent', '{ refunds(filter: { amount: { max: 30e-1 } }) { nodes { amount } } }', {}, ['2.00', '3.00']],
  [
    'a number in a fragment, twice',
    'query A { ...Rows } query B { ...Rows } fragment Rows on Query { refunds(filter: { amount: { min: 3.0, max: 3.000 } }) { nodes { amount } } }',
    { operationName: 'B' },
    ['3.00'],
  ],
  [
    'a number beside variables',
    'query($branch: ID!, $min: Decimal) { refunds(filter: { branchId: $branch, amount: { min: $min, max: 3 } }) { nodes { amount } } }',
    { variables: { branch: 'BRANCH', min: '2.50' } },
    ['3.00'],
  ],
  [
    'a variable with a reserved name',
    'query($__literal0: Decimal) { refunds(filter: { amount: { min: $__literal0, max: 3 } }) { nodes { amount } } }',
    { variables: { __literal0: '3' } },
    ['3.00'],
  ],
  ['a number that is an id', '{ refunds(filter: { branchId: BRANCH, amount: { min: 4 } }) { nodes { amount } } }', {}, ['4.00']],
])('%s', async (_, query, more, amounts) => {
  for (let times = 0; times < 4; times += 1) {
    const { body } = await books.client.post(
      '/graphql',
      JSON.stringify({ query, ...more }).replaceAll('BRANCH', books.ids.branch),
      {},
    );
    expect(JSON.parse(body)).toEqual({ data: { refunds: { nodes: amounts.map((amount) => ({ amount })) } } });
  }
});

it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'toJSON', '__typename'])(
  'a field with the alias %s is in each reply, in its place',
  async (alias) => {
    const query = `{ ${alias}: me { ${alias}: name } refunds(first: 1) { nodes { ${alias}: amount fromAccount { ${alias}: name } } } }`;
    const replies = [];
    for (let times = 0; times < 4; times += 1)
      replies.push((await books.client.post('/graphql', JSON.stringify({ query }), {})).body);
    const named = `"${alias}":`;
    const first = `{"data":{${named}{${named}"key of ADMIN"},"refunds":{"nodes":[{${named}"2.00","fromAccount":{${named}"Bank"}}]}}}`;
    expect(replies.map((each) => each.trim())).toEqual(Array(4).fill(first));
  },
);

it('a query with an amount in an object needs no second execution by GraphQL.js', async () => {
  const range = new GraphQLInputObjectType({ name: 'Range', fields: { min: { type: DecimalScalar } } });
  const twice = {
    type: DecimalScalar,
    args: { range: { type: range } },
    resolve: (_: unknown, { range }: { range: { min: Big } }) => range.min.times('2'),
  };
  const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { twice } }) });
  const listener = await compiledQueries(schema).requestDidStart?.({} as never);
  const document = parse('{ twice(range: { min: 1.5 }) }');
  const request = { document, operation: document.definitions[0], operationName: null, request: {}, contextValue: {} };
  const answer = async () => (await listener?.responseForOperation?.(request as never)) ?? null;
  // Compiling takes longer than some executions.
  expect([await answer(), await answer()]).toEqual([null, null]);
  expect(await answer()).toMatchObject({ body: { singleResult: { data: { twice: '3' } } } });
});
