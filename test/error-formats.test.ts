import { describe, expect, it } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { ERRORS } from '../src/error-codes.js';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

const PROBLEM = 'application/problem+json';

// As in production: nothing is published but what an error links to.
const gateway = sharedGateway({ introspection: false, rateLimit: { perCredential: 1_000, perAddress: 1_000, store: 'memory' } });
const books = sharedBooks(gateway);

async function formatOf(accept: string | undefined): Promise<string> {
  const headers = { ...books.client.headers, ...(accept !== undefined && { accept }) };
  const reply = await gateway.app.inject({ url: '/api/credit-notes/999999999', headers });
  expect(reply.statusCode).toBe(404);
  expect(String(reply.headers.vary)).toMatch(/\bAccept\b/);
  return String(reply.headers['content-type']).split(';')[0] ?? '';
}

it.each([
  undefined,
  '',
  '*/*',
  'application/*',
  'application/json',
  'application/json, text/plain, */*',
  'application/json, application/problem+json',
  'application/json, application/problem+json;q=0.9',
  'application/problem+json;q=0.2, application/json;q=0.3',
  'application/problem+json;q=0, */*',
  'application/json;q=1, application/problem+json;q=9',
  'application/problem+jsonx, */*',
  'text/html, application/xhtml+xml, */*;q=0.8',
])('errors have the legacy format for Accept: %p', async (accept) => {
  expect(await formatOf(accept)).toBe('application/json');
});

it.each([
  'application/problem+json',
  'APPLICATION/Problem+JSON',
  'application/problem+json, application/json',
  'application/problem+json, */*;q=0.1',
  'application/json;q=0.5, application/problem+json',
  'application/json;q=0.5, application/problem+json;q=9',
  ' application/problem+json ; q=0.8 , application/json;q=0.7',
  'application/problem+json; charset=utf-8',
  'application/problem+json; profile="a, b; q=0"; q=1.0, application/json; q=0.9',
])('errors are problem details for Accept: %p', async (accept) => {
  expect(await formatOf(accept)).toBe(PROBLEM);
});

it.each(['application/json; version=1', 'application/json;charset=UTF-8'])(
  'parameters of JSON change nothing: %p',
  async (accept) => {
    const reply = await gateway.app.inject({ url: '/api/accounts', headers: { ...books.client.headers, accept } });
    expect(reply.statusCode).toBe(200);
  },
);

describe('a problem', () => {
  const json = { 'content-type': 'application/json' };
  const cases: [string, number, string, () => InjectOptions][] = [
    ['a credit note that is unknown', 404, 'CREDIT_NOTE_NOT_FOUND', () => ({ url: '/api/credit-notes/999999999' })],
    ['a wrong field', 400, 'BAD_USER_INPUT', () => ({ url: '/api/customers?page=0' })],
    ['malformed JSON', 400, 'BAD_REQUEST', () => ({ method: 'POST', url: refunds(), payload: '{"a":', headers: json })],
    [
      'a body over 100 kB',
      413,
      'PAYLOAD_TOO_LARGE',
      () => ({ method: 'POST', url: refunds(), payload: `"${'x'.repeat(110_000)}"`, headers: json }),
    ],
    [
      'a form',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      () => ({ method: 'POST', url: refunds(), payload: 'a=1', headers: { 'content-type': 'text/plain' } }),
    ],
    ['a path that cannot be decoded', 404, 'CREDIT_NOTE_NOT_FOUND', () => ({ url: '/api/credit-notes/%zz' })],
    ['an unknown path', 404, 'NOT_FOUND', () => ({ url: '/api/nothing' })],
    ['another method', 405, 'METHOD_NOT_ALLOWED', () => ({ method: 'PATCH', url: '/api/accounts' })],
    ['no credential', 401, 'UNAUTHENTICATED', () => ({ url: '/api/accounts', headers: { authorization: '' } })],
    ['a wrong host', 421, 'HOST_NOT_ALLOWED', () => ({ url: '/api/accounts', headers: { host: 'evil.example' } })],
  ];
  it.each(cases)('of %s links to the text about its code', async (_, status, code, request) => {
    const { headers = {}, ...rest } = request();
    const reply = await gateway.app.inject({ ...rest, headers: { ...books.client.headers, accept: PROBLEM, ...headers } });
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([status, expect.stringContaining(PROBLEM)]);
    const problem = reply.json();
    expect(problem).toMatchObject({ type: `/errors/${code}`, title: expect.any(String), status, detail: expect.any(String), code });
    expect([problem.requestId, String(reply.headers.vary)]).toEqual([
      reply.headers['x-request-id'],
      expect.stringMatching(/\bAccept\b/),
    ]);

    const about = await gateway.app.inject({ url: problem.type });
    expect([about.statusCode, about.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(about.body).toContain(problem.title);
    expect(about.body).toContain(ERRORS[code as keyof typeof ERRORS].when);
  });

  it('names each of several wrong fields, and its title is that of its type', async () => {
    const headers = { ...books.client.headers, ...json, accept: PROBLEM };
    const reply = await gateway.app.inject({ method: 'POST', url: refunds(), payload: '{"amount":0}', headers });
    const { title, errors } = reply.json();
    expect(title).toBe('Bad user input');
    expect(errors.map(({ field, code }: Record<string, string>) => [field, code])).toContainEqual([
      'amount',
      'AMOUNT_NOT_POSITIVE',
    ]);
    expect(errors.length).toBe(7);
  });
});

it('every code of the catalogue has a text, and /errors lists them all', async () => {
  const list = await gateway.app.inject({ url: '/errors' });
  expect(list.body.trim().split('\n')).toEqual(Object.keys(ERRORS).map((code) => `/errors/${code}`));
  for (const path of list.body.trim().split('\n')) {
    const reply = await gateway.app.inject({ url: path });
    expect([path, reply.statusCode]).toEqual([path, 200]);
  }
  expect((await gateway.app.inject({ url: '/errors/NO_SUCH_CODE' })).statusCode).toBe(404);
  // Nothing else is published.
  expect((await gateway.app.inject({ url: '/llms.txt' })).statusCode).toBe(404);
});

it('the text of a code says whether a retry may succeed, and never that it will be refused', async () => {
  const textOf = async (code: string) => (await gateway.app.inject({ url: `/errors/${code}` })).body;
  expect(await textOf('REPLY_INCOMPLETE')).toContain('Retry: the cause does not pass by itself\n');
  expect(await textOf('SERVICE_UNAVAILABLE')).toContain(
    'Retry: the cause passes by itself, so that the same request may succeed later\n',
  );
});

it('a request beyond the rate limit, and one without capacity, is a problem too', async () => {
  const limited = await Gateway.start({ rateLimit: { perCredential: 1, perAddress: 1_000, store: 'memory' } });
  const other = await limited.books();
  const headers = { ...other.client.headers, accept: PROBLEM };
  await limited.app.inject({ url: '/api/accounts', headers });
  const reply = await limited.app.inject({ url: '/api/accounts', headers });
  await limited.stop();
  expect([reply.statusCode, reply.json().type, Number(reply.headers['retry-after'])]).toEqual([
    429,
    '/errors/RATE_LIMITED',
    reply.json().retryAfter,
  ]);
});

it('in the legacy format, each 400 of a field or of the request has a message and errors', async () => {
  const headers = { ...books.client.headers, 'content-type': 'application/json' };
  for (const payload of ['{"a":', '{}', '[]']) {
    const { statusCode, ...reply } = await gateway.app.inject({ method: 'POST', url: refunds(), payload, headers });
    expect([payload, statusCode, reply.json()]).toEqual([
      payload,
      400,
      expect.objectContaining({ message: expect.anything(), errors: expect.any(Array), statusCode: 400, error: 'Bad Request' }),
    ]);
  }
});

function refunds(): string {
  return '/api/credit-notes/1/refunds';
}
