import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type GraphQLField, type GraphQLObjectType, type GraphQLOutputType, getNamedType, isObjectType } from 'graphql';
import { createSchema } from '../src/graphql/schema.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { invocation, MUTATIONS, mutationCase } from './helpers/mutations.js';

const schema = createSchema();

// The replies are as large as they can be, which takes long on a busy machine.
const gateway = sharedGateway({ queryCostLimit: 999_999, requestWaitMs: 60_000 });
const books = sharedBooks(gateway);

/** Levels of objects below a result, which include the way back: the refunds of the credit note of a refund. */
const DEPTH = 2;

type Result = Readonly<Record<'id', string>>;

/** How a query reads the result of a mutation, by its type, under the name `it`. */
const QUERIES: Readonly<Record<string, (id: string, selection: string) => string>> = {
  Account: (id, selection) => `{ it: account(id: ${id}) ${selection} }`,
  CreditNote: (id, selection) => `{ it: creditNote(id: ${id}) ${selection} }`,
  Refund: (id, selection) => `{ it: refund(id: ${id}) ${selection} }`,
  Branch: (id, selection) => `{ it: branch(id: ${id}) ${selection} }`,
  Customer: (id, selection) => `{ it: customer(id: ${id}) ${selection} }`,
  Organization: (_id, selection) => `{ me { it: organization ${selection} } }`,
};

/** Selects all fields of the type. */
function selectionOf(type: GraphQLOutputType, depth = DEPTH): string {
  const fields = Object.values((getNamedType(type) as GraphQLObjectType).getFields());
  const selected = fields.flatMap(({ name, type, args }) => {
    if (!isObjectType(getNamedType(type))) return [name];
    if (depth === 0) return [];
    if (args.every(({ name }) => name !== 'first')) return [`${name} ${selectionOf(type, depth - 1)}`];
    const page = getNamedType(type) as GraphQLObjectType;
    return [`${name}(first: 5) { nodes ${selectionOf(page.getFields().nodes?.type as GraphQLOutputType, depth - 1)} totalCount }`];
  });
  return `{ ${selected.join(' ')} }`;
}

async function ask<T>(document: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await books.client.graphql<T, Record<string, unknown>>(document, variables);
  if (data === null || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** What queries show of the results. */
function queried(type: string, selection: string, results: readonly Result[]): Promise<unknown[]> {
  return Promise.all(
    results.map(async ({ id }) => {
      const data = await ask<{ it?: unknown; me?: { it: unknown } }>(QUERIES[type]?.(id, selection) ?? type);
      return [data.it ?? data.me?.it].flat()[0];
    }),
  );
}

describe.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('%s', (name, mutation) => {
  const isRefund = name === 'refundCreditNote' || name === 'refundCreditNotes';
  const variants: [string, Record<string, unknown>][] =
    name === 'refundCreditNotes'
      ? [
          ['all or none', { mode: 'ATOMIC' }],
          ['each by itself', { mode: 'PER_ITEM' }],
        ]
      : [['', {}]];

  it.each(variants)('shows in every field what a query shows, the first time and when it is replayed %s', async (_, variant) => {
    const variables = { ...(await mutationCase(name).fields(books)), ...variant, idempotencyKey: randomUUID() };
    await expectSame(mutation, variables);
    if (!isRefund) return;
    await expectSame(mutation, await inForeignCurrency(variables));
  });
});

async function inForeignCurrency({ input, inputs, ...others }: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { id: creditNoteId } = await books.creditNote('100.00', { currencyCode: 'EUR', exchangeRate: '1.005' });
  const changed = (refund: unknown) => ({ ...(refund as object), creditNoteId, exchangeRate: '1.107' });
  const refunds = Array.isArray(inputs) ? { inputs: inputs.map(changed) } : { input: changed(input) };
  return { ...others, ...refunds, idempotencyKey: randomUUID() };
}

async function expectSame(mutation: GraphQLField<unknown, unknown>, variables: Record<string, unknown>): Promise<void> {
  const { declared, given } = invocation(mutation);
  const isList = getNamedType(mutation.type).name === 'RefundOutcome';
  const type = isList ? (schema.getType('Refund') as GraphQLObjectType) : (getNamedType(mutation.type) as GraphQLObjectType);
  const selection = selectionOf(type);
  const document = `mutation(${declared}) { it: ${mutation.name}(${given}) ${isList ? `{ refund ${selection} }` : selection} }`;
  const execute = async (): Promise<Result[]> => {
    const { it } = await ask<{ it: Result | { refund: Result }[] }>(document, variables);
    return Array.isArray(it) ? it.map(({ refund }) => refund) : [it];
  };

  const first = await execute();
  expect(first).toEqual(await queried(type.name, selection, first));

  const [{ id }] = first as [Result];
  if (mutation.name.startsWith('refundCreditNote')) {
    await ask(`mutation { reverseRefund(input: { refundId: ${id}, date: "2026-02-02", reason: "Bounced" }) { id } }`);
  }
  const replayed = await execute();
  expect(replayed.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  expect(replayed).toEqual(await queried(type.name, selection, replayed));
}
