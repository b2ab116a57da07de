import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-contract.mjs', import.meta.url));
const RELEASED =
  'type Query { notes(first: Int, after: String): [Note!] } type Note { id: ID! amount: String! status: Status } enum Status { OPEN VOID }';

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'credit-note-refunds-contract-'));
  await mkdir(join(project, 'docs', 'releases'), { recursive: true });
});
afterEach(() => rm(project, { recursive: true }));

const UNRELEASED = '# Changelog\n\n## Unreleased\n\n- Something new.\n';
const RELEASE = '\n## 1.2.0 — 2026-12-01\n\n- **Breaking**: `Note.amount` was a number.\n\n## 1.1.0 — 2026-11-30\n';

/** Returns what the check of a project with this schema prints; an empty text if it passes. */
async function check(schema: string, changelog = UNRELEASED + RELEASE, released: string | null = RELEASED): Promise<string> {
  await writeFile(join(project, 'schema.graphql'), schema);
  await writeFile(join(project, 'CHANGELOG.md'), changelog);
  if (released !== null) await writeFile(join(project, 'docs', 'releases', 'schema-1.2.0.graphql'), released);
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { cwd: project, encoding: 'utf8' });
  expect([status, stdout]).toEqual([stderr === '' ? 0 : 1, '']);
  return stderr;
}

describe('a change since the last release', () => {
  it.each([
    ['a new field', RELEASED.replace('id: ID!', 'id: ID! number: String')],
    ['a new argument that may be absent', RELEASED.replace('first: Int', 'first: Int, last: Int')],
    ['a result that can no longer be null', RELEASED.replace('status: Status', 'status: Status!')],
  ])('passes if it breaks no client: %s', async (_, schema) => {
    expect(await check(schema)).toBe('');
  });

  it.each([
    ['a field without its successor', 'Note.amount', RELEASED.replace('amount: String! ', '')],
    ['another type', 'Note.amount', RELEASED.replace('amount: String!', 'amount: Int!')],
    ['a result that may be null', 'Note.amount', RELEASED.replace('amount: String!', 'amount: String')],
    ['a value less', 'Status.VOID', RELEASED.replace(' VOID', '')],
    ['an argument less', 'Query.notes.after', RELEASED.replace(', after: String', '')],
    ['a new required argument', 'Query.notes.last', RELEASED.replace('first: Int', 'first: Int, last: Int!')],
  ])('fails if it breaks a client, unless it is declared: %s', async (_, path, schema) => {
    const declared = UNRELEASED.replace('- Something', `- **Breaking**: \`${path}\` is\n  different.\n- Something`);

    expect(await check(schema)).toMatch(new RegExp(`^${path}: .*declare it in CHANGELOG.md.*\n$`));
    expect(await check(schema, declared + RELEASE)).toBe('');
    expect(await check(schema, declared.replace('**Breaking**: ', '') + RELEASE)).toContain(path);
    expect(
      await check(schema, declared.replace('`Not', '`Other').replace('`Status', '`Other').replace('`Query', '`Other') + RELEASE),
    ).toContain(path);
  });

  it('passes before the first release', async () => {
    expect(await check('type Query { other: Int }', UNRELEASED, null)).toBe('');
  });

  it('fails if the schema of the last release is missing', async () => {
    expect(await check(RELEASED, UNRELEASED + RELEASE, null)).toContain('docs/releases/schema-1.2.0.graphql is missing');
  });
});

describe('a deprecation', () => {
  const deprecated = (arguments_: string) =>
    RELEASED.replace('amount: String!', `amount: String! @deprecated${arguments_}`)
      .replace('VOID', `VOID @deprecated${arguments_}`)
      .replace('after: String', `after: String @deprecated${arguments_}`);

  it('has a reason and the day until which the field, argument or value stays', async () => {
    expect(await check(deprecated('(reason: "Use total. Stays until 2027-06-30.")'))).toBe('');
    for (const wrong of ['', '(reason: "Use total.")', '(reason: "Use total until 2027.")']) {
      expect((await check(deprecated(wrong))).split('\n').map((line) => line.split(':')[0])).toEqual([
        'Query.notes.after',
        'Note.amount',
        'Status.VOID',
        '',
      ]);
    }
  });
});
