/** A path with its query string. Before it, a client may name the scheme and the host, as it does to a proxy; fragments are no part of a request. */
const TARGET = /^(?:https?:\/\/[^/?#]+)?(?<path>[^?#]*)(?<query>\?[^#]*)?/i;

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

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}
