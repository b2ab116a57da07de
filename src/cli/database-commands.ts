import { readConfig } from '../config.js';
import { backupDatabase, migrateDatabase, restoreDatabase } from '../database/operator.js';
import type { DatabaseRoles } from '../database/roles.js';
import { ledgerHealth } from '../services/ledger/ledger-health.js';
import { type Commands, onDatabase, organizationOf } from './command.js';
import type { Flags } from './command-line.js';
import { printHealth } from './output.js';

/** The commands that work on the whole database. */
export const DATABASE_COMMANDS: Commands = {
  migrate: {
    required: [],
    optional: ['application-role', 'operator-role'],
    about: 'applies the missing migrations, and gives the roles their rights',
    async run({ flags }) {
      const applied = await migrateDatabase(readConfig(process.env), rolesOf(flags));
      process.stdout.write(applied.length === 0 ? 'Nothing to migrate.\n' : `Applied: ${applied.join(', ')}\n`);
    },
  },

  backup: {
    required: [],
    optional: [],
    takes: 'FILE',
    about: 'writes all rows of the database into a new file; the gateway may be running',
    async run({ file }) {
      const rows = await backupDatabase(readConfig(process.env), file);
      process.stdout.write(`Wrote ${rows} rows to ${file}.\n`);
    },
  },

  restore: {
    required: [],
    optional: ['application-role', 'operator-role'],
    takes: 'FILE',
    about: 'fills an empty database from a backup, and checks the books; exit code 2 if they are wrong',
    async run({ flags, file }) {
      const { rows, health } = await restoreDatabase(readConfig(process.env), rolesOf(flags), file);
      process.stdout.write(`Restored ${rows} rows from ${file}.\n\n`);
      printHealth(health);
    },
  },

  audit: {
    required: [],
    optional: ['organization'],
    about: 'checks the books of all organizations or of one; exit code 2 if they are wrong',
    run: onDatabase(async (em, flags) => {
      const organization = flags.organization === undefined ? null : await organizationOf(em, flags);
      printHealth(await ledgerHealth(em, organization?.id ?? null, 2));
    }),
  },
};

function rolesOf(flags: Flags): DatabaseRoles {
  return { application: flags['application-role'], operator: flags['operator-role'] };
}
