import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import {
  AuditEventsDocument,
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
  LockTransactionsDocument,
  MeDocument,
} from './generated/documents.js';
import { type Books, Client, Gateway } from './helpers/gateway.js';
import { cleanUp, cli } from './helpers/process.js';

/** Names, codes and numbers are stored without surrounding blanks, and numbers and codes are compared without case. */
let gateway: Gateway;
let books: Books;
beforeAll(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
});
afterAll(async () => {
  await cleanUp();
  await gateway.stop();
});

/** A space, a no-break space, an ideographic space, a tab, a line feed, a zero-width space and a byte-order mark. */
const BLANKS = [' ', '\u00a0', '\u3000', '\t', '\n', '\u200b', '\ufeff'];

const account = (code: string, name = 'x') => books.client.graphql(CreateAccountDocument, { input: { code, name, type: 'BANK' } });
const branch = (code: string, name = 'x') => books.client.graphql(CreateBranchDocument, { input: { code, name } });
const customer = (displayName: string) => books.client.graphql(CreateCustomerDocument, { input: { displayName } });
const note = async (number: string | undefined, idempotencyKey?: string) => {
  const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
  const input = { customerId: await books.customer(), date: '2026-01-15', lines, number };
  return books.client.graphql(CreateCreditNoteDocument, { input }, idempotencyKey ? { 'idempotency-key': idempotencyKey } : {});
};
const codeOf = ({ errors }: { errors?: readonly { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions.code;

describe('surrounding blanks', () => {
  it.each(BLANKS)('are removed from a number, a code and a name: %j', async (blank) => {
    const unique = `T${BLANKS.indexOf(blank)}`;
    const around = (text: string) => `${blank}${text}${blank}${blank}`;
    expect((await note(around(unique))).data?.createCreditNote?.number).toBe(unique);
    expect((await account(around(unique), around('Till one'))).data?.createAccount).toMatchObject({
      code: unique,
      name: 'Till one',
    });
    expect((await branch(around(unique), around('West'))).data?.createBranch).toMatchObject({ code: unique, name: 'West' });
    expect((await customer(around('Ann Base'))).data?.createCustomer?.displayName).toBe('Ann Base');
  });

  it('do not make a number or code different', async () => {
    await note('B-1');
    await account('B-1');
    await branch('B-1');
    for (const blank of BLANKS) {
      expect(codeOf(await note(`B-1${blank}`))).toBe('CREDIT_NOTE_NUMBER_NOT_UNIQUE');
      expect(codeOf(await account(`${blank}B-1`))).toBe('ACCOUNT_CODE_NOT_UNIQUE');
      expect(codeOf(await branch(`B-1${blank}`))).toBe('BRANCH_CODE_NOT_UNIQUE');
    }
  });

  it('alone count as an empty text', async () => {
    for (const blank of BLANKS) {
      for (const reply of [
        await note(blank),
        await account(blank),
        await account('c', blank),
        await branch(blank),
        await customer(blank),
      ]) {
        expect(codeOf(reply)).toBe('BAD_USER_INPUT');
      }
    }
  });

  it('do not count towards the length limit', async () => {
    const code = 'L'.repeat(50);
    expect((await account(`  ${code}  `)).data?.createAccount?.code).toBe(code);
  });

  it('do not change the fingerprint of an idempotency key', async () => {
    const input = { code: 'K-1', name: 'Key' };
    const send = (changes: object) =>
      books.client.graphql(CreateBranchDocument, { input: { ...input, ...changes } }, { 'idempotency-key': 'tidy' });
    const [first, again] = [await send({}), await send({ code: ' K-1 ', name: 'Key\u00a0' })];
    expect(again.data?.createBranch?.id).toBe(first.data?.createBranch?.id);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('are removed from a reason', async () => {
    await books.client.graphql(LockTransactionsDocument, { input: { lockDate: '2025-01-01', reason: ' filed\u00a0' } });
    const {
      auditEvents: { nodes: auditEvents },
    } = await books.client.query(AuditEventsDocument);
    expect(auditEvents.at(-1)?.details.reason).toBe('filed');
  });

  it('are kept in the reference and the description of a refund', async () => {
    const { referenceNo, description } = await books.refund((await books.creditNote('100.00')).id, {
      referenceNo: ' A ',
      description: ' b ',
    });
    expect([referenceNo, description]).toEqual([' A ', ' b ']);
  });
});

describe('letter case', () => {
  it.each([
    ['cn-x07', 'CN-X07'],
    ['Ämter', 'äMTER'],
    ['Re\u0301sume', 'RÉSUME'],
  ])('does not make numbers or codes different: %s, %s', async (one, other) => {
    expect((await note(one)).data?.createCreditNote?.number).toBe(one.normalize('NFC'));
    await account(one);
    await branch(one);
    expect(codeOf(await note(other))).toBe('CREDIT_NOTE_NUMBER_NOT_UNIQUE');
    expect(codeOf(await account(other))).toBe('ACCOUNT_CODE_NOT_UNIQUE');
    expect(codeOf(await branch(other))).toBe('BRANCH_CODE_NOT_UNIQUE');
  });

  it('is kept in names, and organizations have separate numbers', async () => {
    expect((await customer('anne')).data?.createCustomer?.displayName).toBe('anne');
    expect((await customer('Anne')).data?.createCustomer?.displayName).toBe('Anne');
    await note('O-1');
    expect((await (await gateway.books()).creditNote('1.00', { number: 'o-1' })).number).toBe('o-1');
  });

  it('does not hide a number in use from the automatic numbering', async () => {
    const fresh = await gateway.books();
    for (const number of ['cn-00001', 'Cn-00002 ']) await fresh.creditNote('1.00', { number });
    expect((await fresh.creditNote('1.00')).number).toBe('CN-00003');
  });

  it('does not matter for parallel notes with the same number: one succeeds', async () => {
    const replies = await Promise.all(['R-1', 'r-1', ' R-1', 'r-1\u00a0'].map((number) => note(number)));
    expect(replies.map(codeOf).filter((code) => code === undefined)).toHaveLength(1);
    expect(replies.map(codeOf).filter((code) => code === 'CREDIT_NOTE_NUMBER_NOT_UNIQUE')).toHaveLength(3);
  });
});

describe('the database', () => {
  const refusal = async (statement: string) => {
    const { superuser } = gateway.database;
    try {
      await superuser.query(statement);
      return 'accepted';
    } catch (error) {
      return String(error);
    }
  };

  it.each(['$$ C$$', "E'C\\u00a0'", "E'e\\u0301'", '$$$$', "E'\\t'"])(
    'refuses surrounding blanks and decomposed letters: %s',
    async (text) => {
      const own = books.organization.id;
      for (const statement of [
        `insert into branches (organization_id, code, name) values (${own}, ${text}, 'x')`,
        `insert into branches (organization_id, code, name) values (${own}, 'tidy', ${text})`,
        `insert into accounts (organization_id, code, name, type, currency_code) values (${own}, ${text}, 'x', 'bank', 'USD')`,
        `insert into accounts (organization_id, code, name, type, currency_code) values (${own}, 'tidy', ${text}, 'bank', 'USD')`,
        `insert into customers (organization_id, display_name, currency_code) values (${own}, ${text}, 'USD')`,
        `update organizations set name = ${text} where id = ${own}`,
        `insert into users (subject, name) values ('x', ${text})`,
        `insert into api_keys (organization_id, name, role, prefix, hash) values (${own}, ${text}, 'VIEWER', 'bc_', '${'0'.repeat(64)}')`,
        `update credit_notes set number = ${text} where organization_id = ${own} and opened_at is null`,
      ]) {
        expect(await refusal(statement)).toContain('tidy');
      }
    },
  );

  it('refuses an organization id that differs in case only', async () => {
    const id = books.organization.publicId.toUpperCase();
    expect(
      await refusal(`insert into organizations (public_id, name, base_currency, time_zone) values ('${id}', 'x', 'USD', 'UTC')`),
    ).toContain('unique');
  });
});

it('the operator’s commands normalize their texts in the same way', async () => {
  const DATABASE_URL = connectionUrl(gateway.database.connection('operator'));
  const create = (id: string) =>
    cli({ DATABASE_URL }, 'organization', 'create', '--id', id, '--name', ' Tidy Ltd ', '--currency', 'USD', '--time-zone', 'UTC');
  expect((await create(' tidy ')).stdout).toBe('tidy\tTidy Ltd\n');
  expect((await create('TIDY')).stderr).toMatch(/^There is an organization tidy already/);
  const { stdout } = await cli(
    { DATABASE_URL },
    'api-key',
    'create',
    '--organization',
    'tidy',
    '--name',
    ' Shop\u00a0',
    '--role',
    ' VIEWER',
  );
  const client = new Client(gateway.app, { authorization: `Bearer ${stdout.split('\n')[0]}` });
  expect((await client.query(MeDocument)).me.name).toBe('Shop');
});
