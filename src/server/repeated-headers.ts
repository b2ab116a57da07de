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

/**
 * Takes a header that is repeated with the same value as one.
 *
 * @throws {BrokenRequest} if one is repeated with different values: nobody knows which one is meant
 */
export function assertOneValue({ rawHeaders, headers }: IncomingMessage): void {
  const values = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    const value = rawHeaders[index + 1]?.trim() ?? '';
    const before = values.get(name);
    if (before === undefined) {
      values.set(name, value);
      continue;
    }
    if (before !== value) throw new BrokenRequest(400, `The header ${name} is repeated with different values`);
    headers[name] = value;
  }
}
