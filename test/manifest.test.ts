import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { makeManifest } from '../src/graphql/make-manifest.js';
import { createSchema } from '../src/graphql/schema.js';
import { cli } from './helpers/process.js';

const schema = createSchema();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-manifest-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'app', name)), { recursive: true });
    await writeFile(join(folder, 'app', name), text);
  }
}

/** Runs `npm run manifest` on the folder. */
async function manifest(variables: Record<string, string> = {}) {
  const file = join(folder, 'manifest.json');
  const { code, stdout, stderr } = await cli(variables, 'manifest', join(folder, 'app'), '--out', file);
  return { code, stdout, stderr, text: await readFile(file, 'utf8').catch(() => null) };
}

it("has each operation with its fragments, in Apollo's format and in the same order for the same files", async () => {
  await write({
    'pages/note.graphql': 'query Note($id: ID!) { creditNote(id: $id) { ...Amounts customer { displayName } } }',
    'pages/me.gql': 'query Me { me { role } }',
    'amounts.graphql': 'fragment Amounts on CreditNote { total remaining }',
    'notes.txt': 'query Other { me { name } }',
  });
  const { code, stdout, text } = await manifest();
  const { operations, ...rest } = JSON.parse(String(text));

  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Wrote 2 operations to /)]);
  expect(rest).toEqual({ format: 'apollo-persisted-query-manifest', version: 1 });
  expect(operations.map(({ name, type }: Record<string, unknown>) => [name, type])).toEqual([
    ['Me', 'query'],
    ['Note', 'query'],
  ]);
  for (const { id, body } of operations) expect(id).toBe(createHash('sha256').update(body).digest('hex'));
  // The caches of Apollo Client and urql need the type of each object.
  expect(operations[1].body.replaceAll(/\s+/g, ' ')).toBe(
    'query Note($id: ID!) { creditNote(id: $id) { ...Amounts customer { displayName __typename } __typename } } ' +
      'fragment Amounts on CreditNote { total remaining __typename }',
  );
  expect((await manifest()).text).toBe(text);
});

it.each([
  ['an unknown field', 'query A {\n  me { nothing } }', /a\.graphql:2: Cannot query field "nothing"/],
  ['a syntax error', 'query A {\n  me {', /a\.graphql:2: Syntax Error/],
  ['an unknown fragment', 'query A { me { ...Gone } }', /a\.graphql:1: Unknown fragment "Gone"/],
  ['an unused fragment', 'query A { me { role } }\nfragment F on Viewer { name }', /a\.graphql:2: Fragment "F" is never used/],
  ['two operations of one name', 'query A { me { role } }\nquery A { me { name } }', /a\.graphql:1: .*"A"/],
  ['an operation without a name', '\n{ me { role } }', /a\.graphql:2: The operation has no name/],
  ['a subscription', 'subscription A { refunds }', /a\.graphql:1: .*subscription/],
  [
    'one that is too deep',
    `query A { refunds${' { nodes { creditNote { refunds'.repeat(7)} { totalCount } ${'} } }'.repeat(7)} }`,
    /a\.graphql:1: .*levels/,
  ],
  [
    'one that always costs too much',
    'query A { creditNotes(first: 100) { nodes { refunds(first: 100) { nodes { id } } } } }',
    /a\.graphql:1: A: .*are allowed/,
  ],
  ['only a fragment', 'fragment F on Viewer { name }', /a\.graphql:1: Fragment "F" is never used/],
])('is not written with %s, which is named with its file and line', async (_, text, expected) => {
  await write({ 'a.graphql': text });
  await expect(makeManifest(join(folder, 'app'), schema, 20_000)).rejects.toThrow(expected);
});

it('is not written if an operation is refused, or if there is none', async () => {
  await write({ 'a.txt': 'query A { me { role } }' });
  const empty = await manifest();
  await write({
    'a.graphql': 'query A { me { role } }',
    'b.graphql': 'query B {\n me { nothing } }',
    'c.graphql': 'query C { nowhere }',
  });
  const wrong = await manifest();

  expect([empty.code, empty.stdout, empty.text, wrong.code, wrong.stdout, wrong.text]).toEqual([1, '', null, 1, '', null]);
  expect(empty.stderr).toContain('has no operation in a .graphql file');
  expect(wrong.stderr).toMatch(/b\.graphql:2: Cannot query field "nothing".*\n.*c\.graphql:1: Cannot query field "nowhere"/);
});

it('takes the cost limit from QUERY_COST_LIMIT, and the lowest cost of an operation with variables', async () => {
  await write({ 'a.graphql': 'query A($first: Int) { creditNotes(first: $first) { nodes { id refunds { nodes { id } } } } }' });

  expect((await manifest()).code).toBe(0);
  expect((await manifest({ QUERY_COST_LIMIT: '60' })).stderr).toMatch(/a\.graphql:1: A: .*60 are allowed/);
});

it('needs one folder', async () => {
  expect((await cli({}, 'manifest')).stderr).toContain('manifest takes the name of one folder');
  expect((await cli({}, 'manifest', join(folder, 'nowhere'))).stderr).toContain('no such file or directory');
  expect((await cli({}, 'manifest', '--help')).stdout).toContain('npm run manifest -- FOLDER [--out FILE]');
});

it('takes every operation of the refund desk, within the limits of a document', async () => {
  const generated = await readFile('web/src/generated/documents.ts', 'utf8');
  const documents = [...generated.matchAll(/^export const (\w+)Document = /gm)].map(([, name]) => name);

  const { operations } = await makeManifest('web/src', schema, 20_000);

  expect(operations.map(({ name }) => name)).toEqual(documents.sort());
});
