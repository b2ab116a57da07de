import { beforeAll, describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import { type Client, sharedBooks, sharedGateway } from './helpers/gateway.js';

/**
 * The statuses and media types of GraphQL over HTTP, September 2026: https://http-spec.graphql.org/September2026/. For clients that accept
 * only `application/json`, the gateway keeps those of earlier versions. See docs/graphql-over-http.md.
 */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let viewer: Client;
beforeAll(async () => {
  viewer = await gateway.client(books.organization, Role.VIEWER);
});

const RESPONSE = 'application/graphql-response+json';
const LEGACY = 'application/json';

const BRANCH = 'mutation($code: String!) { createBranch(input: { code: $code, name: "x" }) { name } }';
const REFUSED = 'mutation { openCreditNote(id: 999999) { id } }';

interface Case {
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly as?: () => Client;
}

async function send({ body, headers = {}, as = () => books.client }: Case, accept: string | undefined) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await as().post('/graphql', payload, { ...headers, ...(accept !== undefined && { accept }) });
  return { ...reply, type: String(reply.headers['content-type']), json: JSON.parse(reply.body) };
}

const CASES: Record<string, [response: number, legacy: number, code: string | undefined, Case]> = {
  'a query': [200, 200, undefined, { body: { query: '{ me { name } }' } }],
  'data with an error': [294, 200, 'CREDIT_NOTE_NOT_FOUND', { body: { query: REFUSED } }],
  'a body that is not JSON': [400, 400, 'BAD_REQUEST', { body: '{"query":' }],
  'a document that cannot be parsed': [400, 400, 'GRAPHQL_PARSE_FAILED', { body: { query: '{' } }],
  'a document that does not fit the schema': [422, 400, 'GRAPHQL_VALIDATION_FAILED', { body: { query: '{ nothing }' } }],
  'an operation that the document lacks': [
    422,
    400,
    'OPERATION_RESOLUTION_FAILURE',
    { body: { query: '{ me { name } }', operationName: 'Other' } },
  ],
  'a variable that cannot be coerced': [422, 400, 'BAD_USER_INPUT', { body: { query: BRANCH, variables: { code: 7 } } }],
  'an argument that breaks a rule of ours': [422, 400, 'BAD_USER_INPUT', { body: { query: BRANCH, variables: { code: '' } } }],
  'a document that is too costly': [422, 400, 'QUERY_TOO_COSTLY', { body: { query: `{ ${'me { name } '.repeat(101)} }` } }],
  'no document': [422, 400, 'BAD_REQUEST', { body: {} }],
  'a document that is no text': [422, 400, 'BAD_REQUEST', { body: { query: 5 } }],
  'variables that are a list': [422, 400, 'BAD_REQUEST', { body: { query: '{ me { name } }', variables: [7] } }],
  'extensions that are a text': [422, 400, 'BAD_REQUEST', { body: { query: '{ me { name } }', extensions: 'x' } }],
  'a name that is a number': [422, 400, 'BAD_REQUEST', { body: { query: '{ me { name } }', operationName: 1 } }],
  'a list of requests': [422, 400, 'BAD_REQUEST', { body: [{ query: '{ me { name } }' }] }],
  'no credential': [
    401,
    401,
    'UNAUTHENTICATED',
    { body: { query: '{ me { name } }' }, headers: { authorization: 'Bearer bc_wrong' } },
  ],
  'a role that is too low': [403, 403, 'FORBIDDEN', { body: { query: BRANCH, variables: { code: 'viewer' } }, as: () => viewer }],
  'another content type': [415, 415, 'UNSUPPORTED_MEDIA_TYPE', { body: '{}', headers: { 'content-type': 'text/plain' } }],
  'a body that is too large': [413, 413, 'PAYLOAD_TOO_LARGE', { body: ' '.repeat(2_100_000) }],
};

describe.each(Object.entries(CASES))('%s', (_, [response, legacy, code, request]) => {
  it(`has the status ${response} as ${RESPONSE}`, async () => {
    const { status, type, json } = await send(request, RESPONSE);
    expect([status, type, json.errors?.[0].extensions.code]).toEqual([response, `${RESPONSE}; charset=utf-8`, code]);
    // Only an executed operation has data.
    expect('data' in json).toBe(response < 300);
  });

  it.each([LEGACY, '*/*', undefined])(`has the status ${legacy} as ${LEGACY}, for the Accept header %s`, async (accept) => {
    const { status, type, json } = await send(request, accept);
    expect([status, type, json.errors?.[0].extensions.code]).toEqual([legacy, `${LEGACY}; charset=utf-8`, code]);
  });

  it('has the request id in each error, and tells whether it may be retried', async () => {
    const { headers, json } = await send(request, RESPONSE);
    expect(json.errors === undefined).toBe(code === undefined);
    for (const { extensions } of json.errors ?? []) {
      expect(extensions).toMatchObject({ retryable: false, requestId: headers['x-request-id'] });
    }
  });
});

it('data with an error has the reason phrase of the specification', async () => {
  const headers = { ...books.client.headers, accept: RESPONSE };
  const reply = await gateway.app.inject({ method: 'POST', url: '/graphql', headers, payload: { query: REFUSED } });
  expect([reply.statusCode, reply.statusMessage]).toEqual([294, 'Partial Success']);
});

it.each([
  ['application/graphql-response+json, application/json;q=0.9', RESPONSE],
  ['application/json, application/graphql-response+json;q=0.5', LEGACY],
  ['application/graphql-response+json; charset=utf-8', RESPONSE],
  ['multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json', RESPONSE],
  ['text/html, */*;q=0.1', LEGACY],
  ['application/*', LEGACY],
])('the reply has the media type that the client prefers: %s', async (accept, type) => {
  expect((await send({ body: { query: '{ me { name } }' } }, accept)).type).toBe(`${type}; charset=utf-8`);
});

it.each(['text/html', 'application/xml', 'application/json;q=0', 'multipart/mixed', 'image/*'])(
  'nothing is executed if the client accepts only %s: 406',
  async (accept) => {
    const before = await books.everything();
    const { status, json, type } = await send({ body: { query: BRANCH, variables: { code: accept } } }, accept);
    expect([status, json.errors[0].extensions.code, type]).toEqual([406, 'NOT_ACCEPTABLE', `${LEGACY}; charset=utf-8`]);
    expect(await books.everything()).toEqual(before);
  },
);

describe.each([RESPONSE, LEGACY])('as %s', (accept) => {
  const headers = () => ({ ...books.client.headers, accept, 'apollo-require-preflight': '1' });

  it('a mutation by GET is refused with 405 and the allowed method, and is not executed', async () => {
    const before = await books.everything();
    const query = 'mutation { createBranch(input: { code: "get", name: "x" }) { name } }';
    const reply = await gateway.app.inject({ url: `/graphql?query=${encodeURIComponent(query)}`, headers: headers() });
    expect([reply.statusCode, reply.headers.allow, reply.json().errors[0].extensions.code]).toEqual([
      405,
      'POST',
      'METHOD_NOT_ALLOWED',
    ]);
    expect(await books.everything()).toEqual(before);
  });

  it.each(['PUT', 'PATCH', 'DELETE'] as const)('the method %s is refused with 405 and the allowed methods', async (method) => {
    const reply = await gateway.app.inject({ method, url: '/graphql?x=1', headers: headers() });
    expect([reply.statusCode, reply.headers.allow, reply.json().errors[0].extensions.code]).toEqual([
      405,
      'GET, POST, OPTIONS',
      'METHOD_NOT_ALLOWED',
    ]);
  });

  it('HEAD is refused with 405 and the allowed methods', async () => {
    const reply = await gateway.app.inject({ method: 'HEAD', url: '/graphql?query=%7Bme%7Bname%7D%7D', headers: headers() });
    expect([reply.statusCode, reply.headers.allow]).toEqual([405, 'GET, POST, OPTIONS']);
  });

  it.each<[string, number, Record<string, string>]>([
    ['that a page of another site could send', 400, {}],
    ['with the content type of a form', 415, { 'content-type': 'text/plain' }],
  ])('a GET request %s is refused with its request id', async (_what, status, more) => {
    const reply = await gateway.app.inject({ url: '/graphql?query=%7B__typename%7D', headers: { accept, ...more } });
    expect([reply.statusCode, reply.json().errors[0].extensions]).toEqual([
      status,
      { code: expect.any(String), details: {}, retryable: false, requestId: reply.headers['x-request-id'] },
    ]);
  });

  it.each(['variables=[1]', 'extensions=1', 'query=%7Bme%7Bname%7D%7D', 'operationName=a&operationName=b'])(
    'a query string without the shape of a GraphQL request is refused with its request id: %s',
    async (more) => {
      const reply = await gateway.app.inject({ url: `/graphql?query=%7Bme%7Bname%7D%7D&${more}`, headers: headers() });
      expect([reply.statusCode, reply.json().errors[0].extensions]).toEqual([
        accept === RESPONSE ? 422 : 400,
        { code: 'BAD_REQUEST', details: {}, retryable: false, requestId: reply.headers['x-request-id'] },
      ]);
    },
  );
});
