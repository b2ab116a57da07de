import type { EntityManager } from '@mikro-orm/postgresql';
import { createApiKey, revokeApiKey } from '../../auth/api-keys.js';
import { InvalidInput } from '../../domain-error.js';
import { ApiKey, Role } from '../../entities/access.js';
import type { Organization } from '../../entities/organization.js';
import { parseId } from '../../entities/owned.js';
import { endOfDay, isCalendarDate } from '../../values/posting-date.js';
import { id, oneOf, optional, text, verbatim } from '../unit-of-work/fields.js';
import { OperatorRefusal, operatorCommand } from './operator-command.js';

/**
 * Creates an API key that expires at the end of the day `expires` in the organization's time zone. Returns its secret, which is not stored.
 * With a `cell`, the key begins with the cell's name, so that a router knows where to send it.
 *
 * @throws {InvalidInput} if `expires` is not a date, or has passed
 */
export const createKey = operatorCommand({
  name: 'api-key create',
  fields: { name: text, role: oneOf(Role), expires: optional(verbatim), cell: optional(verbatim) },
  async run({ em, organization }, { name, role, expires, cell }) {
    const expiresAt = expires === null ? null : await endOf(em, organization, expires);
    return createApiKey(em, organization, { name, role, expiresAt, cell });
  },
  audit: ({ result: { apiKey }, values: { name, role, expires } }) => ({
    ...{ id: String(apiKey.id), name, role },
    expires: expires ?? 'never',
  }),
});

/**
 * Revokes an API key permanently, with immediate effect, also while the organization is frozen: reads go on.
 *
 * @throws {OperatorRefusal} if the key does not exist or is already revoked
 */
export const revokeKey = operatorCommand({
  name: 'api-key revoke',
  fields: { id },
  whileFrozen: true,
  async run({ em, organization }, { id }) {
    const key = parseId(id);
    if (key === null || !(await revokeApiKey(em, organization, key))) {
      throw new OperatorRefusal('There is no such key, or it is already revoked');
    }
  },
  audit: ({ values: { id } }) => ({ id }),
});

/** The end of this day has a year of five digits, which the database does not read. */
const LAST_DAY = '9999-12-31';

/** Returns all keys, also those that have been revoked or have expired, in the order of their ids. */
export function listApiKeys(em: EntityManager, organization: Organization): Promise<ApiKey[]> {
  return em.find(ApiKey, { organization: organization.id }, { orderBy: { id: 'asc' } });
}

/** Returns the end of the day in the organization's time zone. The database's clock decides whether it has passed, as at each request. */
async function endOf(em: EntityManager, { timeZone }: Organization, expires: string): Promise<Date> {
  const end = isCalendarDate(expires) && expires < LAST_DAY ? endOfDay(expires, timeZone) : null;
  const [row] = end === null ? [] : await em.execute<{ future: boolean }[]>('select ? > clock_timestamp() as future', [end]);
  if (end === null || !row?.future) {
    const reason = `expires must be a date that has not passed, before ${LAST_DAY}, such as 2027-12-31`;
    throw new InvalidInput([{ field: 'expires', constraints: { isFutureDate: reason }, value: expires }]);
  }
  return end;
}
