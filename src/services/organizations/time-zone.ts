import type { EntityManager } from '@mikro-orm/postgresql';
import { InvalidInput } from '../../domain-error.js';

export const TIME_ZONE_RULE = 'timeZone must be the IANA name of a time zone, such as Europe/Berlin';

/** Whether PostgreSQL knows the time zone. */
export async function isKnownTimeZone(em: EntityManager, timeZone: string): Promise<boolean> {
  const [known] = await em.execute('select from pg_timezone_names where lower(name) = lower(?)', [timeZone]);
  return known !== undefined;
}

/**
 * Checks that PostgreSQL knows the time zone, too: it computes days in it, and its list is older or newer than that of Node.js.
 *
 * @throws {InvalidInput}
 */
export async function assertKnownTimeZone(em: EntityManager, timeZone: string): Promise<void> {
  if (await isKnownTimeZone(em, timeZone)) return;
  const reason = `${TIME_ZONE_RULE}; the database does not know ${timeZone}`;
  throw new InvalidInput([{ field: 'timeZone', constraints: { isTimeZone: reason }, value: timeZone }]);
}
