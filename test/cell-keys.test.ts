import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { MeDocument } from './generated/documents.js';
import { readCluster } from './helpers/cluster.js';
import { type Books, Client, Gateway } from './helpers/gateway.js';
import { cleanUp, cli, type Ended, refusedStart } from './helpers/process.js';

let gateway: Gateway;
let books: Books;
let DATABASE_URL: string;
beforeAll(async () => {
  gateway = await Gateway.start();
  books = await gateway.books();
  const { rows } = await gateway.database.sql.query('select current_database() as database');
  DATABASE_URL = connectionUrl({ ...readCluster().operator, database: rows[0].database });
});
afterAll(async () => {
  await cleanUp();
  await gateway.stop();
});

const apiKey = (variables: Record<string, string>, verb: string, ...words: string[]): Promise<Ended> =>
  cli({ DATABASE_URL, ...variables }, 'api-key', verb, '--organization', books.organization.publicId, ...words);
const newKey = (variables: Record<string, string>) => apiKey(variables, 'create', '--name', 'k', '--role', 'VIEWER');

/** The environment of the command → the form of the key, and the number of its characters that are listed. */
const KEYS: readonly (readonly [Record<string, string>, RegExp, number])[] = [
  [{ CELL: 'eu1' }, /^bc_eu1_[\w-]{43}$/, 13],
  [{ CELL: 'abcdefghijkl' }, /^bc_abcdefghijkl_[\w-]{43}$/, 22],
  [{ CELL: '' }, /^bc_[\w-]{43}$/, 9],
  [{}, /^bc_[\w-]{43}$/, 9],
];

it.each(KEYS)(
  'a key that is made with %j has the form %s, works, and is listed by its beginning',
  async (variables, form, visible) => {
    const { stdout, stderr } = await newKey(variables);

    const [key = ''] = stdout.split('\n');
    expect([stderr, key]).toEqual(['', expect.stringMatching(form)]);
    const { data } = await new Client(gateway.app, { authorization: `Bearer ${key}` }).graphql(MeDocument);
    expect(data?.me.organization.id).toBe(books.organization.publicId);
    expect((await apiKey({}, 'list')).stdout).toContain(`\t${key.slice(0, visible)}…\tk\t`);
    const { rows } = await gateway.database.sql.query('select to_jsonb(k)::text as row from api_keys k');
    for (const { row } of rows) expect(row).not.toContain(key.slice(visible));
  },
);

it('a key of another cell gets the same 401 as any unknown key', async () => {
  const [elsewhere, unknown] = await Promise.all(
    [`bc_us2_${'x'.repeat(43)}`, `bc_${'x'.repeat(43)}`].map((key) =>
      new Client(gateway.app, { authorization: `Bearer ${key}` }).graphql(MeDocument),
    ),
  );
  expect(elsewhere?.status).toBe(401);
  expect(elsewhere?.errors).toEqual(unknown?.errors);
});

it.each(['EU1', 'eu_1', 'eu-1', 'abcdefghijklm'])('neither a command nor the gateway starts with the cell %s', async (CELL) => {
  const says = 'CELL must be 1 to 12 small letters (a to z) and digits\n';
  expect(await newKey({ CELL })).toMatchObject({ code: 1, stdout: '', stderr: says });
  const { code, stderr } = await refusedStart({ DATABASE_URL, CELL });
  expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
});
