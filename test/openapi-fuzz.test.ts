import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RestContract } from '../src/entities/rest-contract.js';
import { camelCase } from '../src/rest/names.js';
import { UpdateOrganizationDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { type OpenApi, type Operation, type Parameter, readOpenApi, resolved, type Schema } from './helpers/openapi.js';
import { takeOffenders } from './helpers/rest-replies.js';

/** CONTRACT_RUNS=500 sends more requests to each operation; CONTRACT_SEED repeats those of a failure, which names its seed. */
const { CONTRACT_RUNS = '20', CONTRACT_SEED } = process.env;

/** An operation of the document that a gateway with this contract serves. */
interface Target {
  readonly contract: RestContract;
  readonly document: OpenApi;
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly operation: Operation;
}

function targets(contract: RestContract): Target[] {
  const document = readOpenApi(contract);
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      contract,
      document,
      path,
      method: method.toUpperCase() as Target['method'],
      operation,
    })),
  );
}

/** The contracts differ in the bodies of requests alone. */
const OPERATIONS = [...targets('documented'), ...targets('observed').filter(({ operation }) => operation.requestBody)];

const gateway = sharedGateway();
const books = sharedBooks(gateway);
/** Ids by the names of parameters and fields. */
let known: Record<string, string>;
/** A credit note and a refund for the operations that delete. */
let deletable: Record<string, string>;
/** What the books hold; a request that is refused does not change it. */
let held: unknown;
beforeAll(async () => {
  const { id: creditNoteId } = await books.creditNote('1000000.00');
  const refunds = [await books.refund(creditNoteId), await books.refund(creditNoteId, { amount: '50.00' })];
  const [refundId = '', deletableRefundId = ''] = refunds.map(({ id }) => id);
  known = { creditNoteId, refundId, fromAccountId: books.ids.bank, branchId: books.ids.branch, account: books.ids.bank };
  deletable = { creditNoteId: (await books.creditNote('100.00')).id, refundId: deletableRefundId };
  known.customer = await books.customer();
  held = await books.everything();
});

interface Sent {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: string;
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1.5',
    '1e3',
    'null',
    'NaN',
    '9'.repeat(400),
    '\0',
    '😀',
    '../..',
    '%',
    "' or 1=1 --",
    '__proto__',
  ),
  fc.string({ unit: 'grapheme' }).map((each) => each.toWellFormed()),
);
const headerText = fc.oneof(
  fc.constantFrom('"', '*', 'W/"1"', ',,', ';', 'x'.repeat(300), ' '),
  fc.string({ unit: fc.constantFrom(...'aZ09"*/,;=-_. ') }),
);
const wild = fc.oneof(
  text,
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    0,
    -1,
    1.005,
    1e21,
    1e308,
    -1e-7,
    true,
    null,
    [],
    {},
    [1],
    { value: 1 },
    '2021-02-30',
    '2026-02-01T10:00:00+99:00',
  ),
);

/** Values that a schema allows. */
function allowed(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? 'string'].flat();
  const { minimum = 1, maximum = 2 ** 31 } = schema as { minimum?: number; maximum?: number };
  const byType: Record<string, fc.Arbitrary<unknown>> = {
    integer: fc.integer({ min: minimum, max: maximum }),
    number: fc.oneof(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 99_999 }).map((cents) => cents / 100),
    ),
    boolean: fc.boolean(),
    null: fc.constant(null),
    string:
      schema.format === 'date-time' ? fc.constantFrom('2026-02-01', '2026-02-01T10:00:00.000Z') : fc.string({ maxLength: 40 }),
  };
  return fc.oneof(...types.map((type) => byType[type] ?? fc.constant(schema.example ?? null)));
}

/** A valid request: what a client that reads the document would send about records that it knows. */
function valid(target: Target, schema = bodySchemas(target)[0]): Sent {
  const { path, method, operation } = target;
  const ids = method === 'DELETE' ? deletable : known;
  const url = path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? known[path.split('/')[2]?.replace(/s$/, '') ?? ''] ?? '');
  const needed = operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  const query = needed.map(({ name }) => `${name}=${known[name.replace(/_id$/, '')]}`).join('&');
  return {
    url: query === '' ? url : `${url}?${query}`,
    headers: books.client.headers,
    ...(schema && { payload: JSON.stringify(validBody(schema)), headers: jsonHeaders() }),
  };
}

function jsonHeaders(): Record<string, string> {
  return { ...books.client.headers, 'content-type': 'application/json' };
}

/** The schemas of the body, any of which it may have; none if the operation has no body. */
function bodySchemas({ document, operation: { requestBody } }: Target): readonly Schema[] {
  const schema = requestBody?.content['application/json']?.schema;
  if (schema === undefined) return [];
  const { anyOf = [schema] } = resolved(document, schema) as { anyOf?: readonly Schema[] };
  return anyOf.map((each) => resolved(document, each));
}

function validBody({ properties = {} }: Schema): Record<string, unknown> {
  const values = {
    ...Object.fromEntries(Object.entries(known).map(([name, id]) => [name, Number(id)])),
    ...{ amount: 100, exchangeRate: 1, referenceNo: 'R-1', description: 'Paid back', date: '2026-02-01' },
  };
  return Object.fromEntries(Object.keys(properties).map((name) => [name, values[camelCase(name) as keyof typeof values]]));
}

/** Requests of which any part may be wrong. */
function requests(target: Target): fc.Arbitrary<Sent> {
  const { document, operation, path } = target;
  const parameters = operation.parameters.map((parameter) => resolved(document, parameter));
  const ids = parameters.filter((parameter) => parameter.in === 'path');
  const right = () => fc.constant('').map(() => valid(target));
  const segment = fc.oneof(fc.integer({ min: 1, max: 10 }).map(String), text).map((each) => encodeURIComponent(each) || '%20');
  const wrongPath = segment.map((each) => (ids.length === 0 ? path : path.replace(/\{\w+\}/g, each)));
  const query = optional(
    parameters.filter((parameter) => parameter.in === 'query'),
    text,
  );
  const headers = optional(
    parameters.filter((parameter) => parameter.in === 'header' && parameter.name !== 'Authorization'),
    headerText,
  );
  const other = fc.record(
    {
      authorization: fc.constantFrom('', 'Bearer', 'Bearer bc_wrong', 'Basic eDp5', 'Bearer a.b.c'),
      accept: fc.constantFrom(
        'application/json',
        'application/problem+json',
        'text/html',
        '*/*;q=0',
        'application/problem+json;q=0.9, */*',
      ),
      'content-type': fc.constantFrom(
        'application/json',
        'text/plain',
        'application/json; charset=latin1',
        'multipart/form-data',
        '',
      ),
      'content-encoding': fc.constantFrom('identity', 'gzip'),
    },
    { requiredKeys: [] },
  );
  return fc
    .record({
      sent: right(),
      url: fc.option(wrongPath, { freq: 3 }),
      query,
      headers,
      other: fc.option(other, { freq: 2 }),
      payload: operation.requestBody ? bodies(target) : fc.option(fc.constantFrom('{}', '{', 'x'), { freq: 8 }),
    })
    .map(({ sent, url, query, headers, other, payload }) => ({
      url: Object.keys(query).length > 0 ? `${(url ?? sent.url).split('?')[0]}?${new URLSearchParams(query)}` : (url ?? sent.url),
      headers: { ...sent.headers, ...headers, ...other },
      ...(payload !== null && { payload }),
    }));
}

/** Some of the parameters, with allowed values or others. */
function optional(parameters: readonly Parameter[], otherwise: fc.Arbitrary<string>): fc.Arbitrary<Record<string, string>> {
  const values = parameters.map(({ name, schema }) => [name, fc.oneof(allowed(schema).map(String), otherwise)]);
  const some = fc.record<Record<string, string>>(Object.fromEntries(values), { requiredKeys: [] });
  return some.map((each) =>
    Object.fromEntries(Object.entries(each).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  );
}

/** The valid body, some of whose fields have other values or are missing; or no such object at all. */
function bodies(target: Target): fc.Arbitrary<string> {
  const changed = fc.oneof(
    ...bodySchemas(target).map((schema) => {
      const changes = Object.entries(schema.properties ?? {}).map(([name, each]) => [
        name,
        fc.oneof(allowed(each), wild, fc.constant(undefined), fc.constantFrom<unknown>(Number.NaN, -0, 0)),
      ]);
      const some = fc.record(Object.fromEntries(changes), { requiredKeys: [] });
      return some.map((each): object => ({ ...validBody(schema), ...each }));
    }),
  );
  return fc.oneof(
    { weight: 6, arbitrary: changed.map((each) => JSON.stringify(each)) },
    { weight: 1, arbitrary: wild.map((each) => JSON.stringify(each) ?? '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '{', '[', '{"amount":1e999}', `{"a":${'['.repeat(2_000)}`, 'x'.repeat(110_000), '\u0000'),
    },
  );
}

it.each(OPERATIONS.map((each) => [each.operation.operationId, each.contract, each] as const))(
  '%s, %s: no reply is outside the document, no fault is ours, and what is refused changes nothing',
  async (_operation, contract, target) => {
    await choose(contract);
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(requests(target), async (sent) => void seen.add(await send(target.method, sent))),
      {
        numRuns: Number(CONTRACT_RUNS),
        ...(CONTRACT_SEED !== undefined && { seed: Number(CONTRACT_SEED) }),
        examples: (target.operation.requestBody ? bodySchemas(target) : [undefined]).map((schema) => [valid(target, schema)]),
      },
    );
    const [success] = Object.keys(target.operation.responses).map(Number);
    expect([...seen]).toContain(success);
  },
);

async function send(method: 'GET' | 'POST' | 'DELETE', { url, headers, payload }: Sent): Promise<number> {
  const { statusCode, body } = await gateway.app.inject({
    method: method as 'GET',
    url,
    headers,
    ...(payload !== undefined && { payload }),
  });
  expect(takeOffenders()).toEqual([]);
  expect([statusCode < 500 || statusCode === 503, body]).toEqual([true, body]);
  const holds = await books.everything();
  if (statusCode >= 400) expect(holds).toEqual(held);
  held = holds;
  return statusCode;
}

/** Under the contract, which an organization chooses for itself. */
async function choose(restContract: RestContract): Promise<void> {
  const input = { restContract: restContract === 'observed' ? 'OBSERVED' : 'DOCUMENTED' } as const;
  await books.client.query(UpdateOrganizationDocument, { input });
  held = await books.everything();
}

it('the documents have operations, and both of them a refund', () => {
  expect(OPERATIONS.length).toBeGreaterThan(20);
  const withBody = OPERATIONS.filter(({ operation }) => operation.requestBody);
  expect(withBody.map((target) => [target.contract, bodySchemas(target).length])).toEqual([
    ['documented', 1],
    ['observed', 2],
  ]);
});
