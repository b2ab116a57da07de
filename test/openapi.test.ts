import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from '@jest/globals';
import { readConfig } from '../src/config.js';
import { Gateway } from './helpers/gateway.js';
import type { OpenApi } from './helpers/openapi.js';

const started: Gateway[] = [];
afterAll(async () => {
  for (const gateway of started) await gateway.stop();
});

async function start(options: Parameters<typeof Gateway.start>[0] = {}): Promise<Gateway> {
  const gateway = await Gateway.start(options);
  started.push(gateway);
  return gateway;
}

async function served(options: Parameters<typeof Gateway.start>[0] = {}): Promise<OpenApi> {
  const reply = await (await start(options)).app.inject('/openapi.json');
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  return reply.json();
}

/** The document of the legacy API that clients were written from. */
const seed: OpenApi = JSON.parse(readFileSync('test/fixtures/seed-openapi.json', 'utf8'));
const PATH = '/api/credit-notes/{creditNoteId}/refunds';

it('the documented operation is the one of the legacy document, field by field', async () => {
  const ours = await served();

  const { responses: theirResponses, parameters: theirParameters, ...theirs } = seed.paths[PATH]?.post ?? fail();
  const { responses, parameters, ...operation } = ours.paths[PATH]?.post ?? fail();
  expect(operation).toEqual({ ...theirs, description: expect.any(String) });
  expect(parameters.slice(0, theirParameters.length)).toEqual(theirParameters);
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(Object.keys(theirResponses)));
  expect(ours.components.schemas?.CreditNoteRefundDto).toEqual(seed.components.schemas?.CreditNoteRefundDto);
});

it('the example of a quota is the quota by default', () => {
  const { components } = JSON.parse(readFileSync('openapi.json', 'utf8'));
  const exampleOf = (header: string) => components.headers[header].schema.examples[0];
  const quota = readConfig({}).rateLimit?.perCredential ?? 0;
  expect([exampleOf('RateLimit-Policy'), exampleOf('RateLimit')]).toEqual([
    `"credential";q=${quota};w=60`,
    `"credential";r=${quota - 1};t=60`,
  ]);
});

it('openapi.json is the document that is served by default', async () => {
  expect(await served()).toEqual(JSON.parse(readFileSync('openapi.json', 'utf8')));
});

it('the document has the request body of the contract that is served', async () => {
  const { paths, components } = await served({ restContract: 'observed' });

  expect(paths[PATH]?.post?.requestBody?.content['application/json']?.schema).toEqual({
    anyOf: [
      { $ref: '#/components/schemas/ObservedCreditNoteRefundDto' },
      { $ref: '#/components/schemas/ObservedCreditNoteRefundDtoInSnakeCase' },
    ],
  });
  expect(components.schemas?.ObservedCreditNoteRefundDtoInSnakeCase).toMatchObject({
    properties: { amount: { type: ['number', 'string'] }, branch_id: { type: ['number', 'string', 'null'] } },
    required: ['from_account_id', 'amount', 'date'],
  });
  expect(components.schemas?.CreditNoteRefundDto).toBeUndefined();
});

it('the document is private where the schema of GraphQL is', async () => {
  expect((await (await start({ introspection: false })).app.inject('/openapi.json')).statusCode).toBe(404);
});

function fail(): never {
  throw new Error('the document lacks the operation');
}
