import { LRUCache } from 'lru-cache';

/**
 * The most statements that are prepared, and that one connection prepares. PostgreSQL keeps a plan for each on each connection, some 50 kB.
 * pg 8.23 cannot deallocate a single statement, so a connection that has prepared this many is replaced. Delete the replacement when it
 * can: https://github.com/brianc/node-postgres/issues/1889
 */
export const MAX_PREPARED_STATEMENTS = 100;

const NAMES = new LRUCache<string, string>({ max: MAX_PREPARED_STATEMENTS });
let named = 0;

/** Returns the name by which connections prepare the statement. A text that falls out of the cache gets a new name the next time. */
export function nameOf(text: string): string {
  const known = NAMES.get(text);
  if (known !== undefined) return known;
  named += 1;
  const name = `statement-${named}`;
  NAMES.set(text, name);
  return name;
}

/** Forgets the statement's name. It gets a new name, and so a new plan, the next time. */
export function forget(text: string): void {
  NAMES.delete(text);
}
