import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { OperationDefinitionNode } from 'graphql';
import type { Context } from '../request/context.js';
import { InvalidJson, parseJson } from '../values/json.js';
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
  const absent = ['variables', 'extensions'].filter((name) => jsonIn(parameters, name) === null);
  for (const name of absent) parameters.delete(name);
  if (absent.length > 0) raw.url = `${path}?${parameters}`;
}

/**
 * Adds JSON to the media types that the client accepts. Otherwise Apollo Server would answer 406 after it has executed a mutation, without
 * the result.
 */
export async function acceptJson({ headers }: FastifyRequest): Promise<void> {
  if (headers.accept) headers.accept += ', application/json;q=0.001';
}

/** Returns the parsed parameter: `null` if it is empty; `undefined` if it is absent, or occurs twice, which Apollo Server refuses. */
function jsonIn(parameters: URLSearchParams, name: string): unknown {
  const [text, ...others] = parameters.getAll(name);
  if (text === undefined || others.length > 0) return undefined;
  return text === '' ? null : parseJson(Buffer.from(text));
}
