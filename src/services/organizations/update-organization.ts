import { Role } from '../../entities/access.js';
import { Organization } from '../../entities/organization.js';
import { RestContract } from '../../entities/rest-contract.js';
import { command } from '../unit-of-work/command.js';
import { flag, oneOf, optional, removable, text, verbatim } from '../unit-of-work/fields.js';
import { assertKnownTimeZone } from './time-zone.js';

/**
 * Changes the name, the time zone and the settings of the organization; absent fields stay. The base currency never changes: all amounts of the
 * books are in it. Waits for running commands, so that each runs by one set of rules.
 *
 * @throws {InvalidInput} if the database does not know the time zone
 */
export const updateOrganization = command({
  name: 'updateOrganization',
  role: Role.ADMIN,
  period: 'exclusive',
  result: Organization,
  fields: {
    name: optional(text),
    timeZone: optional(verbatim),
    creditCardRefunds: optional(flag),
    restContract: removable(oneOf(RestContract)),
  },
  async run({ em, organization, change }, values) {
    if (values.timeZone) await assertKnownTimeZone(em, values.timeZone);
    change(organization, values);
    return organization;
  },
  audit: ({ changes }) => changes,
});
