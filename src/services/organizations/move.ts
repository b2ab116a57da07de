import { verbatim } from '../unit-of-work/fields.js';
import { OperatorRefusal, operatorCommand } from './operator-command.js';

/**
 * Freezes the organization: all commands that would change anything of it are refused, until {@link unfreezeOrganization}. Waits for running
 * commands, so that nothing is in flight afterwards.
 *
 * @throws {OperatorRefusal} if the organization is frozen already
 */
export const freezeOrganization = operatorCommand({
  name: 'organization freeze',
  fields: {},
  period: 'exclusive',
  whileFrozen: true,
  async run({ organization }) {
    if (organization.frozenAt !== null) throw new OperatorRefusal(`${organization.publicId} is frozen already`);
    organization.frozenAt = organization.now;
  },
  audit: () => ({}),
});

/** Records that a copy of the organization was written to a file. It may be frozen, and stays so. */
export const recordExport = operatorCommand({
  name: 'organization export',
  fields: { takenAt: verbatim, rows: verbatim },
  whileFrozen: true,
  async run() {},
  audit: ({ values: { takenAt, rows } }) => ({ takenAt, rows }),
});

/**
 * Lets a frozen organization go on here. After a move it goes on elsewhere, and must stay frozen here.
 *
 * @throws {OperatorRefusal} if the organization is not frozen
 */
export const unfreezeOrganization = operatorCommand({
  name: 'organization unfreeze',
  fields: {},
  period: 'exclusive',
  whileFrozen: true,
  async run({ organization }) {
    if (organization.frozenAt === null) throw new OperatorRefusal(`${organization.publicId} is not frozen`);
    organization.frozenAt = null;
  },
  audit: () => ({}),
});
