import { randomUUID } from 'node:crypto';
import { type GraphQLField, type GraphQLOutputType, getNamedType, isObjectType } from 'graphql';
import { Role } from '../../src/entities/access.js';
import { createSchema } from '../../src/graphql/schema.js';
import type { Books, Client, GraphQLReply } from './gateway.js';

/** The properties of a mutation that the tests of the whole schema need. */
export interface MutationCase {
  /** The lowest role that may execute it. */
  readonly role: Role;
  /** New arguments with which it succeeds in these books; every field has a value. */
  fields(books: Books): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Arguments that are not part of the command's fingerprint, because they only say how it is executed. */
  readonly conditions?: readonly string[];
  /** Paths of fields that replace another field, and therefore have no value. */
  readonly alternatives?: readonly string[];
}

/** The test case of each mutation. {@link mutationCase} throws with the name of a mutation without one. */
export const MUTATION_CASES: Readonly<Record<string, MutationCase>> = {
  createAccount: {
    role: Role.ACCOUNTANT,
    fields: () => ({ input: { code: randomUUID(), name: 'Another', type: 'BANK', currencyCode: 'USD', active: true } }),
  },
  createBranch: { role: Role.ACCOUNTANT, fields: () => ({ input: { code: randomUUID(), name: 'Another' } }) },
  createCustomer: {
    role: Role.ACCOUNTANT,
    fields: () => ({ input: { displayName: 'Another', email: 'carol@example.com', currencyCode: 'USD' } }),
  },
  createCreditNote: {
    role: Role.ACCOUNTANT,
    fields: async (books) => ({
      input: {
        number: randomUUID(),
        customerId: await books.customer(),
        branchId: books.ids.branch,
        date: '2026-01-15',
        exchangeRate: '1',
        lines: [{ accountId: books.ids.sales, amount: '100', description: 'Goods' }],
        referenceNo: 'REF-1',
        note: 'Sent back',
        open: true,
      },
    }),
  },
  updateCreditNote: {
    role: Role.ACCOUNTANT,
    fields: async (books) => ({
      input: {
        creditNoteId: (await books.creditNote('100.00', { open: false })).id,
        number: randomUUID(),
        customerId: await books.customer(),
        branchId: books.ids.branch,
        date: '2026-01-16',
        exchangeRate: '1',
        lines: [{ accountId: books.ids.sales, amount: '90', description: 'Goods' }],
        referenceNo: 'REF-2',
        note: 'Sent back in part',
      },
    }),
  },
  openCreditNote: {
    role: Role.ACCOUNTANT,
    fields: async (books) => ({ id: (await books.creditNote('100.00', { open: false })).id }),
  },
  voidCreditNote: {
    role: Role.ACCOUNTANT,
    fields: async (books) => ({ id: (await books.creditNote('100.00')).id, date: '2026-02-01' }),
  },
  refundCreditNote: {
    role: Role.ACCOUNTANT,
    conditions: ['expectedRemaining', 'allowDuplicate', 'allowUnusualRate'],
    alternatives: ['input.paidAmount'],
    fields: async (books) => ({ input: books.refundInput((await books.creditNote('100.00')).id) }),
  },
  refundCreditNotes: {
    role: Role.ACCOUNTANT,
    conditions: ['mode', 'allowDuplicate', 'allowUnusualRate'],
    alternatives: ['inputs.paidAmount'],
    fields: async (books) => {
      const { id } = await books.creditNote('100.00');
      return { inputs: [books.refundInput(id), books.refundInput(id, { amount: '30.00' })], mode: 'ATOMIC' };
    },
  },
  reverseRefund: {
    role: Role.ACCOUNTANT,
    fields: async (books) => {
      const { id: refundId } = await books.refund((await books.creditNote('100.00')).id);
      return { input: { refundId, date: '2026-02-02', reason: 'It came back' } };
    },
  },
  cancelRemaining: {
    role: Role.ACCOUNTANT,
    fields: async (books) => {
      const { id: creditNoteId } = await books.creditNote('100.00');
      return { input: { creditNoteId, date: '2026-02-03', reason: 'Agreed with Carol', expectedRemaining: '100.00' } };
    },
  },
  addRefundReference: {
    role: Role.ACCOUNTANT,
    fields: async (books) => {
      const { id: refundId } = await books.refund((await books.creditNote('100.00')).id);
      return { input: { refundId, referenceNo: 'BANK-7' } };
    },
  },
  updateAccount: {
    role: Role.ACCOUNTANT,
    fields: async (books) => ({
      input: { accountId: await books.account('BANK'), code: randomUUID(), name: 'Other', active: false },
    }),
  },
  updateBranch: {
    role: Role.ACCOUNTANT,
    fields: async (books) => {
      const create = `mutation { createBranch(input: { code: "${randomUUID()}", name: "West" }) { id } }`;
      const { data } = await books.client.graphql<{ createBranch: { id: string } }, object>(create);
      return { input: { branchId: data?.createBranch.id, code: randomUUID(), name: 'Other', active: false } };
    },
  },
  updateCustomer: {
    role: Role.ACCOUNTANT,
    fields: async (books) => ({
      input: { customerId: await books.customer(), displayName: 'Other', email: 'other@example.com', active: false },
    }),
  },
  updateOrganization: {
    role: Role.ADMIN,
    fields: () => ({ input: { name: 'Acme Ltd', timeZone: 'Europe/Berlin', creditCardRefunds: true, restContract: 'OBSERVED' } }),
  },
  lockTransactions: { role: Role.ADMIN, fields: () => ({ input: { lockDate: '2025-12-31', reason: 'Filed' } }) },
  unlockTransactions: {
    role: Role.ADMIN,
    fields: async (books) => {
      const lock = 'mutation { lockTransactions(input: { lockDate: "2025-12-31", reason: "Filed" }) { id } }';
      const { errors } = await books.client.graphql(lock);
      if (errors) throw new Error(JSON.stringify(errors));
      return { input: { lockDate: '2025-11-30', reason: 'A late one' } };
    },
  },
};

/** The mutations of the schema; a new mutation is included automatically. */
export const MUTATIONS: readonly GraphQLField<unknown, unknown>[] = Object.values(
  createSchema().getMutationType()?.getFields() ?? {},
);

/** @throws if a mutation has no case in {@link MUTATION_CASES} */
export function mutationCase(name: string): MutationCase {
  const found = MUTATION_CASES[name];
  if (!found) throw new Error(`the mutation ${name} has no case in test/helpers/mutations.ts`);
  return found;
}

/** Executes the mutation with the alias `it` and its arguments in variables. */
export async function mutate(
  client: Client,
  mutation: GraphQLField<unknown, unknown>,
  variables: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<GraphQLReply<{ it: unknown }>> {
  const { declared, given } = invocation(mutation);
  return client.graphql(
    `mutation(${declared}) { it: ${mutation.name}(${given}) { ${identity(mutation.type)} } }`,
    variables,
    headers,
  );
}

/** The declaration of the mutation's arguments as variables of the same names, and the arguments with these variables. */
export function invocation({ args }: GraphQLField<unknown, unknown>): { declared: string; given: string } {
  const declarations = args.map(({ name, type, defaultValue }) => ({
    declared: `$${name}: ${defaultValue === undefined ? type : `${type} = ${JSON.stringify(defaultValue)}`}`,
    given: `${name}: $${name}`,
  }));
  return {
    declared: declarations.map(({ declared }) => declared).join(', '),
    given: declarations.map(({ given }) => given).join(', '),
  };
}

/** Selects the id of the mutation's result, or all fields if it has no id. */
function identity(output: GraphQLOutputType): string {
  const type = getNamedType(output);
  if (!isObjectType(type)) throw new Error(`${type.name} is no object`);
  const fields = Object.values(type.getFields());
  if (fields.some(({ name }) => name === 'id')) return 'id';
  return fields.map(({ name, type }) => (isObjectType(getNamedType(type)) ? `${name} { ${identity(type)} }` : name)).join(' ');
}
