import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { EntityManager } from '@mikro-orm/postgresql';
import { CommandLine, type Flags, required, type Synopsis, UsageError } from './cli/command-line.js';
import { type Config, readConfig } from './config.js';
import { openDatabaseForTool } from './database/database.js';
import { backupDatabase, exportOrganization, importOrganization, migrateDatabase, restoreDatabase } from './database/operator.js';
import type { Carried } from './database/organization-file.js';
import type { DatabaseRoles } from './database/roles.js';
import { Role } from './entities/access.js';
import type { Organization } from './entities/organization.js';
import { type InvalidField, InvalidInput } from './errors.js';
import { isPermissionDenied } from './orm/errors.js';
import { assertNodeVersion } from './server/node-version.js';
import { type LedgerHealth, ledgerHealth } from './services/ledger/ledger-health.js';
import { createKey, listApiKeys, revokeKey } from './services/organizations/api-keys.js';
import { listOrganizations, openOrganization } from './services/organizations/create-organization.js';
import { addMember, changeMember, endMembership, listMembers } from './services/organizations/members.js';
import { freezeOrganization, unfreezeOrganization } from './services/organizations/move.js';
import { findOrganization, type Operator, OperatorRefusal } from './services/organizations/operator-command.js';
import { routesTo } from './services/organizations/routes.js';

/** A command that needs a migrated database. */
interface Command extends Synopsis {
  run(em: EntityManager, flags: Flags, config: Config): Promise<void>;
}

/** A command that works on the whole database, and opens it by itself. */
interface DatabaseCommand extends Synopsis {
  run(config: Config, flags: Flags, file: string): Promise<void>;
}

/** A command that reads and writes only files. */
interface FileCommand extends Synopsis {
  run(flags: Flags, file: string): Promise<void>;
}

/** The name that Apollo's tools give a manifest. */
const MANIFEST_FILE = 'persisted-query-manifest.json';

const DATABASE_COMMANDS: Readonly<Record<string, DatabaseCommand>> = {
  migrate: {
    required: [],
    optional: ['application-role', 'operator-role'],
    about: 'applies the missing migrations, and gives the roles their rights',
    async run(config, flags) {
      const applied = await migrateDatabase(config, rolesOf(flags));
      process.stdout.write(applied.length === 0 ? 'Nothing to migrate.\n' : `Applied: ${applied.join(', ')}\n`);
    },
  },

  backup: {
    required: [],
    optional: [],
    takes: 'FILE',
    about: 'writes all rows of the database into a new file; the gateway may be running',
    async run(config, _flags, file) {
      const rows = await backupDatabase(config, file);
      process.stdout.write(`Wrote ${rows} rows to ${file}.\n`);
    },
  },

  restore: {
    required: [],
    optional: ['application-role', 'operator-role'],
    takes: 'FILE',
    about: 'fills an empty database from a backup, and checks the books; exit code 2 if they are wrong',
    async run(config, flags, file) {
      const { rows, health } = await restoreDatabase(config, rolesOf(flags), file);
      process.stdout.write(`Restored ${rows} rows from ${file}.\n\n`);
      printHealth(health);
    },
  },

  'organization export': {
    required: ['id'],
    optional: ['by'],
    takes: 'FILE',
    about: 'writes all of an organization into a new file; the gateway may be running. To move it, freeze it first',
    async run(config, flags, file) {
      const carried = await exportOrganization(config, required(flags, 'id'), file, operatorOf(flags));
      process.stdout.write(`Wrote ${carried.publicId} to ${file}${stateOf(carried)}\n\n`);
      printCarried(carried);
    },
  },

  'organization import': {
    required: [],
    optional: ['by'],
    takes: 'FILE',
    about: 'adds an organization from a file of export, and checks its books; if they are wrong, adds nothing and has exit code 2',
    async run(config, flags, file) {
      const carried = await importOrganization(config, file, operatorOf(flags));
      const { publicId, health } = carried;
      process.stdout.write(
        `${health.healthy ? `Imported ${publicId}` : `Imported nothing: ${publicId} is wrong in ${file}`}${stateOf(carried)}\n\n`,
      );
      printCarried(carried);
    },
  },
};

/** Commands that need no database. */
const FILE_COMMANDS: Readonly<Record<string, FileCommand>> = {
  manifest: {
    required: [],
    optional: ['out'],
    takes: 'FOLDER',
    about: `writes the operations of the .graphql files in the folder into a manifest of trusted documents, ${MANIFEST_FILE}`,
    async run(flags, folder) {
      // The schema is loaded for this command only: it takes longer than most of the others.
      const [{ createSchema }, { makeManifest }] = await Promise.all([
        import('./graphql/schema.js'),
        import('./graphql/make-manifest.js'),
      ]);
      const { queryCostLimit } = readConfig({ QUERY_COST_LIMIT: process.env.QUERY_COST_LIMIT });
      const manifest = await makeManifest(folder, createSchema(), queryCostLimit);
      const file = flags.out ?? MANIFEST_FILE;
      await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
      process.stdout.write(`Wrote ${manifest.operations.length} operations to ${file}.\n`);
    },
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  'organization create': {
    required: ['id', 'name', 'currency', 'time-zone'],
    optional: ['by'],
    about: 'opens the books of an organization',
    async run(em, flags) {
      const input = {
        publicId: required(flags, 'id'),
        name: required(flags, 'name'),
        baseCurrency: required(flags, 'currency'),
        timeZone: required(flags, 'time-zone'),
      };
      const { publicId, name } = await openOrganization(em, input, operatorOf(flags));
      print([[publicId, name]]);
    },
  },

  'organization list': {
    required: [],
    optional: [],
    about: 'lists id, name, base currency, time zone',
    async run(em) {
      const organizations = await listOrganizations(em);
      print(organizations.map(({ publicId, name, baseCurrency, timeZone }) => [publicId, name, baseCurrency, timeZone]));
    },
  },

  'organization routes': {
    required: [],
    optional: ['id'],
    about: 'prints the lines of a router that sends requests to this cell (CELL), for one organization or for all',
    async run(em, flags, { cell }) {
      if (cell === null) throw new OperatorRefusal('CELL must be set to the name of the cell that this database belongs to');
      const organization = flags.id === undefined ? null : await findOrganization(em, flags.id);
      const { organizations, keys } = await routesTo(em, cell, organization);
      const lines = (names: readonly string[]) => names.map((name) => `${name} ${cell}\n`).join('');
      process.stdout.write(`# organizations.map\n${lines(organizations)}# keys.map\n${lines(keys)}`);
    },
  },

  'organization freeze': {
    required: ['id'],
    optional: ['by'],
    about: 'refuses all changes to an organization, so that it can move; reads go on',
    async run(em, flags) {
      const organization = await findOrganization(em, required(flags, 'id'));
      await freezeOrganization(em, organization, {}, operatorOf(flags));
      process.stdout.write(`${organization.publicId} is frozen.\n`);
    },
  },

  'organization unfreeze': {
    required: ['id'],
    optional: ['by'],
    about: 'lets a frozen organization go on here; never after its copy goes on elsewhere',
    async run(em, flags) {
      const organization = await findOrganization(em, required(flags, 'id'));
      await unfreezeOrganization(em, organization, {}, operatorOf(flags));
      process.stdout.write(`${organization.publicId} goes on.\n`);
    },
  },

  'member add': {
    required: ['organization', 'subject', 'name', 'role'],
    optional: ['by'],
    about: 'makes a user a member; a former member becomes one again',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const [subject, name, role] = [required(flags, 'subject'), required(flags, 'name'), roleOf(flags)];
      await addMember(em, organization, { subject, name, role }, operatorOf(flags));
      print([[organization.publicId, subject, role]]);
    },
  },

  'member list': {
    required: ['organization'],
    optional: [],
    about: 'lists subject, name, role, and when the membership ended',
    async run(em, flags) {
      const members = await listMembers(em, await organizationOf(em, flags));
      print(members.map(({ user: { subject, name }, role, endedAt }) => [subject, name, role, timeOr('no', endedAt)]));
    },
  },

  'member change': {
    required: ['organization', 'subject', 'role'],
    optional: ['by'],
    about: 'gives a member another role, at once',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const [subject, role] = [required(flags, 'subject'), roleOf(flags)];
      const { before } = await changeMember(em, organization, { subject, role }, operatorOf(flags));
      print([[organization.publicId, subject, before, role]]);
    },
  },

  'member end': {
    required: ['organization', 'subject'],
    optional: ['by'],
    about: 'ends a membership, at once',
    async run(em, flags) {
      const subject = required(flags, 'subject');
      await endMembership(em, await organizationOf(em, flags), { subject }, operatorOf(flags));
      process.stdout.write(`The membership of ${subject} has ended.\n`);
    },
  },

  'api-key create': {
    required: ['organization', 'name', 'role'],
    optional: ['expires', 'by'],
    about: 'makes a key and prints it; it cannot be printed again. It expires at the end of the day of --expires',
    async run(em, flags, { cell }) {
      const organization = await organizationOf(em, flags);
      const input = { name: required(flags, 'name'), role: roleOf(flags), expires: flags.expires, cell };
      const { key, apiKey } = await createKey(em, organization, input, operatorOf(flags));
      process.stdout.write(`${key}\n\nThis is key ${apiKey.id}. It is shown only now; store it in a safe place.\n`);
    },
  },

  'api-key list': {
    required: ['organization'],
    optional: [],
    about: 'lists id, beginning, name, role, expiry, when it was revoked and last used',
    async run(em, flags) {
      const keys = await listApiKeys(em, await organizationOf(em, flags));
      print(
        keys.map(({ id, prefix, name, role, expiresAt, revokedAt, lastUsedAt }) => [
          ...[id, `${prefix}…`, name, role],
          ...[timeOr('never', expiresAt), timeOr('no', revokedAt), timeOr('never', lastUsedAt)],
        ]),
      );
    },
  },

  'api-key revoke': {
    required: ['organization', 'key'],
    optional: ['by'],
    about: 'revokes a key for good, at once',
    async run(em, flags) {
      const id = required(flags, 'key');
      await revokeKey(em, await organizationOf(em, flags), { id }, operatorOf(flags));
      process.stdout.write(`Key ${id} is revoked.\n`);
    },
  },

  audit: {
    required: [],
    optional: ['organization'],
    about: 'checks the books of all organizations or of one; exit code 2 if they are wrong',
    async run(em, flags) {
      const organization = flags.organization === undefined ? null : await organizationOf(em, flags);
      printHealth(await ledgerHealth(em, organization?.id ?? null));
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

function printHealth({ healthy, checkedAt, checks }: LedgerHealth): void {
  print(checks.map(({ healthy, name, offenders }) => [healthy ? 'ok' : 'BROKEN', name, offenders.join(', ')]));
  process.stdout.write(`\n${healthy ? 'The books are right' : 'THE BOOKS ARE WRONG'}, as of ${checkedAt.toISOString()}.\n`);
  if (!healthy) process.exitCode = 2;
}

const commandLine = new CommandLine(new Map(Object.entries({ ...DATABASE_COMMANDS, ...FILE_COMMANDS, ...COMMANDS })));

async function main(args: readonly string[]): Promise<void> {
  assertNodeVersion(process.versions.node);
  const { help, name, flags, file } = commandLine.parse(args);
  if (help) {
    process.stdout.write(commandLine.usage(name));
    return;
  }
  const fileCommand = FILE_COMMANDS[name];
  if (fileCommand !== undefined) return fileCommand.run(flags, file);
  const databaseCommand = DATABASE_COMMANDS[name];
  if (databaseCommand !== undefined) return databaseCommand.run(readConfig(process.env), flags, file);
  const config = readConfig(process.env);
  const database = await openDatabaseForTool(config);
  try {
    await COMMANDS[name]?.run(database.orm.em.fork(), flags, config);
  } finally {
    await database.close();
  }
}

function rolesOf(flags: Flags): DatabaseRoles {
  return { application: flags['application-role'], operator: flags['operator-role'] };
}

function organizationOf(em: EntityManager, flags: Flags): Promise<Organization> {
  return findOrganization(em, required(flags, 'organization'));
}

function roleOf(flags: Flags): Role {
  const role = Object.values(Role).find((name) => name === required(flags, 'role'));
  if (role === undefined) throw new OperatorRefusal(`--role must be one of: ${Object.values(Role).join(', ')}`);
  return role;
}

/** Returns the operator's name: that of --by, or else the user of the operating system. */
function operatorOf(flags: Flags): Operator {
  return { by: flags.by ?? (process.env.SUDO_USER || userName()) };
}

/** A container may run with a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

function timeOr(absent: string, time: Date | null): string {
  return time?.toISOString() ?? absent;
}

function print(rows: readonly (readonly (string | number)[])[]): void {
  process.stdout.write(rows.length === 0 ? 'None.\n' : `${rows.map((row) => row.join('\t')).join('\n')}\n`);
}

/** Returns the error in one line. */
function messageOf(error: unknown): string {
  if (isPermissionDenied(error)) return RIGHT_MISSING;
  if (error instanceof InvalidInput) return error.fields.map(optionMessage).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** Returns the reasons of an invalid field, with the option's name instead of the field's. */
function optionMessage({ field, constraints }: InvalidField): string {
  const option = `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return Object.values(constraints)
    .map((reason) => reason.replace(field, option))
    .join('; ');
}

const RIGHT_MISSING =
  'The role of DATABASE_URL may not do this. Commands take the role that manages organizations, members and keys; npm run migrate ' +
  'takes the owner of the tables. See docs/operations.md, "Three roles".';

main(process.argv.slice(2)).catch((error: unknown) => {
  const usage = error instanceof UsageError ? `\n${commandLine.usage()}` : '';
  process.stderr.write(`${messageOf(error)}\n${usage}`);
  process.exitCode = 1;
});
