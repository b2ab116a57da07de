import type { IncomingHttpHeaders } from 'node:http';

/** A path with its query string. Before it, a client may name the scheme and the host, as it does to a proxy; fragments are no part of a request. */
const TARGET = /^(?:https?:\/\/(?<host>[^/?#]+))?(?<path>[^?#]*)(?<query>\?[^#]*)?/i;

/** The target of an OPTIONS request that asks about the whole server. */
export const WHOLE_SERVER = '*';

/**
 * Returns the path and the query string of a request's target in a form that the router can read, so that each request passes through all hooks. A path
 * whose escapes are malformed, such as `/api/accounts/%`, is taken literally.
 */
export function plainTarget(method: string | undefined, target: string): string {
  if (target === WHOLE_SERVER && method === 'OPTIONS') return target;
  const { path = '', query = '' } = TARGET.exec(target)?.groups ?? {};
  const literal = isDecodable(path) ? path : path.replaceAll('%', '%25');
  return `${literal.startsWith('/') ? '' : '/'}${literal}${query}`;
}

/** Puts the host that the target names in place of the Host header, if it names one (RFC 9112, section 3.2.2). */
export function takeHostOfTarget(headers: IncomingHttpHeaders, target: string): void {
  const { host } = TARGET.exec(target)?.groups ?? {};
  if (host !== undefined) headers.host = host;
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}
