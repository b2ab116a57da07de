import { beforeAll, describe, expect, it } from '@jest/globals';
import { getNamedType, isInterfaceType, isObjectType } from 'graphql';
import { Role } from '../src/entities/access.js';
import { createSchema } from '../src/graphql/schema.js';
import { type Books, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const other = sharedBooks(gateway);
let nodeIds: Record<string, string>;
beforeAll(async () => {
  nodeIds = await nodeIdsOf(books);
});

/** The identifier of an object of each type. */
async function nodeIdsOf(books: Books): Promise<Record<string, string>> {
  const note = await books.creditNote('100.00');
  const { id } = await books.refund(note.id);
  const reverse = `mutation { reverseRefund(input: { refundId: ${id}, date: "2026-02-02", reason: "Bounced" }) { id } }`;
  expect((await books.client.graphql(reverse)).errors).toBeUndefined();
  const cancel = `mutation { cancelRemaining(input: { creditNoteId: ${note.id}, date: "2026-02-02", reason: "Agreed" }) { id } }`;
  expect((await books.client.graphql(cancel)).errors).toBeUndefined();
  await books.lock('2025-12-31');
  const object = '__typename nodeId';
  const { data, errors } = await books.client.graphql(`{
    me { organization { ${object} } }
    auditEvents(last: 1) { nodes { ${object} } }
    refund(id: ${id}) { ${object} fromAccount { ${object} } branch { ${object} } reversal { ${object} }
      creditNote { ${object} customer { ${object} } lines { ${object} } cancellations { ${object} } }
      journalEntry { ${object} lines { ${object} } } }
  }`);
  expect(errors).toBeUndefined();
  const pairs = JSON.stringify(data).matchAll(/"__typename":"(\w+)","nodeId":"([^"]+)"/g);
  return Object.fromEntries([...pairs].map(([, type, nodeId]) => [type, nodeId]));
}

it('every type that has rows implements Node', () => {
  const node = createSchema().getType('Node');
  const types = isInterfaceType(node)
    ? createSchema()
        .getPossibleTypes(node)
        .map(({ name }) => name)
    : [];
  expect(Object.keys(nodeIds).sort()).toEqual([...types].sort());
  const connections = Object.values(createSchema().getTypeMap()).filter(({ name }) => name.endsWith('Connection'));
  for (const type of connections)
    if (isObjectType(type)) expect(types).toContain(getNamedType(type.getFields().nodes?.type)?.toString());
});

it('each object is found by its identifier, alone and among others, in their order', async () => {
  const selection =
    '__typename nodeId ... on Refund { amount creditNote { number lines { amount } } } ... on Organization { name }';
  const expected = Object.entries(nodeIds).map(([__typename, nodeId]) => expect.objectContaining({ __typename, nodeId }));
  for (let round = 0; round < 4; round += 1) {
    const { data, errors } = await books.client.graphql<{ nodes: object[] }, object>(
      `query ($nodeIds: [ID!]!) { nodes(nodeIds: $nodeIds) { ${selection} } }`,
      { nodeIds: Object.values(nodeIds) },
    );
    expect([errors, data?.nodes]).toEqual([undefined, expected]);
  }
  for (const [type, nodeId] of Object.entries(nodeIds)) {
    const { data } = await books.client.graphql(`{ node(nodeId: "${nodeId}") { ${selection} } }`);
    expect(data).toEqual({ node: expect.objectContaining({ __typename: type, nodeId }) });
  }
});

it('an object has its own fields and relations', async () => {
  const query = `{ node(nodeId: "${nodeIds.Refund}") { ... on Refund { amount status creditNote { remaining customer { displayName } } } ... on Account { name } } }`;
  expect((await books.client.graphql(query)).data).toEqual({
    node: { amount: '40.00', status: 'REVERSED', creditNote: { remaining: '0.00', customer: { displayName: 'Carol' } } },
  });
});

it('identifiers differ between types and organizations, although ids do not', async () => {
  const theirs = await nodeIdsOf(other);
  const all = [...Object.values(nodeIds), ...Object.values(theirs)];
  expect(new Set(all).size).toBe(all.length);
});

describe('nothing is found by', () => {
  const encode = (...parts: unknown[]) => Buffer.from(parts.join(':')).toString('base64url');

  it('an identifier of another organization', async () => {
    const theirs = Object.values(await nodeIdsOf(other));
    const { data } = await books.client.graphql('query ($nodeIds: [ID!]!) { nodes(nodeIds: $nodeIds) { nodeId } }', {
      nodeIds: theirs,
    });
    expect(data).toEqual({ nodes: theirs.map(() => null) });
  });

  it.each<[string, () => string]>([
    ['an id', () => '1'],
    ['an empty text', () => ''],
    ['an unknown type', () => encode('Invoice', books.organization.publicId, 1)],
    ['an unknown id', () => encode('Refund', books.organization.publicId, 999_999_999_999)],
    ['an id that is none', () => encode('Refund', books.organization.publicId, '1e3')],
    ['an identifier without id', () => encode('Refund', books.organization.publicId)],
    ['a name of a prototype', () => encode('__proto__', books.organization.publicId, 1)],
    ['any bytes', () => '\u0000\ud83d\ude00=='],
  ])('%s', async (_, nodeId) => {
    const { data, errors } = await books.client.graphql('query ($id: ID!) { node(nodeId: $id) { nodeId } }', { id: nodeId() });
    expect([errors, data]).toEqual([undefined, { node: null }]);
  });
});

it('an audit event is read by admins only', async () => {
  const viewer = await gateway.client(books.organization, Role.VIEWER);
  const { data, errors } = await viewer.graphql(`{ node(nodeId: "${nodeIds.AuditEvent}") { nodeId } me { name } }`);
  expect([data, errors?.[0]?.extensions.code]).toEqual([{ node: null, me: { name: 'key of VIEWER' } }, 'FORBIDDEN']);
  const several = await viewer.graphql(`{ nodes(nodeIds: ["${nodeIds.AuditEvent}"]) { nodeId } me { name } }`);
  expect([several.data, several.errors?.[0]?.path]).toEqual([{ nodes: [null], me: { name: 'key of VIEWER' } }, ['nodes', 0]]);
});

it('at most 100 objects are read at once', async () => {
  const { errors } = await books.client.graphql(`{ nodes(nodeIds: [${'"x", '.repeat(101)}]) { nodeId } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'nodeIds' });
});

it('an object that needs a higher role is null by itself, and the others are there', async () => {
  const viewer = await gateway.client(books.organization, Role.VIEWER);
  const { AuditEvent, CreditNote } = nodeIds;
  const query = 'query ($nodeIds: [ID!]!) { nodes(nodeIds: $nodeIds) { __typename } }';
  // Repeated queries are compiled.
  for (let times = 0; times < 4; times += 1) {
    const { data, errors } = await viewer.graphql(query, { nodeIds: [CreditNote, AuditEvent, CreditNote] });
    expect(data).toEqual({ nodes: [{ __typename: 'CreditNote' }, null, { __typename: 'CreditNote' }] });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['nodes', 1], 'FORBIDDEN']]);
  }
});

it('an identifier that the gateway would write in another way identifies nothing', async () => {
  const text = (nodeId = '') => Buffer.from(nodeId, 'base64url').toString();
  const written = (text: string) => Buffer.from(text).toString('base64url');
  const { CreditNote = '', Organization } = nodeIds;
  const others = [`${CreditNote}=`, ` ${CreditNote}`, written(`${text(CreditNote)}:1`), written(`${text(Organization)}:`)];
  const { data } = await books.client.graphql('query ($nodeIds: [ID!]!) { nodes(nodeIds: $nodeIds) { __typename } }', {
    nodeIds: others,
  });
  expect(data).toEqual({ nodes: others.map(() => null) });
});
