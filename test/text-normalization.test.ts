import { describe, expect, it } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { tidy } from '../src/values/text.js';
import {
  AuditEventsDocument,
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
  LockTransactionsDocument,
  MeDocument,
} from './generated/documents.js';
import { Client, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { cli } from './helpers/process.js';

/** Names, codes and numbers are stored without invisible characters at their ends; numbers and codes are compared as people read them. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);

/** A space, a no-break space, an ideographic space, a tab, a line feed, a zero-width space and a byte-order mark. */
const BLANKS = [' ', '\u00a0', '\u3000', '\t', '\n', '\u200b', '\ufeff'];
const SOFT_HYPHEN = '\u00ad';
/** Other characters that nobody sees. */
const UNSEEN = [
  SOFT_HYPHEN,
  '\u034f',
  '\u061c',
  '\u115f',
  '\u1160',
  '\u17b4',
  '\u180e',
  '\u200d',
  '\u200f',
  '\u202e',
  '\u2060',
  '\u2064',
  '\u2069',
  '\u206f',
  '\u2800',
  '\u3164',
  '\uffa0',
  '\ufffa',
  '\u0001',
  '\u{e0001}',
  '\u{1d173}',
];
/** Variation selectors and tags are visible with the character before them, but not alone. */
const SELECTORS = ['\u180b', '\ufe0f', '\u{e007f}', '\u{e0100}'];

const escaped = (text: string) => [...text].map((each) => `\\u{${each.codePointAt(0)?.toString(16)}}`).join('');
const named = (texts: readonly string[]) => texts.map((text) => [escaped(text), text] as const);

const account = (code: string, name = 'x') => books.client.graphql(CreateAccountDocument, { input: { code, name, type: 'BANK' } });
const branch = (code: string, name = 'x') => books.client.graphql(CreateBranchDocument, { input: { code, name } });
const customer = (displayName: string) => books.client.graphql(CreateCustomerDocument, { input: { displayName } });
const note = async (number: string) => {
  const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
  const input = { customerId: await books.customer(), date: '2026-01-15', lines, number };
  return books.client.graphql(CreateCreditNoteDocument, { input });
};
const codeOf = ({ errors }: { errors?: readonly { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions.code;

describe('a blank or an invisible character', () => {
  it.each(named([...BLANKS, ...UNSEEN]))('is removed at both ends: %s', async (name, unseen) => {
    const around = (text: string) => `${unseen} ${text}${unseen}`;
    expect((await note(around(`N${name}`))).data?.createCreditNote?.number).toBe(`N${name}`);
    expect((await account(around(`A${name}`), around('Till'))).data?.createAccount).toMatchObject({
      code: `A${name}`,
      name: 'Till',
    });
    expect((await branch(around(`B${name}`), around('West'))).data?.createBranch).toMatchObject({ code: `B${name}`, name: 'West' });
    expect((await customer(around('Ann'))).data?.createCustomer?.displayName).toBe('Ann');
  });

  it.each(named([...BLANKS, ...UNSEEN, ...SELECTORS, '\u200b \ufe0f\u200d']))(
    'alone counts as an empty text: %s',
    async (_name, unseen) => {
      const replies = [
        await note(unseen),
        await account(unseen),
        await account('c', unseen),
        await branch(unseen),
        await customer(unseen),
      ];
      expect(replies.map(codeOf)).toEqual(replies.map(() => 'BAD_USER_INPUT'));
    },
  );

  it.each([
    ['a red heart', 'Love \u2764\ufe0f'],
    ['a family', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['the flag of England', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'],
    ['a variant of an ideograph', '\u845b\u{e0100}'],
    ['a non-joiner of Persian', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'],
  ])('is kept where it shapes a visible one: %s', async (_what, name) => {
    expect((await customer(`\u200b${name}\u200b`)).data?.createCustomer?.displayName).toBe(name);
    expect(await gateway.database.sql.query('select is_tidy($1) as tidy', [name])).toMatchObject({ rows: [{ tidy: true }] });
  });

  it('does not make a number or code different at its end', async () => {
    await note('B-1');
    await account('B-1');
    await branch('B-1');
    for (const blank of BLANKS) {
      expect(codeOf(await note(`B-1${blank}`))).toBe('CREDIT_NOTE_NUMBER_NOT_UNIQUE');
      expect(codeOf(await account(`${blank}B-1`))).toBe('ACCOUNT_CODE_NOT_UNIQUE');
      expect(codeOf(await branch(`B-1${blank}`))).toBe('BRANCH_CODE_NOT_UNIQUE');
    }
  });

  it('does not count towards the length limit', async () => {
    const code = 'L'.repeat(50);
    expect((await account(`  ${code}  `)).data?.createAccount?.code).toBe(code);
  });

  it('does not change the fingerprint of an idempotency key', async () => {
    const input = { code: 'K-1', name: 'Key' };
    const send = (changes: object) =>
      books.client.graphql(CreateBranchDocument, { input: { ...input, ...changes } }, { 'idempotency-key': 'tidy' });
    const [first, again] = [await send({}), await send({ code: ' K-1 ', name: 'Key\u00a0' })];
    expect(again.data?.createBranch?.id).toBe(first.data?.createBranch?.id);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('is removed from a reason', async () => {
    await books.client.graphql(LockTransactionsDocument, { input: { lockDate: '2025-01-01', reason: ' filed\u00a0' } });
    const {
      auditEvents: { nodes: auditEvents },
    } = await books.client.query(AuditEventsDocument);
    expect(auditEvents.at(-1)?.details.reason).toBe('filed');
  });

  it('is kept in the reference and the description of a refund', async () => {
    const { referenceNo, description } = await books.refund((await books.creditNote('100.00')).id, {
      referenceNo: ' A ',
      description: ' b ',
    });
    expect([referenceNo, description]).toEqual([' A ', ' b ']);
  });
});

describe('numbers and codes that look the same are the same', () => {
  it.each([
    ['capital letters', 'cn-x07', 'CN-X07'],
    ['capital letters with marks', 'Ämter', 'äMTER'],
    ['a zero-width space inside', 'CN\u200b-1', 'CN-1'],
    ['a soft hyphen inside', `CN-${SOFT_HYPHEN}2`, 'CN-2'],
    ['a mark of direction inside', 'CN-\u200e3', 'CN-3'],
    ['a selector at the end', 'CN-4\ufe0f', 'CN-4'],
    ['digits of full width', 'ＣＮ-５', 'CN-5'],
    ['another kind of space', 'CN\u00a06', 'CN 6'],
    ['two spaces', 'CN  7', 'CN 7'],
    ['a letter in two pieces', 'CN-e\u0301', 'CN-\u00e9'],
    ['a sharp s', 'STRASSE', 'straße'],
    ['a capital sharp s', 'GRO\u1e9eE', 'grosse'],
    ['a final sigma', 'ΛΟΓΟΣ', 'λογος'],
    ['a ligature', 'o\ufb03ce', 'OFFICE'],
  ])('%s', async (_what, one, other) => {
    expect([codeOf(await note(one)), codeOf(await account(one)), codeOf(await branch(one))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([codeOf(await note(other)), codeOf(await account(other)), codeOf(await branch(other))]).toEqual([
      'CREDIT_NOTE_NUMBER_NOT_UNIQUE',
      'ACCOUNT_CODE_NOT_UNIQUE',
      'BRANCH_CODE_NOT_UNIQUE',
    ]);
  });

  it.each([
    ['İ-8', 'I-8'],
    ['O-8', '0-8'],
    ['CN 9', 'CN9'],
    ['é-9', 'e-9'],
  ])('but these differ: %s, %s', async (one, other) => {
    expect([codeOf(await note(one)), codeOf(await note(other))]).toEqual([undefined, undefined]);
  });

  it('letters are stored composed', async () => {
    expect((await note('Re\u0301sume')).data?.createCreditNote?.number).toBe('R\u00e9sume');
  });

  it('letter case is kept in names, and organizations have separate numbers', async () => {
    expect((await customer('anne')).data?.createCustomer?.displayName).toBe('anne');
    expect((await customer('Anne')).data?.createCustomer?.displayName).toBe('Anne');
    await note('O-1');
    expect((await (await gateway.books()).creditNote('1.00', { number: 'o-1' })).number).toBe('o-1');
  });

  it('an automatic number skips numbers that look the same', async () => {
    const fresh = await gateway.books();
    for (const number of ['cn-00001', 'Cn-00002 ', 'cn-0000\u200b3']) await fresh.creditNote('1.00', { number });
    expect((await fresh.creditNote('1.00')).number).toBe('CN-00004');
  });

  it('of parallel notes with such numbers, one succeeds', async () => {
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

it('the database and the gateway agree for every character whether a text is normalized', async () => {
  const characters = Array.from({ length: 0x110000 }, (_, code) => code).filter(
    (code) => code !== 0 && (code < 0xd800 || code > 0xdfff) && (code < 0x20000 || code >= 0xe0000),
  );
  const texts = (around: (character: string) => string) => characters.map((code) => around(String.fromCodePoint(code)));
  for (const around of [(each: string) => each, (each: string) => `a${each}`, (each: string) => `${each}a`]) {
    const all = texts(around);
    const { rows } = await gateway.database.sql.query<{ text: string; tidy: boolean }>(
      'select text, is_tidy(text) as tidy from unnest($1::text[]) text',
      [all],
    );
    const differing = rows.filter(({ text, tidy: found }) => found !== (text !== '' && tidy(text) === text));
    // PostgreSQL and Node.js may have different versions of Unicode, so that new letters are composed by one of them only.
    expect(
      differing
        .map(({ text }) => text)
        .filter((text) => text.normalize('NFC') === text)
        .map(escaped),
    ).toEqual([]);
  }
});
