import { beforeAll, describe, expect, it } from '@jest/globals';
import { RefundDocument } from './generated/documents.js';
import { Gateway, sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
let path: string;
beforeAll(async () => {
  path = `/api/credit-notes/${(await books.creditNote('100000.00')).id}/refunds`;
});

/** The documented example with existing account and branch ids. */
function body(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return books.restBody({ amount: 100, referenceNo: '123456', description: 'Credit note refund', ...changes });
}

describe('the documented request', () => {
  it('returns 201 and the flat refund that legacy clients read', async () => {
    const reply = await books.client.rest(path, body({ amount: 33.33, date: '2026-02-01T23:30:00.000Z' }));

    expect(reply.status).toBe(201);
    expect(reply.json).toEqual({
      id: expect.any(Number),
      credit_note_id: Number(path.split('/')[3]),
      from_account_id: Number(books.ids.bank),
      amount: 33.33,
      currency_code: 'USD',
      exchange_rate: 1,
      reference_no: '123456',
      description: 'Credit note refund',
      date: '2026-02-01T00:00:00.000Z',
      branch_id: Number(books.ids.branch),
      created_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
      updated_at: null,
    });
    const { refund } = await books.client.query(RefundDocument, { id: reply.json.id });
    expect(refund?.amount).toBe('33.33');
  });

  it('may contain unknown fields', async () => {
    const reply = await books.client.rest(path, body({ id: 7, creditNoteId: 999_999, constructor: 'x', colour: 'red' }));
    expect(reply.status).toBe(201);
  });

  it.each(['fromAccountId', 'amount', 'exchangeRate', 'referenceNo', 'description', 'date', 'branchId'])(
    'needs %s',
    async (field) => {
      for (const missing of [undefined, null]) {
        const reply = await books.client.rest(path, body({ [field]: missing }));
        expect(reply.status).toBe(400);
        expect(reply.json).toMatchObject({ error: 'Bad Request', statusCode: 400, errors: [{ type: 'VALIDATION_ERROR' }] });
        expect(reply.json.message).toEqual([
          expect.objectContaining({
            property: field,
            children: [],
            constraints: expect.objectContaining({ isNotEmpty: `${field} should not be empty` }),
          }),
        ]);
      }
    },
  );

  it.each<[string, unknown, string]>([
    ['amount', '100', 'isNumber'],
    ['amount', true, 'isNumber'],
    ['amount', [1], 'isNumber'],
    ['amount', 0, 'isPositive'],
    ['amount', -5, 'isPositive'],
    ['fromAccountId', '1', 'isNumber'],
    ['referenceNo', 123, 'isString'],
    ['description', {}, 'isString'],
    ['date', 1_767_225_600, 'isDateString'],
    ['date', 'not-a-date', 'isDateString'],
    ['exchangeRate', 0, 'isPositive'],
  ])('refuses %s = %p by the rule %s', async (field, value, rule) => {
    const target = body({ [field]: value });
    const reply = await books.client.rest(path, target);
    expect(reply.status).toBe(400);
    expect(reply.json.message).toEqual([
      {
        target,
        value,
        property: field,
        children: [],
        constraints: expect.objectContaining({ [rule]: expect.stringContaining(field) }),
      },
    ]);
  });

  it('is refused with every wrong field, each once', async () => {
    const { json } = await books.client.rest(path, { amount: 'x', fromAccountId: -1 });
    expect(json.message.map(({ property }: { property: string }) => property).sort()).toEqual([
      'amount',
      'branchId',
      'date',
      'description',
      'exchangeRate',
      'fromAccountId',
      'referenceNo',
    ]);
  });

  it('keeps all fifteen digits of a number, and refuses more', async () => {
    const large = `/api/credit-notes/${(await books.creditNote('9999999999999.99')).id}/refunds`;
    const text = JSON.stringify(body()).replace(':100,', ':1.0000000000000001,');
    expect((await books.client.rest(large, text)).json.message[0]).toMatchObject({ property: 'amount' });
    expect((await books.client.rest(large, body({ amount: 9_999_999_999_999.99 }))).json.amount).toBe(9_999_999_999_999.99);
  });
});

describe('a path', () => {
  it.each(['3abc', '0', '-1', '1.0', '1e2', '99999999999999999999', '9'.repeat(500), '%00', '%zz', '999999'])(
    'with the id %s is a 404',
    async (id) => {
      const reply = await books.client.rest(`/api/credit-notes/${id}/refunds`, body());
      expect(reply.status).toBe(404);
      expect(reply.json).toMatchObject({ statusCode: 404, message: 'NotFoundError' });
    },
  );

  it.each(['3abc', '0', '999999'])('with the id %s is checked after the fields, as by the legacy server', async (id) => {
    const reply = await books.client.rest(`/api/credit-notes/${id}/refunds`, body({ amount: 0 }));
    expect([reply.status, reply.json.message.map(({ property }: { property: string }) => property)]).toEqual([400, ['amount']]);
  });

  it('that is unknown returns 404 with its name', async () => {
    const reply = await books.client.rest('/api/nothing', {});
    expect([reply.status, reply.json.message]).toEqual([404, 'Cannot POST /api/nothing']);
  });
});

describe('a body that cannot be read is refused with a clear error:', () => {
  it.each([
    ['malformed JSON', '{"fromAccountId": 1000,', 'application/json', 400, /JSON/],
    ['a key that would change the prototype', '{"__proto__": {"amount": 1}}', 'application/json', 400, /__proto__/],
    ['a body over 100 kB', JSON.stringify({ description: 'x'.repeat(102_400) }), 'application/json', 413, /larger/],
    ['JSON that nests too deeply', '['.repeat(50_000) + ']'.repeat(50_000), 'application/json', 400, /deep/],
    ['another charset', '{}', 'application/json; charset=latin1', 415, /UTF-8/],
    ['a form', 'amount=100', 'application/x-www-form-urlencoded', 415, /application\/json/],
  ])('%s', async (_name, text, contentType, status, message) => {
    const reply = await books.client.rest(path, text, { 'content-type': contentType });
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({
      statusCode: status,
      message: expect.stringMatching(message),
      errors: [{ statusCode: status }],
      requestId: expect.any(String),
    });
  });

  it('bytes that are not UTF-8', async () => {
    const payload = Buffer.concat([Buffer.from('{"referenceNo":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')]);
    const headers = { ...books.client.headers, 'content-type': 'application/json' };
    const reply = await gateway.app.inject({ method: 'POST', url: path, payload, headers });
    expect([reply.statusCode, reply.json().message]).toEqual([400, 'The body is not UTF-8']);
  });

  it('a long text is not repeated in the error of each field', async () => {
    const reply = await books.client.rest(path, { description: 'x'.repeat(90_000) });
    expect(reply.body.length).toBeLessThan(30_000);
  });

  it.each(['null', '[]', '"x"', '7', ''])('%p, which is no object, has all fields missing', async (text) => {
    const reply = await books.client.rest(path, text);
    expect([reply.status, reply.json.message.length]).toEqual([400, 7]);
  });
});

describe('the format of REST errors', () => {
  it('is RFC 9457 if the client accepts application/problem+json', async () => {
    const reply = await books.client.rest(path, body({ amount: 100_000.01 }), {
      accept: 'application/problem+json',
      'x-request-id': 'p1',
    });
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.json).toEqual({
      type: '/errors/CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
      title: 'Credit note has no remaining amount',
      status: 400,
      detail: expect.stringContaining('more than the'),
      code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
      field: 'amount',
      details: expect.objectContaining({ amount: '100000.01', currencyCode: 'USD' }),
      retryable: false,
      requestId: 'p1',
    });
  });

  it('is that of the legacy API otherwise, with an errors array in every 400', async () => {
    const { json, status } = await books.client.rest(path, body({ amount: 100_000.01 }));
    expect([status, Object.keys(json)]).toEqual([400, ['errors']]);
    expect(json.errors[0]).toMatchObject({ statusCode: 400, type: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT' });
  });
});

it('REST allows requests from pages of the configured origins only', async () => {
  const preflight = (app: Gateway['app'], origin: string) =>
    app.inject({ method: 'OPTIONS', url: path, headers: { origin, 'access-control-request-method': 'POST' } });
  const named = await Gateway.start({ corsOrigins: ['https://app.example'] });

  const replies = await Promise.all([preflight(named.app, 'https://app.example'), preflight(named.app, 'https://evil.example')]);
  await named.stop();

  const allowed = replies.map(({ headers }) => headers['access-control-allow-origin']);
  expect(allowed).toEqual(['https://app.example', undefined]);
});
