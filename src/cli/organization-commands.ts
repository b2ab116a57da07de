import { readConfig } from '../config.js';
import { exportOrganization, importOrganization } from '../database/operator.js';
import type { Carried } from '../database/organization-file.js';
import { listOrganizations, openOrganization } from '../services/organizations/create-organization.js';
import { freezeOrganization, unfreezeOrganization } from '../services/organizations/move.js';
import { findOrganization, OperatorRefusal } from '../services/organizations/operator-command.js';
import { routesTo } from '../services/organizations/routes.js';
import { type Commands, onDatabase, operatorOf } from './command.js';
import { required } from './command-line.js';
import { print, printHealth } from './output.js';

/** The commands that open, list and move organizations. */
export const ORGANIZATION_COMMANDS: Commands = {
  'organization create': {
    required: ['id', 'name', 'currency', 'time-zone'],
    optional: ['by'],
    about: 'opens the books of an organization',
    run: onDatabase(async (em, flags) => {
      const input = {
        publicId: required(flags, 'id'),
        name: required(flags, 'name'),
        baseCurrency: required(flags, 'currency'),
        timeZone: required(flags, 'time-zone'),
      };
      const { publicId, name } = await openOrganization(em, input, operatorOf(flags));
      print([[publicId, name]]);
    }),
  },

  'organization list': {
    required: [],
    optional: [],
    about: 'lists id, name, base currency, time zone',
    run: onDatabase(async (em) => {
      const organizations = await listOrganizations(em);
      print(organizations.map(({ publicId, name, baseCurrency, timeZone }) => [publicId, name, baseCurrency, timeZone]));
    }),
  },

  'organization routes': {
    required: [],
    optional: ['id'],
    about: 'prints the lines of a router that sends requests to this cell (CELL), for one organization or for all',
    run: onDatabase(async (em, flags, { cell }) => {
      if (cell === null) throw new OperatorRefusal('CELL must be set to the name of the cell that this database belongs to');
      const organization = flags.id === undefined ? null : await findOrganization(em, flags.id);
      const { organizations, keys } = await routesTo(em, cell, organization);
      const lines = (names: readonly string[]) => names.map((name) => `${name} ${cell}\n`).join('');
      process.stdout.write(`# organizations.map\n${lines(organizations)}# keys.map\n${lines(keys)}`);
    }),
  },

  'organization freeze': {
    required: ['id'],
    optional: ['by'],
    about: 'refuses all changes to an organization, so that it can move; reads go on',
    run: onDatabase(async (em, flags) => {
      const organization = await findOrganization(em, required(flags, 'id'));
      await freezeOrganization(em, organization, {}, operatorOf(flags));
      process.stdout.write(`${organization.publicId} is frozen.\n`);
    }),
  },

  'organization unfreeze': {
    required: ['id'],
    optional: ['by'],
    about: 'lets a frozen organization go on here; never after its copy goes on elsewhere',
    run: onDatabase(async (em, flags) => {
      const organization = await findOrganization(em, required(flags, 'id'));
      await unfreezeOrganization(em, organization, {}, operatorOf(flags));
      process.stdout.write(`${organization.publicId} goes on.\n`);
    }),
  },

  'organization export': {
    required: ['id'],
    optional: ['by'],
    takes: 'FILE',
    about: 'writes all of an organization into a new file; the gateway may be running. To move it, freeze it first',
    async run({ flags, file }) {
      const carried = await exportOrganization(readConfig(process.env), required(flags, 'id'), file, operatorOf(flags));
      process.stdout.write(`Wrote ${carried.publicId} to ${file}${stateOf(carried)}\n\n`);
      printCarried(carried);
    },
  },

  'organization import': {
    required: [],
    optional: ['by'],
    takes: 'FILE',
    about: 'adds an organization from a file of export, and checks its books; if they are wrong, adds nothing and has exit code 2',
    async run({ flags, file }) {
      const carried = await importOrganization(readConfig(process.env), file, operatorOf(flags));
      const { publicId, health } = carried;
      process.stdout.write(
        `${health.healthy ? `Imported ${publicId}` : `Imported nothing: ${publicId} is wrong in ${file}`}${stateOf(carried)}\n\n`,
      );
      printCarried(carried);
    },
  },
};

/** Returns what the operator must know of the file: without a freeze, the organization may have gone on in its old place. */
function stateOf({ frozen, takenAt }: Carried): string {
  return `, as of ${takenAt}. ${frozen ? 'It was frozen.' : 'It was not frozen: what happens there afterwards is not in the file.'}`;
}

function printCarried({ tables, debits, credits, health }: Carried): void {
  print([...Object.entries(tables), ['debits', debits], ['credits', credits]]);
  process.stdout.write('\n');
  printHealth(health);
}
