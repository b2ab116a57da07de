import { listOrganizations } from '../services/organizations/create-organization.js';
import { OperatorRefusal } from '../services/organizations/operator-command.js';
import { restUsage, USAGE_DAYS } from '../services/organizations/rest-usage.js';
import { type Commands, onDatabase, organizationOf } from './command.js';
import type { Flags } from './command-line.js';
import { print } from './output.js';

const USUAL_DAYS = 30;

/** The command that tells who still uses REST. */
export const LEGACY_REPORT_COMMAND: Commands = {
  'legacy-report': {
    required: [],
    optional: ['organization', 'days'],
    about: `lists who has used REST in the last days (--days, ${USUAL_DAYS} by default): organization, caller, key, route, requests, last day`,
    run: onDatabase(async (em, flags) => {
      const days = daysOf(flags);
      const organizations = flags.organization === undefined ? await listOrganizations(em) : [await organizationOf(em, flags)];
      const lines: (string | number)[][] = [];
      for (const { id, publicId } of organizations) {
        for (const { caller, apiKeyId, route, requests, lastUsedOn } of await restUsage(em, id, days)) {
          lines.push([publicId, caller, apiKeyId === null ? 'user' : `key ${apiKeyId}`, route, requests, lastUsedOn]);
        }
      }
      print(lines);
    }),
  },
};

function daysOf({ days }: Flags): number {
  if (days === undefined) return USUAL_DAYS;
  const number = /^\d{1,3}$/.test(days) ? Number.parseInt(days, 10) : 0;
  if (number < 1 || number > USAGE_DAYS) throw new OperatorRefusal(`--days must be a whole number from 1 to ${USAGE_DAYS}`);
  return number;
}
