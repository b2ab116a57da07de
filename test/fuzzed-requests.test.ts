import { beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import type { InjectOptions } from 'light-my-request';
import { ERRORS } from '../src/error-codes.js';
import { createSchema } from '../src/graphql/schema.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
// The ids in the requests are those of rows.
const books = freshBooks(gateway, { firstId: 1 });
let noteId: string;
beforeEach(async () => {
  ({ id: noteId } = await books.creditNote('100.00'));
  await books.refund(noteId);
});

const schema = createSchema();
const ROOTS = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
  type ? Object.values(type.getFields()).map((field) => ({ operation: type.name.toLowerCase(), field })) : [],
);

/** The text of a number in a notation that JSON.stringify does not use. */
class Token {
  constructor(readonly text: string) {}
}

function jsonOf(value: unknown): string {
  if (value instanceof Token) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}:${jsonOf(each)}`)
    .join()}}`;
}

const NUMBERS = [
  '1e400',
  '-1e400',
  '1e-400',
  '-0',
  '1E+2',
  '1e99999999999999999999',
  '0.1e-9999999',
  '40.000000000000000000001',
  '9'.repeat(5_000),
];
const TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud83d',
  '\udc00x',
  '😀'.repeat(300),
  'x'.repeat(3_000),
  '1',
  '0',
  '-1',
  '2021-02-30',
  '2026-02-01',
  '9999-12-31T23:59:59Z',
  '__proto__',
  'constructor',
  "' or 1=1 --",
];
const OBJECTS: unknown[] = [
  {},
  [],
  [[]],
  { toString: 1 },
  { valueOf: null },
  { toJSON: 1 },
  { constructor: {} },
  { hasOwnProperty: 1 },
  { length: 3 },
  { kind: 'Document' },
  JSON.parse('{"then":1}'),
];

const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...NUMBERS).map((text) => new Token(text)),
  fc.constantFrom<unknown>(...OBJECTS),
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1, 2 ** 53),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Values mostly of the right type, so that they pass the first checks. */
function valueFor(type: GraphQLInputType): fc.Arbitrary<unknown> {
  const inner = getNullableType(type);
  if (isListType(inner))
    return fc.oneof(
      { weight: 4, arbitrary: fc.array(valueFor(inner.ofType), { maxLength: 3 }) },
      { weight: 1, arbitrary: strange },
    );
  if (isInputObjectType(inner)) {
    const fields = Object.fromEntries(Object.values(inner.getFields()).map((field) => [field.name, valueFor(field.type)]));
    const object = fc.record(fields, { requiredKeys: fc.sample(fc.subarray(Object.keys(fields)), 1)[0] ?? [] });
    return fc.oneof(
      { weight: 6, arbitrary: fc.record(fields) },
      { weight: 2, arbitrary: object },
      { weight: 1, arbitrary: strange },
    );
  }
  const right: fc.Arbitrary<unknown> = isEnumType(inner)
    ? fc.constantFrom(...inner.getValues().map(({ name }) => name))
    : fc.constantFrom<unknown>(
        ...({
          ID: ['1', '2', 999],
          Decimal: ['1.00', 1, '40'],
          PostingDate: ['2026-02-01'],
          Int: [1, 100],
          Boolean: [true],
          String: ['USD', 'text'],
        }[inner.name] ?? ['text']),
      );
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: strange });
}

interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

function operation(kind: string, field: GraphQLField<unknown, unknown>): fc.Arbitrary<Operation> {
  const args = Object.fromEntries(field.args.map(({ name, type }) => [name, valueFor(type)]));
  const required = field.args.filter((argument) => isRequiredArgument(argument)).map(({ name }) => name);
  return fc
    .record({
      given: fc.record(args, { requiredKeys: required as never[] }),
      nested: fc.oneof(fc.constant('3'), fc.constantFrom('0', '101', '-1', '99999999999', '1.5', 'null', '"x"', '[]')),
    })
    .map(({ given, nested }) => {
      const names = Object.keys(given);
      const definitions = field.args.filter(({ name }) => names.includes(name)).map(({ name, type }) => `$${name}: ${type}`);
      const passed = names.map((name) => `${name}: $${name}`);
      const list = (parts: readonly string[]): string => (parts.length === 0 ? '' : `(${parts.join(', ')})`);
      return {
        query: `${kind} It${list(definitions)} { ${field.name}${list(passed)}${selection(field.type, nested, 3)} }`,
        variables: given,
      };
    });
}

function selection(type: GraphQLOutputType, first: string, depth: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const parts = Object.values(named.getFields()).flatMap((field) => {
    if (!isObjectType(getNamedType(field.type))) return field.args.length === 0 ? [field.name] : [];
    const args = field.args.some(({ name }) => name === 'first') ? `(first: ${first})` : '';
    return depth <= 0 || isListType(getNullableType(field.type)) !== (args !== '')
      ? []
      : [`${field.name}${args}${selection(field.type, first, depth - 2)}`];
  });
  return ` { ${parts.length === 0 ? '__typename' : parts.slice(0, 12).join(' ')} }`;
}

const anyOperation = fc
  .constantFrom(...ROOTS)
  .chain(({ operation: kind, field }) => operation(kind, field).map((asked) => ({ ...asked, kind })));

/** Sends the request, and expects of the reply what must hold for every reply. */
async function send(options: InjectOptions): Promise<{ status: number; json: unknown }> {
  const reply = await gateway.app.inject({ ...options, headers: { ...books.client.headers, ...options.headers } });
  const { statusCode: status, body } = reply;
  if (status >= 500) expect(status).toBe(503);
  expect(reply.headers['x-request-id']).toMatch(/^[\w.:/+=-]{1,128}$/);
  expect(body).not.toMatch(
    /INTERNAL_SERVER_ERROR|Something went wrong|\.js:\d|node_modules|\bat \S+ \(|violates|syntax error at|relation "/,
  );
  const isJson = /json/.test(String(reply.headers['content-type']));
  if (options.method !== 'HEAD' && status >= 400) expect(isJson).toBe(true);
  return { status, json: isJson && body !== '' ? JSON.parse(body) : undefined };
}

function expectGraphQL({ json }: { json: unknown }): void {
  const { data, errors, ...rest } = json as { data?: unknown; errors?: readonly unknown[]; extensions?: unknown };
  expect(Object.keys(rest).filter((name) => name !== 'extensions')).toEqual([]);
  expect(data !== undefined || (errors ?? []).length > 0).toBe(true);
  for (const error of errors ?? []) {
    const always = { code: expect.any(String), retryable: expect.any(Boolean), requestId: expect.any(String) };
    expect(error).toMatchObject({ message: expect.stringMatching(/./), extensions: always });
    expect(Object.keys(ERRORS)).toContain((error as { extensions: { code: string } }).extensions.code);
  }
}

function expectRest({ status, json }: { status: number; json: unknown }): void {
  if (status === 201) expect(json).toMatchObject({ id: expect.any(Number), amount: expect.any(Number) });
  if (status < 400) return;
  const { errors } = json as { errors: readonly unknown[] };
  for (const error of errors) expect(error).toMatchObject({ statusCode: status, type: expect.stringMatching(/^[A-Z_]+$/) });
  expect(errors.length).toBeGreaterThan(0);
}

const JSON_TYPE = { 'content-type': 'application/json' };
const RUNS = { numRuns: 250, verbose: false } as const;

it('answers every operation of the schema with any variables, and returns the same by GET as by POST', async () => {
  const answered = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anyOperation, async ({ query, variables, kind }) => {
      const headers = { ...JSON_TYPE, 'x-request-id': 'parity' };
      const post = await send({ method: 'POST', url: '/graphql', headers, payload: jsonOf({ query, variables }) });
      expectGraphQL(post);
      const { data } = post.json as { data?: Record<string, unknown> | null };
      if (Object.values(data ?? {}).some((value) => value !== null)) answered.add(kind);
      if (kind !== 'query') return;
      const search = `query=${encodeURIComponent(query)}&variables=${encodeURIComponent(jsonOf(variables))}`;
      const get = await send({ method: 'GET', url: `/graphql?${search}`, headers });
      // The time of a check of the books differs between the two requests.
      if (!query.includes('checkedAt')) expect(get).toEqual(post);
    }),
    RUNS,
  );
  expect([...answered].sort()).toEqual(['mutation', 'query']);
}, 300_000);

it('answers any GraphQL body without an internal error', async () => {
  const text = fc.oneof(
    fc.constantFrom(
      '{ me { name } }',
      'query A { me { name } } query B { me { name } }',
      'subscription { __typename }',
      '{',
      '',
      'mutation { __typename }',
      'fragment f on Query { __typename }',
      '{ me { ...f } } fragment f on Viewer { ...f }',
      '{ __schema { types { name } } }',
      'type A { a: Int }',
      '\ufeff{ me { name } }',
      '{ me @skip(if: null) { name } }',
      '{ a: creditNote(id: {}) { id } }',
      '{ creditNote(id: 1e400) { id } }',
    ),
    strange,
  );
  const body = fc.oneof(
    fc.record(
      { query: text, operationName: fc.oneof(fc.constantFrom('A', 'B', 'C'), strange), variables: strange, extensions: strange },
      { requiredKeys: [] },
    ),
    strange,
    fc.array(fc.constant({ query: '{ me { name } }' }), { maxLength: 2 }),
  );
  await fc.assert(
    fc.asyncProperty(body, async (payload) => {
      expectGraphQL(await send({ method: 'POST', url: '/graphql', headers: JSON_TYPE, payload: jsonOf(payload) }));
    }),
    RUNS,
  );
}, 300_000);

it('answers any REST body without an internal error', async () => {
  let refunds = 0;
  const field = (...right: unknown[]) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...right) },
      { weight: 1, arbitrary: strange },
      { weight: 1, arbitrary: fc.constantFrom(...OBJECTS) },
    );
  const right = { ...books.restBody(), amount: 0.01 };
  const fields = {
    ...Object.fromEntries(Object.entries(right).map(([name, value]) => [name, field(value)])),
    noise: strange,
  };
  const body = fc.oneof(
    { weight: 4, arbitrary: fc.record(fields) },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: strange },
  );
  const id = fc.oneof(
    fc.constant(noteId),
    fc.constantFrom('2', '0', '-1', '1e3', '%00', '%F0%9F%98%80', '__proto__', '9'.repeat(900)),
    fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())),
  );
  const headers = fc.record(
    {
      accept: fc.constantFrom('application/problem+json', '*/*', 'text/html', 'application/json;q=0', ';;;', ''),
      'idempotency-key': fc.constantFrom('k', '', ' ', 'ü', 'x'.repeat(256), '{}'),
      'if-match': fc.constantFrom('*', '"1-100.00"', 'W/"1"', '"1-999999999999999999999999999999999999999999.9"', '', 'x'),
      'allow-duplicate': fc.constantFrom('true', 'false', 'x'),
      'apollographql-client-name': fc.constantFrom('ü', 'x'.repeat(500)),
      traceparent: fc.constantFrom('00-0-0-0', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(id, body, headers, async (creditNoteId, payload, more) => {
      const reply = await send({
        method: 'POST',
        url: `/api/credit-notes/${creditNoteId}/refunds`,
        headers: { ...JSON_TYPE, ...more },
        payload: jsonOf(payload),
      });
      if (reply.status === 201) refunds += 1;
      if (more.accept !== 'application/problem+json') expectRest(reply);
      else if (reply.status >= 400) expect(reply.json).toMatchObject({ status: reply.status, detail: expect.any(String) });
    }),
    { ...RUNS, examples: [[noteId, right, {}]] },
  );
  expect(refunds).toBeGreaterThan(0);
}, 300_000);

it('answers any method, path and headers without an internal error', async () => {
  const methods = [
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'PROPPATCH',
    'MKCOL',
    'COPY',
    'MOVE',
    'LOCK',
    'UNLOCK',
    'REPORT',
    'SEARCH',
    'QUERY',
    'PURGE',
    'SUBSCRIBE',
    'LINK',
    'ACL',
    'CONNECT',
  ];
  const paths = [
    '/',
    '/graphql',
    '/graphql?',
    '/graphql?query=%7B__typename%7D',
    '/graphql?query=%zz',
    '/graphql?query=%FF&variables=%7B',
    '/graphql?query=a&query=b',
    '/graphql?query=%7Bme%7Bname%7D%7D&variables=[1]&extensions=1',
    '/graphql?variables=%7B%22__proto__%22:1%7D&query=%7B__typename%7D',
    '/graphql/',
    '//graphql',
    '/GRAPHQL',
    '/api',
    '/api/credit-notes/1/refunds',
    '/api/credit-notes/1/refunds/',
    '/api/credit-notes//refunds',
    '/api/credit-notes/%zz/refunds',
    '/healthz',
    '/readyz',
    '/nothing',
    '/%00',
    '/%',
    '/?a[b]=1',
    '/../etc/passwd',
    '*',
    `/${'x'.repeat(5_000)}`,
    '/api/credit-notes/refunds/1',
  ];
  const headers = fc.record(
    {
      'content-type': fc.constantFrom(
        'application/json',
        'application/json; charset=utf-16',
        'text/plain',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'application/graphql',
        'nonsense',
        ';',
        '',
      ),
      accept: fc.constantFrom(
        'text/html',
        'application/graphql-response+json',
        'application/xml',
        'application/json;q=0',
        'multipart/mixed',
        ';q=',
        'a'.repeat(3_000),
      ),
      'content-encoding': fc.constantFrom('gzip', 'identity', 'br, gzip'),
      'x-request-id': fc.constantFrom('ok-1', 'a b', 'ü', 'x'.repeat(200)),
      'organization-id': fc.constantFrom('x', 'ü', '\u00a0', "' or 1=1"),
      origin: fc.constantFrom('null', 'http://evil.example', 'x'),
      expect: fc.constantFrom('100-continue'),
      range: fc.constantFrom('bytes=0-1'),
      'transfer-encoding': fc.constantFrom('chunked', 'identity'),
      'x-http-method-override': fc.constantFrom('DELETE'),
      upgrade: fc.constantFrom('websocket', 'h2c'),
    },
    { requiredKeys: [] },
  );
  const payload = fc.option(fc.constantFrom('', '{}', '[]', 'null', '1', '"x"', 'x', '{"query":"{ __typename }"}', '\0', '{"a":'), {
    nil: undefined,
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...methods), fc.constantFrom(...paths), headers, payload, async (method, url, more, body) => {
      await send({
        method: method as 'GET',
        url,
        headers: more as Record<string, string>,
        ...(body !== undefined && { payload: body }),
      });
    }),
    { ...RUNS, numRuns: 600 },
  );
}, 300_000);
