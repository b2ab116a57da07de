import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { Client, sharedGateway } from './helpers/gateway.js';

/** A request without a valid credential is refused before its body is read. */
const gateway = sharedGateway();
const closed = sharedGateway({ introspection: false });

const STRANGERS = { 'no credential': {}, 'a wrong credential': { authorization: `Bearer bc_${'x'.repeat(43)}` } };
const JSON_TYPE = { 'content-type': 'application/json' };
const SCHEMA = JSON.stringify({ query: getIntrospectionQuery() });

/** Each of these bodies would be refused for another reason, or be expensive, if it were read. */
const BODIES: Record<string, [body: string, headers: Record<string, string>]> = {
  'no JSON': ['{"query":', JSON_TYPE],
  'another content type': ['query', { 'content-type': 'text/plain' }],
  'a compressed body': ['x', { ...JSON_TYPE, 'content-encoding': 'gzip' }],
  'a large body': [' '.repeat(500_000), JSON_TYPE],
  'a list of 4,000 empty inputs': [
    JSON.stringify({
      query: 'mutation ($inputs: [RefundCreditNoteInput!]!) { refundCreditNotes(inputs: $inputs, mode: ATOMIC) { refund { id } } }',
      variables: { inputs: Array(4_000).fill({}) },
    }),
    JSON_TYPE,
  ],
  'a malformed document': [JSON.stringify({ query: '{'.repeat(2_000) }), JSON_TYPE],
};

describe.each(Object.entries(STRANGERS))('the body of a request with %s', (_, credential) => {
  it.each(Object.entries(BODIES))('is not read: %s', async (__, [body, headers]) => {
    const stranger = new Client(closed.app, credential);

    const graphql = await stranger.post('/graphql', body, headers);
    const rest = await stranger.post('/api/credit-notes/1/refunds', body, headers);

    expect([graphql.status, JSON.parse(graphql.body)]).toEqual([
      401,
      {
        errors: [
          {
            message: expect.any(String),
            extensions: {
              code: 'UNAUTHENTICATED',
              details: { reason: 'CREDENTIAL' },
              retryable: false,
              requestId: graphql.headers['x-request-id'],
            },
          },
        ],
      },
    ]);
    expect([rest.status, JSON.parse(rest.body)]).toEqual([401, { message: 'Unauthorized', statusCode: 401 }]);
  });
});

it('answers a stranger before the body has arrived, and closes the connection if the body never ends', async () => {
  await closed.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = closed.app.server.address() as AddressInfo;
  const reply = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').once('error', reject);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.once('close', () => resolve(text));
    socket.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
    );
  });
  expect(reply).toMatch(/^HTTP\/1\.1 401 /);
});

it.each([
  ['/nowhere', 404],
  ['/api/nowhere', 404],
  ['/healthz', 405],
])('does not read the body of a request that no route takes: POST %s', async (path, expected) => {
  const { status } = await new Client(closed.app, {}).post(path, '{"query":', {});
  expect(status).toBe(expected);
});

describe('the schema, while it is public', () => {
  const stranger = () => new Client(gateway.app, {});
  const ask = (query: string) => stranger().post('/graphql', JSON.stringify({ query }), {});

  it('is returned without a credential', async () => {
    const { status, body } = await stranger().post('/graphql', SCHEMA, {});
    expect([status, JSON.parse(body).data.__schema.queryType.name]).toEqual([200, 'Query']);
    expect((await ask('{ __typename }')).status).toBe(200);
    expect((await ask('{ __type(name: "Refund") { name fields { name } } }')).status).toBe(200);
  });

  it('is refused with a wrong credential', async () => {
    for (const authorization of ['', 'Bearer ', 'Bearer x']) {
      expect((await new Client(gateway.app, { authorization }).post('/graphql', SCHEMA, {})).status).toBe(401);
    }
  });

  it('is refused when introspection is not public', async () => {
    expect((await new Client(closed.app, {}).post('/graphql', SCHEMA, {})).status).toBe(401);
  });

  it.each([
    '{ me { name } }',
    '{ __typename me { name } }',
    'mutation { __typename }',
    'subscription { __typename }',
    '{ ...Root } fragment Root on Query { __typename me { name } }',
    '{ ... { me { name } } }',
    'query A { __typename } query B { me { name } }',
    '{ nothing }',
    '{ __schema',
    '',
    `{ ${'__typename '.repeat(1_100)} }`,
  ])('is the only thing that is returned without a credential: %.60s', async (query) => {
    expect((await ask(query)).status).toBe(401);
  });

  it.each(['[]', '{}', '5', 'null', '{"query":5}', `[${SCHEMA}]`])(
    'is only returned for a GraphQL document: %.20s',
    async (body) => {
      expect((await stranger().post('/graphql', body, {})).status).toBe(401);
    },
  );

  it('is only returned for a small request body', async () => {
    const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(17_000) } });
    expect((await stranger().post('/graphql', body, {})).status).toBe(401);
  });

  it('is refused for a document with deep recursion or many aliases', async () => {
    const deep = (levels: number): string => (levels === 0 ? 'name' : `fields { type { ${deep(levels - 1)} } }`);
    const shallow = await ask(`{ __schema { types { ${deep(1)} } } }`);
    const circles = await ask(`{ __schema { types { ${deep(9)} } } }`);
    const aliases = Array.from({ length: 101 }, (_, index) => `a${index}: __schema { types { name } }`);

    expect([shallow.status, circles.status, (await ask(`{ ${aliases.join(' ')} }`)).status]).toEqual([200, 400, 400]);
  });

  it('is returned by GET, and browsers get the Sandbox page without a credential', async () => {
    const get = (url: string, accept: string) =>
      gateway.app.inject({ method: 'GET', url, headers: { accept, 'apollo-require-preflight': '1' } });
    const query = (text: string) => `/graphql?query=${encodeURIComponent(text)}`;

    expect((await get('/graphql', 'text/html,*/*')).body).toContain('<html');
    expect((await get('/graphql', 'application/json')).statusCode).toBe(401);
    expect((await get(query('{__typename}'), 'application/json')).statusCode).toBe(200);
    expect((await get(query('{me{name}}'), 'application/json')).statusCode).toBe(401);
    expect((await closed.app.inject({ method: 'GET', url: '/graphql', headers: { accept: 'text/html' } })).statusCode).toBe(401);
  });
});
