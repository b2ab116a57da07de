import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { Context } from './context.js';
import { InvalidJson, parseJson } from './json.js';

/**
 * Variables of a GET request as exact as those of a POST: Apollo Server parses them into numbers that lose digits. What it does
 * with a request is decided by its own parsing; its values are these.
 */
export const exactVariables: ApolloServerPlugin<Context> = {
  async requestDidStart({ request }) {
    const variables = request.http?.method === 'GET' ? variablesIn(request.http.search) : undefined;
    if (variables !== undefined) request.variables = variables as Record<string, unknown>;
  },
};

/** Refuses a GET request whose query string cannot be read as a body would be. */
export async function assertExactQuery({ method, url }: FastifyRequest): Promise<void> {
  const [, search] = /\?(.*)$/s.exec(url) ?? [];
  if (method !== 'GET' || search === undefined) return;
  try {
    decodeURIComponent(search);
  } catch {
    throw new InvalidJson('The query string is not UTF-8 in percent-encoding');
  }
  variablesIn(search);
}

/**
 * Whatever a client would rather accept, it gets JSON: Apollo Server answers 406 only when a mutation has been done, and then says
 * nothing of what it did.
 */
export async function acceptJson({ headers }: FastifyRequest): Promise<void> {
  if (headers.accept) headers.accept += ', application/json;q=0.001';
}

function variablesIn(search: string): unknown {
  const text = new URLSearchParams(search).get('variables');
  return text === null ? undefined : parseJson(Buffer.from(text));
}
