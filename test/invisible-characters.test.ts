import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tidy } from '../src/values/text.js';
import {
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
} from './generated/documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

/** Invisible characters are removed around names, and ignored in the comparison of numbers and codes. */
let gateway: Gateway;
let books: Books;
beforeAll(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
});
afterAll(() => gateway.stop());

const account = (code: string, name = 'x') => books.client.graphql(CreateAccountDocument, { input: { code, name, type: 'BANK' } });
const branch = (code: string, name = 'x') => books.client.graphql(CreateBranchDocument, { input: { code, name } });
const customer = (displayName: string) => books.client.graphql(CreateCustomerDocument, { input: { displayName } });
const note = async (number: string) => {
  const lines = [{ accountId: books.ids.sales, amount: '1.00' }];
  return books.client.graphql(CreateCreditNoteDocument, {
    input: { customerId: await books.customer(), date: '2026-01-15', lines, number },
  });
};
const codeOf = ({ errors }: { errors?: readonly { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions.code;

const SOFT_HYPHEN = '\u00ad';
const UNSEEN = [
  SOFT_HYPHEN,
  '\u034f',
  '\u061c',
  '\u115f',
  '\u1160',
  '\u17b4',
  '\u180e',
  '\u200b',
  '\u200d',
  '\u200f',
  '\u202e',
  '\u2060',
  '\u2064',
  '\u2069',
  '\u206f',
  '\u2800',
  '\u3164',
  '\ufeff',
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

describe('an invisible character', () => {
  it.each(named(UNSEEN))('is removed at both ends: %s', async (name, unseen) => {
    const around = (text: string) => `${unseen} ${text}${unseen}`;
    expect((await note(around(`N${name}`))).data?.createCreditNote?.number).toBe(`N${name}`);
    expect((await account(around(`A${name}`), around('Till'))).data?.createAccount).toMatchObject({
      code: `A${name}`,
      name: 'Till',
    });
    expect((await branch(around(`B${name}`), around('West'))).data?.createBranch).toMatchObject({ code: `B${name}`, name: 'West' });
    expect((await customer(around('Ann'))).data?.createCustomer?.displayName).toBe('Ann');
  });

  it.each(named([...UNSEEN, ...SELECTORS, '\u200b \ufe0f\u200d']))('alone counts as an empty text: %s', async (_name, unseen) => {
    const replies = [
      await note(unseen),
      await account(unseen),
      await account('c', unseen),
      await branch(unseen),
      await customer(unseen),
    ];
    expect(replies.map(codeOf)).toEqual(replies.map(() => 'BAD_USER_INPUT'));
  });

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
});

describe('numbers and codes that look the same are the same', () => {
  it.each([
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

  it('an automatic number skips a number that looks the same', async () => {
    const fresh = await gateway.books();
    await fresh.creditNote('1.00', { number: 'cn-0000\u200b1' });
    expect((await fresh.creditNote('1.00')).number).toBe('CN-00002');
  });
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
