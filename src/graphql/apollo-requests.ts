import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { OperationDefinitionNode } from 'graphql';
import type { Context } from '../request/context.js';
import { InvalidJson, isRecord, parseJson } from '../values/json.js';
import { isForPage, UnusableRequest } from './over-http.js';
import { requestedDocument } from './requested-document.js';
import type { TrustedDocuments } from './trusted-documents.js';

/** A request whose document is valid, and whose operation is known. */
export type OperationRequest = GraphQLRequestContextDidResolveOperation<Context> & { readonly operation: OperationDefinitionNode };

/** Throws if the operation must not be executed. */
export type OperationCheck = (request: OperationRequest) => void | Promise<void>;

/**
 * Gives a request its trusted document, and a GET request the meaning of the same POST request. By itself, Apollo Server parses numbers
 * in a query string inexactly, and searches the document for an operation with an empty name.
 */
export function exactRequests(trusted: TrustedDocuments): ApolloServerPlugin<Context> {
  return {
    async requestDidStart({ request }) {
      const { http } = request;
      const variables = http?.method === 'GET' ? jsonIn(new URLSearchParams(http.search), 'variables') : undefined;
      if (variables !== undefined) request.variables = variables as Record<string, unknown>;
      // GraphQL over HTTP: an empty name counts as absent.
      if (request.operationName === '') delete request.operationName;
      const text = http && trusted.textFor(requestedDocument(http));
      if (text === undefined) return;
      request.query = text;
      // Otherwise Apollo Server searches the documents that clients have registered.
      const { persistedQuery: _, ...extensions } = request.extensions ?? {};
      request.extensions = extensions;
    },
  };
}

/**
 * Refuses a GET request whose query string is not valid UTF-8 or whose parameters are not valid JSON. Removes `variables` and
 * `extensions` that are empty or null, because Apollo Server accepts `null` only in a body.
 */
export async function readQueryString({ method, raw }: FastifyRequest): Promise<void> {
  const [, path, search] = /^([^?]*)\?(.*)$/s.exec(raw.url ?? '') ?? [];
  if (method !== 'GET' || search === undefined) return;
  try {
    decodeURIComponent(search);
  } catch {
    throw new InvalidJson('The query string is not UTF-8 in percent-encoding');
  }
  const parameters = new URLSearchParams(search);
  const absent = JSON_PARTS.filter((name) => jsonIn(parameters, name) === null);
  for (const name of absent) parameters.delete(name);
  if (absent.length > 0) raw.url = `${path}?${parameters}`;
}

const TEXT_PARTS = ['query', 'operationName'] as const;
const JSON_PARTS = ['variables', 'extensions'] as const;

/** A page of another site cannot send any of these headers without a preflight. urql's and caches' GET requests have only the first. */
export const PREFLIGHTED: readonly string[] = ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight'];

/**
 * Refuses a request without the shape of a GraphQL request. Apollo Server would refuse it too, but before it knows the request id, and with
 * the status of earlier versions of GraphQL over HTTP.
 *
 * @throws {UnusableRequest}
 */
export async function assertWellFormed({ method, raw, headers, body }: FastifyRequest): Promise<void> {
  if (method === 'GET' && !isForPage(method, headers.accept)) assertPreflighted(headers);
  const parts = method === 'GET' ? partsOf(new URLSearchParams(/\?(.*)$/s.exec(raw.url ?? '')?.[1])) : body;
  if (parts === undefined) throw new UnusableRequest(400, 'The body is empty; it must be a JSON object');
  if (!isRecord(parts) || Object.keys(parts).length === 0) {
    throw new UnusableRequest(422, 'The body must be a JSON object, such as {"query": "{ __typename }"}');
  }
  for (const name of TEXT_PARTS) {
    if (typeof (parts[name] ?? '') !== 'string') throw new UnusableRequest(422, `"${name}" must be a string`);
  }
  for (const name of JSON_PARTS) {
    if (!isRecord(parts[name] ?? {})) throw new UnusableRequest(422, `"${name}" must be an object`);
  }
}

function assertPreflighted(headers: FastifyRequest['headers']): void {
  const contentType = headers['content-type'];
  if (contentType !== undefined && !/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new UnusableRequest(415, 'A GET request may have no other Content-Type than application/json');
  }
  if (contentType === undefined && PREFLIGHTED.every((name) => !headers[name])) {
    throw new UnusableRequest(400, `A GET request needs one of the headers ${PREFLIGHTED.join(', ')}`);
  }
}

function partsOf(parameters: URLSearchParams): Record<string, unknown> {
  const names = [...TEXT_PARTS, ...JSON_PARTS];
  const twice = names.find((name) => parameters.getAll(name).length > 1);
  if (twice !== undefined) throw new UnusableRequest(422, `"${twice}" may occur once in the query string`);
  return Object.fromEntries([
    ...TEXT_PARTS.map((name) => [name, parameters.get(name)]),
    ...JSON_PARTS.map((name) => [name, jsonIn(parameters, name)]),
  ]);
}

/** Returns the parsed parameter: `null` if it is empty; `undefined` if it is absent, or occurs twice, which is refused later. */
function jsonIn(parameters: URLSearchParams, name: string): unknown {
  const [text, ...others] = parameters.getAll(name);
  if (text === undefined || others.length > 0) return undefined;
  if (text === '') return null;
  try {
    return parseJson(Buffer.from(text));
  } catch (error) {
    if (error instanceof InvalidJson) throw new InvalidJson(`"${name}": ${error.message}`);
    throw error;
  }
}
