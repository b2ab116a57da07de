import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { Context } from '../request/context.js';
import { InvalidJson, parseJson } from '../values/json.js';

/**
 * Makes a GET request mean what the same POST means. Apollo Server parses the variables of a query string into numbers that lose
 * digits, and looks for an operation with an empty name.
 */
export const exactRequests: ApolloServerPlugin<Context> = {
  async requestDidStart({ request }) {
    const { http } = request;
    const variables = http?.method === 'GET' ? jsonIn(new URLSearchParams(http.search), 'variables') : undefined;
    if (variables !== undefined) request.variables = variables as Record<string, unknown>;
    // GraphQL over HTTP: an empty name is no name.
    if (request.operationName === '') delete request.operationName;
  },
};

/**
 * Refuses a GET request whose query string cannot be read as a body would be. Removes `variables` and `extensions` that are empty or
 * null: Apollo Server takes `null` only in a body.
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
 * Whatever a client would rather accept, it gets JSON: Apollo Server answers 406 only when a mutation has been done, and then says
 * nothing of what it did.
 */
export async function acceptJson({ headers }: FastifyRequest): Promise<void> {
  if (headers.accept) headers.accept += ', application/json;q=0.001';
}

/** `null` for an empty value; `undefined` for a parameter that is absent, or that is there twice, which Apollo Server refuses. */
function jsonIn(parameters: URLSearchParams, name: string): unknown {
  const [text, ...others] = parameters.getAll(name);
  if (text === undefined || others.length > 0) return undefined;
  return text === '' ? null : parseJson(Buffer.from(text));
}
