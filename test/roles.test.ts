import { describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import { createSchema } from '../src/graphql/schema.js';
import { type Books, Client, sharedGateway } from './helpers/gateway.js';
import { MUTATION_CASES, MUTATIONS, mutate, mutationCase } from './helpers/mutations.js';

const gateway = sharedGateway();

/** Callers by increasing rights; `nobody` sends no credential. */
const CALLERS = ['nobody', Role.VIEWER, Role.ACCOUNTANT, Role.ADMIN] as const;
type Caller = (typeof CALLERS)[number];

/** New books, a caller for them, the fields of the request and the data before it. */
async function arrange<T>(caller: Caller, fieldsOf: (books: Books) => Promise<T> | T) {
  const books = await gateway.books();
  const client = caller === 'nobody' ? new Client(gateway.app, {}) : await gateway.client(books.organization, caller);
  const fields = await fieldsOf(books);
  return { books, client, fields, before: await books.everything() };
}

const mayDo = (caller: Caller, required: Role) => CALLERS.indexOf(caller) >= CALLERS.indexOf(required);

it('every mutation has a test case, and every test case has a mutation', () => {
  expect(Object.keys(MUTATION_CASES).sort()).toEqual(MUTATIONS.map(({ name }) => name).sort());
});

describe.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('%s', (name, mutation) => {
  it.each(CALLERS)('as %s is executed if the role allows it, and otherwise writes nothing', async (caller) => {
    const { role, fields } = mutationCase(name);
    const arranged = await arrange(caller, fields);

    const { data, errors } = await mutate(arranged.client, mutation, arranged.fields);

    const after = await arranged.books.everything();
    if (mayDo(caller, role)) {
      expect([errors, data]).toEqual([undefined, { it: expect.anything() }]);
      expect(after).not.toEqual(arranged.before);
    } else {
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual([caller === 'nobody' ? 'UNAUTHENTICATED' : 'FORBIDDEN']);
      expect(data?.it ?? null).toBeNull();
      expect(after).toEqual(arranged.before);
    }
  });
});

/** For each query, the lowest role that may run it, and its required arguments. */
const QUERIES: Record<string, { role: Role; args?: (books: Books) => Promise<string> }> = {
  account: { role: Role.VIEWER, args: async ({ ids }) => `(id: ${ids.bank})` },
  accounts: { role: Role.VIEWER },
  auditEvents: { role: Role.ADMIN },
  branch: { role: Role.VIEWER, args: async ({ ids }) => `(id: ${ids.branch})` },
  branches: { role: Role.VIEWER },
  creditNote: { role: Role.VIEWER, args: async (books) => `(id: ${(await books.creditNote('100.00')).id})` },
  creditNoteByNumber: { role: Role.VIEWER, args: async (books) => `(number: "${(await books.creditNote('100.00')).number}")` },
  creditNotes: { role: Role.VIEWER },
  currencies: { role: Role.VIEWER },
  customer: { role: Role.VIEWER, args: async (books) => `(id: ${await books.customer()})` },
  customers: { role: Role.VIEWER },
  journalEntries: { role: Role.VIEWER },
  journalEntry: {
    role: Role.VIEWER,
    args: async (books) => {
      await books.creditNote('100.00');
      const { data } = await books.client.graphql<{ journalEntries: { nodes: { id: string }[] } }, never>(
        '{ journalEntries { nodes { id } } }',
      );
      return `(id: ${data?.journalEntries.nodes[0]?.id})`;
    },
  },
  ledgerHealth: { role: Role.ACCOUNTANT },
  restUsage: { role: Role.ADMIN },
  me: { role: Role.VIEWER },
  node: {
    role: Role.VIEWER,
    args: async ({ organization: { publicId } }) => `(nodeId: "${Buffer.from(`Organization:${publicId}`).toString('base64url')}")`,
  },
  nodes: { role: Role.VIEWER, args: async () => '(nodeIds: [])' },
  previewRefund: {
    role: Role.VIEWER,
    args: async (books) => {
      const input = Object.entries(books.refundInput((await books.creditNote('100.00')).id));
      return `(input: { ${input.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')} })`;
    },
  },
  refund: { role: Role.VIEWER, args: async (books) => `(id: ${(await books.refund((await books.creditNote('100.00')).id)).id})` },
  refunds: { role: Role.VIEWER },
  trialBalance: { role: Role.VIEWER },
};

it('every query has a test case, and every test case has a query', () => {
  expect(Object.keys(QUERIES).sort()).toEqual(Object.keys(createSchema().getQueryType()?.getFields() ?? {}).sort());
});

describe.each(Object.entries(QUERIES))('%s', (name, { role, args }) => {
  it.each(CALLERS)('as %s is answered if the role allows it', async (caller) => {
    const { client, fields } = await arrange(caller, async (books) => (await args?.(books)) ?? '');

    const { data, errors } = await client.graphql<{ it: unknown }, undefined>(`{ it: ${name}${fields} { __typename } }`);

    if (mayDo(caller, role)) expect([errors, data]).toEqual([undefined, { it: expect.anything() }]);
    else {
      const code = caller === 'nobody' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
      expect([data?.it ?? null, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, [code]]);
    }
  });
});

it.each(CALLERS)('a refund over REST as %s is executed if the role allows it, and otherwise writes nothing', async (caller) => {
  const { books, client, fields, before } = await arrange(caller, async (books) => (await books.creditNote('100.00')).id);

  const reply = await client.rest(`/api/credit-notes/${fields}/refunds`, books.restBody());

  const may = mayDo(caller, mutationCase('refundCreditNote').role);
  expect(reply.status).toBe(may ? 201 : caller === 'nobody' ? 401 : 403);
  if (may) expect(await books.everything()).not.toEqual(before);
  else expect(await books.everything()).toEqual(before);
});
