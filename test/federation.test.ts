import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { Client, Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway({ federation: true });
const books = sharedBooks(gateway);
const others = sharedBooks(gateway);
let noteId: string;
beforeAll(async () => {
  noteId = (await books.creditNote('100.00')).id;
});

const ENTITIES = `query($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on CreditNote { total remaining customer { displayName } refunds(first: 5) { nodes { amount fromAccount { name } } } }
    ... on Refund { amount creditNote { number } }
    ... on Account { name balance }
    ... on Branch { name }
    ... on Customer { displayName }
    ... on Organization { id baseCurrency }
  }
}`;

async function entities(representations: unknown, client = books.client) {
  const reply = await client.graphql<{ _entities: (Record<string, unknown> | null)[] }, { representations: unknown }>(ENTITIES, {
    representations,
  });
  return { status: reply.status, code: reply.errors?.[0]?.extensions.code, entities: reply.data?._entities };
}

describe('an entity', () => {
  it('is found by its id, with all its fields, in the order of the references', async () => {
    const refund = await books.refund(noteId);
    const { creditNote } = refund;
    const references = [
      { __typename: 'Refund', id: refund.id },
      { __typename: 'Organization', id: books.organization.publicId },
      { __typename: 'CreditNote', id: Number(noteId) },
      { __typename: 'Account', id: books.ids.bank },
      { __typename: 'Branch', id: books.ids.branch },
      { __typename: 'CreditNote', id: noteId },
    ];
    const note = {
      __typename: 'CreditNote',
      total: '100.00',
      remaining: '60.00',
      customer: { displayName: 'Carol' },
      refunds: { nodes: [{ amount: '40.00', fromAccount: { name: 'Bank' } }] },
    };
    const expected = [
      { __typename: 'Refund', amount: '40.00', creditNote: { number: creditNote.number } },
      { __typename: 'Organization', id: books.organization.publicId, baseCurrency: 'USD' },
      note,
      { __typename: 'Account', name: 'Bank', balance: '-40.00' },
      { __typename: 'Branch', name: expect.any(String) },
      note,
    ];

    // From the third time on, the query is compiled.
    for (let time = 0; time < 4; time += 1) expect((await entities(references)).entities).toEqual(expected);
  });

  it('is null if it does not exist, or belongs to another organization', async () => {
    const theirs = await others.creditNote('5.00', { customerId: await others.customer() });
    const unknown = ['0', '-1', '999999999999999', '1e3', '', 'x'].map((id) => ({ __typename: 'CreditNote', id }));
    const foreign = [
      { __typename: 'Organization', id: others.organization.publicId },
      { __typename: 'Account', id: others.ids.bank },
      { __typename: 'CreditNote', id: theirs.id },
    ];

    expect((await entities([...unknown, ...foreign])).entities).toEqual(Array(9).fill(null));
    expect((await entities([])).entities).toEqual([]);
  });

  it('needs a reference of the right kind', async () => {
    const wrong = [
      5,
      'CreditNote',
      [],
      {},
      { __typename: 'CreditNote' },
      { __typename: 'JournalLine', id: '1' },
      { __typename: 'Query', id: 1 },
    ];
    for (const reference of [...wrong, { __typename: 'CreditNote', id: {} }, { __typename: '__proto__', id: '1' }]) {
      expect(await entities([reference])).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }
    for (const literal of ['5', '{ __typename: "Query", id: 1 }', '{ id: 1 }', '{ __typename: "Branch", id: [1] }']) {
      const { errors } = await books.client.graphql(`{ _entities(representations: [${literal}]) { __typename } }`);
      expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
    const { errors } = await books.client.graphql(
      'query ($id: ID) { _entities(representations: [{ __typename: "Branch", id: $id }]) { __typename } }',
      { id: null },
    );
    expect(errors?.[0]?.message).toBe('representations has invalid value [{__typename: "Branch", id: $id}]');
    expect(await entities(Array(101).fill({ __typename: 'Branch', id: '1' }))).toMatchObject({
      status: 400,
      code: 'BAD_USER_INPUT',
    });
  });

  it('may be referred to in the document by a variable id', async () => {
    const query =
      'query ($id: ID!) { _entities(representations: [{ __typename: "CreditNote", id: $id }]) { ... on CreditNote { total } } }';
    // Repeated queries are compiled.
    for (let times = 0; times < 4; times += 1) {
      expect((await books.client.graphql(query, { id: noteId })).data).toEqual({ _entities: [{ total: '100.00' }] });
    }
  });

  it('is refused at its place, in the document too', async () => {
    const { errors } = await books.client.graphql(
      '{ _entities(representations: [{ __typename: "Nothing", id: 1 }]) { __typename } }',
    );
    expect(errors?.[0]).toMatchObject({
      locations: [{ line: 1, column: 31 }],
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', field: 'representations.0' },
    });
  });

  it('is one of at most a hundred, also where the references stand in the document', async () => {
    const literal = (count: number) =>
      books.client.graphql(`{ _entities(representations: [${'{ __typename: "Branch", id: 1 } '.repeat(count)}]) { __typename } }`);
    const [allowed, many] = [await literal(100), await literal(101)];

    expect(allowed.errors).toBeUndefined();
    expect(many.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'representations' });
  });

  it('costs what it reads, and needs a credential', async () => {
    const references = Array(100).fill({ __typename: 'CreditNote', id: noteId });
    const wide = `query($r: [_Any!]!) { _entities(representations: $r) { ... on CreditNote { refunds(first: 100) { nodes { id amount } } } } }`;
    const costly = await books.client.graphql(wide, { r: references });
    const small = await books.client.graphql(wide, { r: references.slice(0, 5) });
    const anonymous = await entities([{ __typename: 'CreditNote', id: noteId }], new Client(gateway.app, {}));

    expect([costly.errors?.[0]?.extensions.code, small.errors]).toEqual(['QUERY_TOO_COSTLY', undefined]);
    expect(anonymous).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

it('the schema for composition has the keys of the entities, and nothing of federation itself', async () => {
  const { data } = await books.client.graphql<{ _service: { sdl: string } }, undefined>('{ _service { sdl } }');
  const sdl = String(data?._service.sdl);

  expect(sdl).toContain('@link(url: "https://specs.apollo.dev/federation/v2.3"');
  expect([...sdl.matchAll(/^type (\w+).* @key\(fields: "id"\) \{$/gm)].map(([, name]) => name)).toEqual([
    'Account',
    'Branch',
    'CreditNote',
    'Customer',
    'Organization',
    'Refund',
  ]);
  expect(sdl).not.toMatch(/_entities|_service|_Any/);
  expect(() => parse(sdl)).not.toThrow();
});

it('the schema for composition costs as much as its text is long', async () => {
  const { errors } = await books.client.graphql(
    `{ _service { ${[...Array(60).keys()].map((index) => `a${index}: sdl`).join(' ')} } }`,
  );

  expect(errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COSTLY', details: { of: 'reply' } });
});

it('/schema.graphql is the contract without federation', async () => {
  const { body } = await gateway.app.inject({ url: '/schema.graphql' });

  expect(buildSchema(body).getType('_Any')).toBeUndefined();
});

it('is off by default', async () => {
  const plain = await Gateway.start();
  const { client } = await plain.books();
  const replies = await Promise.all(
    ['{ _service { sdl } }', '{ _entities(representations: []) { __typename } }'].map((each) => client.graphql(each)),
  );
  await plain.stop();

  expect(replies.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(Array(2).fill('GRAPHQL_VALIDATION_FAILED'));
});
