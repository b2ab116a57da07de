import { beforeAll, expect, it } from '@jest/globals';
import { createApiKey, hashApiKey, revokeApiKey } from '../src/auth/api-keys.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { ApiKey, Role } from '../src/entities/access.js';
import { MeDocument } from './generated/documents.js';
import { Client, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { cli, type Ended, refusedStart } from './helpers/process.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let DATABASE_URL: string;
beforeAll(async () => {
  DATABASE_URL = connectionUrl(gateway.database.connection('operator'));
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
    expect(rows.length).toBeGreaterThan(1);
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
  const refusal = { code: 'UNAUTHENTICATED', details: { reason: 'CREDENTIAL' } };
  for (const reply of [elsewhere, unknown]) expect(reply?.errors).toMatchObject([{ extensions: refusal }]);
  expect(elsewhere?.errors?.[0]?.message).toBe(unknown?.errors?.[0]?.message);
});

it('the routes of a cell are its organizations, and the valid keys that do not name the cell', async () => {
  const other = await gateway.books();
  const publicIds = [books, other].map(({ organization }) => organization.publicId).sort();
  const create = async (...words: Parameters<typeof createApiKey>) => (await createApiKey(...words)).apiKey;
  const [foreign, plain, lookalike] = await gateway.database.asOperator(async (em) => {
    const { organization } = other;
    const key = (cell: string | null) => create(em, organization, { name: 'k', role: Role.VIEWER, cell });
    const revoked = await key('us2');
    await revokeApiKey(em, organization, revoked.id);
    await key('eu1');
    await create(em, organization, { name: 'k', role: Role.VIEWER, cell: 'us2', expiresAt: new Date('2020-01-01') });
    // The prefix of a key without a cell whose random characters begin like the cell.
    const row = { organization: organization.id, name: 'k', role: Role.VIEWER, prefix: 'bc_eu1_ab', hash: hashApiKey('bc_eu1_ab') };
    const lookalike = em.create(ApiKey, row);
    await em.flush();
    return [await key('us2'), await key(null), lookalike];
  });
  const routes = (...words: string[]) => cli({ DATABASE_URL, CELL: 'eu1' }, 'organization', 'routes', ...words);

  const [organizations, keys] = parseRoutes((await routes('--id', other.organization.publicId)).stdout);
  const [allOrganizations, allKeys] = parseRoutes((await routes()).stdout);

  const prefixes = [foreign, plain, lookalike].map((key) => key?.prefix);
  expect(organizations).toEqual([`${other.organization.publicId} eu1`]);
  // The client of the books has a key without a cell, too.
  expect(keys?.length).toBe(4);
  expect(keys).toEqual(expect.arrayContaining(prefixes.map((prefix) => `${prefix} eu1`)));
  expect(allOrganizations).toEqual(publicIds.map((id) => `${id} eu1`));
  expect(allKeys).toEqual(expect.arrayContaining(keys ?? []));
});

it('the routes need the name of the cell', async () => {
  const { code, stdout, stderr } = await cli({ DATABASE_URL }, 'organization', 'routes');
  expect([code, stdout, stderr]).toEqual([1, '', 'CELL must be set to the name of the cell that this database belongs to\n']);
});

/** Returns the lines of organizations.map and of keys.map. */
function parseRoutes(output: string): string[][] {
  const [, organizations = '', keys = ''] = /^# organizations\.map\n(.*)# keys\.map\n(.*)$/s.exec(output) ?? [];
  return [organizations, keys].map((lines) => lines.split('\n').filter((line) => line !== ''));
}

it.each(['EU1', 'eu_1', 'eu-1', 'abcdefghijklm'])('neither a command nor the gateway starts with the cell %s', async (CELL) => {
  const says = 'CELL must be 1 to 12 small letters (a to z) and digits\n';
  expect(await newKey({ CELL })).toMatchObject({ code: 1, stdout: '', stderr: says });
  const { code, stderr } = await refusedStart({ DATABASE_URL, CELL });
  expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
});
