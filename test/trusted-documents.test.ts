import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { parsedDocuments } from '../src/graphql/document-stores.js';
import { ManifestError } from '../src/graphql/manifest.js';
import { createSchema } from '../src/graphql/schema.js';
import { loadTrustedDocuments } from '../src/graphql/trusted-documents.js';
import { type Books, Gateway } from './helpers/gateway.js';

const schema = createSchema();

const ME = 'query Me {\n  me {\n    role\n  }\n}';
const BRANCH = 'mutation Branch($code: String!) { createBranch(input: { code: $code, name: "Branch" }) { code } }';
const OTHER = '{ me { name } }';
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

let folder: string;
let open: Gateway;
let strict: Gateway;
let books: Record<'open' | 'strict', Books>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-trusted-'));
  const file = await manifest([
    operation('Me', ME),
    operation('Branch', BRANCH),
    { ...operation('Custom', '{ __typename }'), id: 'custom-1' },
  ]);
  open = await Gateway.start({ trustedDocuments: { file, only: false } });
  strict = await Gateway.start({ trustedDocuments: { file, only: true } });
  books = { open: await open.books(), strict: await strict.books() };
});
afterAll(async () => {
  await open.stop();
  await strict.stop();
  await rm(folder, { recursive: true });
});

function operation(name: string, body: string) {
  return { id: hashOf(body), name, type: body.startsWith('mutation') ? 'mutation' : 'query', body };
}

async function manifest(operations: unknown, parts: Record<string, unknown> = {}): Promise<string> {
  const file = join(folder, `${Math.random()}.json`);
  await writeFile(file, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations, ...parts }));
  return file;
}

interface Reply {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

const outcome = ({ statusCode, body }: { statusCode: number; body: string }): unknown[] => {
  const { data, errors } = JSON.parse(body) as Reply;
  return [statusCode, errors?.[0]?.extensions.code ?? data];
};

async function post(mode: 'open' | 'strict', body: unknown, headers = books[mode].client.headers) {
  const payload = JSON.stringify(body);
  const { app } = mode === 'open' ? open : strict;
  return outcome(
    await app.inject({ method: 'POST', url: '/graphql', payload, headers: { 'content-type': 'application/json', ...headers } }),
  );
}

async function get(mode: 'open' | 'strict', parameters: Record<string, string>, headers = books[mode].client.headers) {
  const { app } = mode === 'open' ? open : strict;
  return outcome(await app.inject({ url: `/graphql?${new URLSearchParams(parameters)}`, headers }));
}

const persisted = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });
const ANSWERED = [200, { me: { role: 'ADMIN' } }];
const NOT_TRUSTED = [403, 'DOCUMENT_NOT_TRUSTED'];

describe.each(['open', 'strict'] as const)('a trusted document, while others are %s', (mode) => {
  it("is executed by its documentId, and by Apollo's hash", async () => {
    const id = hashOf(ME);
    expect(await post(mode, { documentId: `sha256:${id}` })).toEqual(ANSWERED);
    expect(await post(mode, { documentId: id, operationName: 'Me', variables: {} })).toEqual(ANSWERED);
    expect(await post(mode, { extensions: persisted(id) })).toEqual(ANSWERED);
    expect(await post(mode, { documentId: 'custom-1' })).toEqual([200, { __typename: 'Query' }]);
    expect(await post(mode, { extensions: persisted('custom-1') })).toEqual([200, { __typename: 'Query' }]);
  });

  it('is executed by GET in the same ways', async () => {
    expect(await get(mode, { documentId: `sha256:${hashOf(ME)}`, variables: '{}', operationName: '' })).toEqual(ANSWERED);
    expect(await get(mode, { extensions: JSON.stringify(persisted(hashOf(ME))) })).toEqual(ANSWERED);
  });

  it('is executed by its own text, with or without its hash', async () => {
    expect(await post(mode, { query: ME })).toEqual(ANSWERED);
    expect(await post(mode, { query: ME, extensions: persisted(hashOf(ME)) })).toEqual(ANSWERED);
    expect(await get(mode, { query: ME })).toEqual(ANSWERED);
  });

  it('takes variables, and is never executed by GET if it is a mutation', async () => {
    const id = hashOf(BRANCH);
    expect(await get(mode, { documentId: id, variables: '{"code":"B-1"}' })).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(await post(mode, { documentId: id, variables: { code: 'B-1' } })).toEqual([200, { createBranch: { code: 'B-1' } }]);
    expect(await post(mode, { documentId: id })).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('needs a credential, whatever else is wrong', async () => {
    const requests = [
      { documentId: hashOf(ME) },
      { documentId: 'unknown' },
      { documentId: 5 },
      { extensions: persisted(hashOf(ME)) },
    ];
    for (const body of requests) expect(await post(mode, body, {})).toEqual([401, 'UNAUTHENTICATED']);
    const browser = { accept: 'text/html' };
    expect(await get(mode, { documentId: hashOf(ME) }, browser)).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('is refused under an unknown id', async () => {
    expect(await post(mode, { documentId: hashOf(OTHER) })).toEqual(NOT_TRUSTED);
    expect(await get(mode, { documentId: `sha256:${hashOf(OTHER)}` })).toEqual(NOT_TRUSTED);
    expect(await post(mode, { documentId: '' })).toEqual(NOT_TRUSTED);
    expect(await post(mode, { documentId: '__proto__' })).toEqual(NOT_TRUSTED);
  });

  it.each([
    ['no text', { documentId: 5 }],
    ['a list', { documentId: [hashOf(ME)] }],
    ['beside a text', { documentId: hashOf(ME), query: ME }],
  ])('is refused if its id is %s', async (_, body) => {
    expect(await post(mode, body)).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('is refused if its id is given twice, or beside a text, by GET', async () => {
    const { app } = mode === 'open' ? open : strict;
    for (const rest of [`&documentId=${hashOf(BRANCH)}`, `&query=${encodeURIComponent(ME)}`]) {
      const reply = await app.inject({ url: `/graphql?documentId=${hashOf(ME)}${rest}`, headers: books[mode].client.headers });
      expect(outcome(reply)).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  it('is not requested by an id that is null, or empty in a GET request', async () => {
    expect(await post(mode, { documentId: null, query: ME })).toEqual(ANSWERED);
    expect(await get(mode, { documentId: '', query: ME })).toEqual(ANSWERED);
  });
});

it('the log names the requests with other documents, while they are still executed', async () => {
  open.logged.length = 0;
  await post('open', { query: ME });
  await post('open', { query: 'query Other { me { name } }' });
  const lines = open.logged.filter(({ operation }) => operation !== undefined);

  expect(lines.map(({ operation, trusted }) => [operation, trusted])).toEqual([
    ['Me', undefined],
    ['Other', false],
  ]);
});

it('a trusted document is parsed at the start, and never displaced by others', async () => {
  const file = await manifest([operation('Me', ME)]);
  const store = parsedDocuments(await loadTrustedDocuments({ file, only: false }, schema, 20_000));
  // Larger than all documents that are kept.
  const large = { ...parse(OTHER), padding: 'x'.repeat(40_000_000) };
  await store.set('schema:other', parse(OTHER));
  await store.set('schema:large', large);

  expect(await store.get(`schema:${hashOf(ME)}`)).toMatchObject({ kind: 'Document', definitions: [{ name: { value: 'Me' } }] });
  expect(await store.get('schema:large')).toBeUndefined();
});

describe('where only trusted documents are executed', () => {
  it('refuses any other text and hash, also for the schema, and before it is parsed', async () => {
    const texts = [OTHER, `${ME} `, ME.replace('role', 'role # }'), '{', '{ __schema { types { name } } }', `${ME}\n${BRANCH}`];
    for (const query of texts) {
      expect(await post('strict', { query })).toEqual(NOT_TRUSTED);
      expect(await get('strict', { query })).toEqual(NOT_TRUSTED);
    }
    expect(await post('strict', { extensions: persisted(hashOf(OTHER)) })).toEqual(NOT_TRUSTED);
    expect(await post('strict', { query: OTHER, extensions: persisted(hashOf(OTHER)) })).toEqual(NOT_TRUSTED);
    expect(await post('strict', { query: OTHER, extensions: persisted(hashOf(ME)) })).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('answers nothing without a credential, not even for the schema', async () => {
    expect(await post('strict', { query: '{ __typename }' }, {})).toEqual([401, 'UNAUTHENTICATED']);
    expect(await post('open', { query: '{ __typename }' }, {})).toEqual([200, { __typename: 'Query' }]);
  });

  it('reads the query string as the GraphQL server does', async () => {
    const url = `/graphql?query=${encodeURIComponent(OTHER)}#&query=${encodeURIComponent(ME)}`;
    const hidden = await strict.app.inject({ url, headers: books.strict.client.headers });
    const twice = await strict.app.inject({
      url: `/graphql?query=${encodeURIComponent(ME)}&query=${encodeURIComponent(OTHER)}`,
      headers: books.strict.client.headers,
    });

    expect([hidden, twice].map(({ statusCode }) => statusCode)).toEqual([403, 400]);
  });
});

describe('a manifest', () => {
  it.each([
    ['no list', 5, {}, 'operations must be a list'],
    [
      'another format',
      [],
      { format: 'other' },
      'The file must have the format "apollo-persisted-query-manifest" and the version 1',
    ],
    ['another version', [], { version: 2 }, 'The file must have the format "apollo-persisted-query-manifest" and the version 1'],
    ['no operation', [null], {}, 'operations.0 must be an object'],
    [
      'a body of another kind',
      [{ ...operation('A', ME), body: 5 }],
      {},
      'operations.0 must have a name, a type and a body, as text',
    ],
    ['an id with a blank', [{ ...operation('A', ME), id: 'a b' }], {}, 'operations.0.id must be letters, digits and -._~'],
    ['one id twice', [operation('A', ME), operation('B', ME)], {}, `Two operations have the id ${hashOf(ME)}`],
    ['a wrong hash', [{ ...operation('A', ME), id: hashOf(OTHER) }], {}, 'The id of A is not the SHA-256 of its body'],
    ['an operation that the schema lacks', [operation('A', '{ nothing }')], {}, 'A: Cannot query field "nothing" on type "Query".'],
    ['two operations in one body', [operation('A', `${ME} query B { me { name } }`)], {}, 'A: it has 2 operations and not one'],
    ['too many', Array(1_001).fill(operation('A', ME)), {}, 'It has 1001 operations; 1000 are allowed'],
  ])('with %s stops the start', async (_, operations, parts, message) => {
    const file = await manifest(operations, parts);
    const loaded = loadTrustedDocuments({ file, only: true }, schema, 20_000);
    await expect(loaded).rejects.toThrow(new ManifestError(`TRUSTED_DOCUMENTS, ${file}: ${message}`));
  });

  it('that is absent or no JSON stops the start', async () => {
    const file = join(folder, 'broken.json');
    await writeFile(file, '{');
    await expect(Gateway.start({ trustedDocuments: { file, only: false } })).rejects.toThrow('The file is not JSON');
    await expect(Gateway.start({ trustedDocuments: { file: '/nowhere', only: false } })).rejects.toThrow(
      'TRUSTED_DOCUMENTS, /nowhere: ',
    );
  });
});
