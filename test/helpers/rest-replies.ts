import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { STATUS_CODES } from 'node:http';
import { afterAll, afterEach } from '@jest/globals';
import { Type } from '@sinclair/typebox';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { text } from '../../src/rest/fields.js';
import { plainError, problem } from '../../src/rest/openapi/error-replies.js';
import { REPLY_HEADERS } from '../../src/rest/openapi/headers.js';
import { type OpenApi, type Response, readOpenApi, resolved } from './openapi.js';

/**
 * Checks each reply of the REST API that a gateway in this process sends during a test: the OpenAPI document must declare its status, its headers and each
 * field of its body. Jest runs this file before each test file.
 */

const offenders: string[] = [];
const validators = new Map<string, ValidateFunction>();
const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
let known: OpenApi | undefined;

/** What a path without a route, or a method that it lacks, replies. */
const UNROUTED: Response = {
  description: 'There is no such operation',
  content: {
    'application/json': { schema: plainError(Type.Integer(), text) },
    'application/problem+json': { schema: problem(Type.Integer(), text, text) },
  },
};

const HEADERS = Object.keys(REPLY_HEADERS);

function watch(message: unknown): void {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRequest', async (request, reply) => {
    if (!/^\/api(\/|$)/i.test(request.url) || request.method === 'OPTIONS') return;
    const { raw } = reply;
    const end = raw.end.bind(raw) as (...args: unknown[]) => typeof raw;
    raw.end = (...args: unknown[]) => {
      const faults = check(request, reply, args[0]);
      offenders.push(...faults.map((fault) => `${request.method} ${request.url} → ${reply.statusCode}: ${fault}`));
      return end(...args);
    };
  });
}

function check(request: FastifyRequest, reply: FastifyReply, payload: unknown): string[] {
  known ??= readOpenApi();
  const path = request.routeOptions.url?.replace(/:(\w+)/g, '{$1}') ?? '';
  const isHead = request.method === 'HEAD';
  const operation = known.paths[path]?.[isHead ? 'get' : request.method.toLowerCase()];
  const declared = operation === undefined ? unrouted(reply.statusCode, known) : operation.responses[reply.statusCode];
  if (declared === undefined) return [`the document has no such status; the body is ${payload}`];
  const response = resolved(known, declared);
  const place = operation === undefined ? `unrouted ${reply.statusCode}` : `${operation.operationId} ${reply.statusCode}`;
  return [...checkHeaders(response, reply, place, known), ...(isHead ? [] : checkBody(response, reply, place, known, payload))];
}

/** Returns what a request without an operation may be replied: an error of all routes, or that there is none. */
function unrouted(status: number, { components }: OpenApi): Response {
  const name = (STATUS_CODES[status] ?? '').replaceAll(' ', '');
  return (components.responses?.[name] as Response | undefined) ?? UNROUTED;
}

function checkHeaders({ headers }: Response, reply: FastifyReply, place: string, document: OpenApi): string[] {
  if (headers === undefined) return [];
  return HEADERS.flatMap((name) => {
    const value = reply.getHeader(name);
    const header = headers[name] && resolved(document, headers[name]);
    if (value === undefined) return header?.required ? [`the header ${name} is missing`] : [];
    if (header === undefined) return [`the document does not have the header ${name}`];
    return validate(`${place} ${name}`, header.schema, String(value), document).map((fault) => `the header ${name} ${fault}`);
  });
}

function checkBody({ content }: Response, reply: FastifyReply, place: string, document: OpenApi, payload: unknown): string[] {
  const text = typeof payload === 'string' || Buffer.isBuffer(payload) ? String(payload) : '';
  if (content === undefined) return text === '' ? [] : [`the document has no body, the reply has ${text}`];
  const [type = ''] = String(reply.getHeader('content-type')).split(';');
  const declared = content[type];
  if (declared === undefined) return [`the document does not have the content type ${type}`];
  return validate(`${place} ${type}`, declared.schema, JSON.parse(text), document).map((fault) => `${fault} in ${text}`);
}

function validate(place: string, schema: object, value: unknown, { components }: OpenApi): string[] {
  const validator = validators.get(place) ?? ajv.compile({ ...closed(schema), components: closed(components) });
  validators.set(place, validator);
  if (validator(value)) return [];
  return [`is not what the document says: ${ajv.errorsText(validator.errors, { dataVar: 'it' })}`];
}

/** Returns the schema without room for fields that it does not name. */
function closed(schema: object): object {
  const inner = Object.entries(schema).map(([key, part]) => [
    key,
    typeof part === 'object' && part !== null ? closedPart(part) : part,
  ]);
  const isOpen = 'properties' in schema && !('additionalProperties' in schema);
  return { ...Object.fromEntries(inner), ...(isOpen && { additionalProperties: false }) };
}

function closedPart(part: object): unknown {
  return Array.isArray(part) ? part.map((each) => (typeof each === 'object' && each !== null ? closed(each) : each)) : closed(part);
}

/** Returns the replies of this test that the document does not allow, and forgets them. */
export function takeOffenders(): string[] {
  return offenders.splice(0);
}

function report(): void {
  if (offenders.length > 0) throw new Error(takeOffenders().join('\n\n'));
}

subscribe('fastify.initialization', watch);
afterEach(report);
afterAll(() => {
  unsubscribe('fastify.initialization', watch);
  report();
});
