import { LRUCache } from 'lru-cache';

/**
 * Maximum number of statements that have a name, and that one connection prepares. PostgreSQL keeps a plan of some 50 kB for each statement on
 * each connection. pg 8.23 cannot deallocate a single statement, so a connection that has prepared this many is replaced. Delete the replacement
 * when pg can: https://github.com/brianc/node-postgres/issues/1889
 */
export const MAX_PREPARED_STATEMENTS = 100;

const NAMES = new LRUCache<string, string>({ max: MAX_PREPARED_STATEMENTS });
let named = 0;

/** Returns the name of the prepared statement with this text. A text that was evicted from the cache gets a new name. */
export function nameOf(text: string): string {
  const cached = NAMES.get(text);
  if (cached !== undefined) return cached;
  named += 1;
  const name = `statement-${named}`;
  NAMES.set(text, name);
  return name;
}

/** Removes the statement's name from the cache, so that the statement gets a new name, and so a new plan, the next time. */
export function evict(text: string): void {
  NAMES.delete(text);
}
