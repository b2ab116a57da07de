import type { IncomingMessage } from 'node:http';
import { BrokenRequest } from './broken-request.js';

/**
 * Headers that have one value. Node.js silently takes the first value of some, and joins those of others by a comma. (It refuses a repeated
 * Content-Length by itself. If-Match and Accept are lists: all their lines count.)
 */
const SINGLE: ReadonlySet<string> = new Set([
  'allow-duplicate',
  'allow-unusual-rate',
  'authorization',
  'content-encoding',
  'content-type',
  'host',
  'idempotency-key',
  'organization-id',
]);

/** A host with or without a port, as HTTP's grammar allows it. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * Takes a header that is repeated with the same value as one.
 *
 * @throws {BrokenRequest} if one is repeated with different values: nobody knows which one is meant; and if the host is no host, or is repeated at all, which
 *   RFC 9112 demands (section 3.2)
 */
export function assertOneValue({ rawHeaders, headers }: IncomingMessage): void {
  const values = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    const value = rawHeaders[index + 1]?.trim() ?? '';
    const before = values.get(name);
    if (name === 'host' && (before !== undefined || !HOST.test(value))) {
      throw new BrokenRequest(400, before === undefined ? 'The Host header is no host' : 'The Host header is repeated');
    }
    if (before === undefined) {
      values.set(name, value);
      continue;
    }
    if (before !== value) throw new BrokenRequest(400, `The header ${name} is repeated with different values`);
    headers[name] = value;
  }
}
