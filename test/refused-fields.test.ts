import { beforeAll, expect, it } from '@jest/globals';
import { type GraphQLInputType, getNamedType, isInputObjectType, isNonNullType, isObjectType } from 'graphql';
import { Role } from '../src/entities/access.js';
import { argumentRules } from '../src/graphql/argument-rules.js';
import { createSchema } from '../src/graphql/schema.js';
import { type Client, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A field that is refused for the caller's role is null, and does not empty the page around it. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let viewer: Client;
beforeAll(async () => {
  viewer = await gateway.client(books.organization, Role.VIEWER);
});

it('every field that may be refused for a role, or for an argument that needs one, is nullable', () => {
  const schema = createSchema();
  const rules = argumentRules(schema);
  const needsRole = (type: GraphQLInputType, seen: readonly string[] = []): boolean => {
    const named = getNamedType(type);
    if (!isInputObjectType(named) || seen.includes(named.name)) return false;
    const fields = Object.values(named.getFields());
    return named.extensions.role !== undefined || fields.some((field) => needsRole(field.type, [...seen, named.name]));
  };
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const refusable = types.flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) => {
      const roles = rules.fields.get(field)?.roles ?? [];
      const mayBeRefused = roles.some((role) => role !== Role.VIEWER) || field.args.some((argument) => needsRole(argument.type));
      return mayBeRefused ? [{ name: `${type.name}.${field.name}`, isNullable: !isNonNullType(field.type) }] : [];
    }),
  );
  expect(refusable.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Query.auditEvents', 'Query.ledgerHealth', 'Query.refunds', 'CreditNote.refunds', 'Refund.provenance']),
  );
  expect(refusable.filter(({ isNullable }) => !isNullable)).toEqual([]);
});

it('a viewer gets the rest of a page with fields for other roles', async () => {
  const page = '{ me { name } auditEvents { __typename } ledgerHealth { __typename } trialBalance { debits } }';
  // Repeated queries are compiled.
  for (let times = 0; times < 4; times += 1) {
    const { data, errors, status } = await viewer.graphql(page);
    expect([status, data]).toEqual([
      200,
      { me: { name: 'key of VIEWER' }, auditEvents: null, ledgerHealth: null, trialBalance: { debits: '0.00' } },
    ]);
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['auditEvents'], 'FORBIDDEN'],
      [['ledgerHealth'], 'FORBIDDEN'],
    ]);
  }
});

it('a viewer gets the rest of a page with an argument for other roles, whose field is named', async () => {
  const { id } = await books.creditNote('10.00');
  const refunds = 'refunds(filter: { provenance: { requestId: "x" } }) { __typename }';
  const { data, errors } = await viewer.graphql(`{ me { name } ${refunds} creditNote(id: ${id}) { id ${refunds} } }`);
  expect(data).toEqual({ me: { name: 'key of VIEWER' }, refunds: null, creditNote: { id, refunds: null } });
  expect(errors?.map(({ path, extensions: { code, field } }) => [path, code, field])).toEqual([
    [['refunds'], 'FORBIDDEN', 'provenance'],
    [['creditNote', 'refunds'], 'FORBIDDEN', 'provenance'],
  ]);
});
