import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createApiKey, revokeApiKey } from './auth/api-keys.js';
import { type Config, readConfig } from './config.js';
import { backupDatabase, migrateDatabase, openDatabaseBeside, restoreDatabase } from './database/database.js';
import type { DatabaseRoles } from './database/roles.js';
import { ApiKey, Membership, Role } from './entities/access.js';
import { Organization } from './entities/organization.js';
import { parseId } from './entities/owned.js';
import { isMissingRight } from './orm/errors.js';
import { assertNodeVersion } from './server/node-version.js';
import { type LedgerHealth, ledgerHealth } from './services/ledger/ledger-health.js';
import { createOrganization } from './services/organizations/create-organization.js';
import { addMember, changeMember, endMembership } from './services/organizations/members.js';
import { OPERATOR, recordEvent } from './services/unit-of-work/audit-trail.js';
import { endOfDay, isCalendarDate } from './values/posting-date.js';
import { tidy } from './values/text.js';

/** Each option takes a value. */
const OPTIONS = {
  id: 'PUBLIC_ID',
  name: 'NAME',
  currency: 'USD',
  'time-zone': 'Europe/Berlin',
  organization: 'PUBLIC_ID',
  subject: 'JWT_SUB',
  role: 'VIEWER|ACCOUNTANT|ADMIN',
  expires: '2027-12-31',
  key: 'ID',
  by: 'WHO',
  'application-role': 'ROLE',
  'operator-role': 'ROLE',
} as const;

type Option = keyof typeof OPTIONS;
type Flags = Readonly<Partial<Record<Option, string>>>;

interface Synopsis {
  readonly required: readonly Option[];
  readonly optional: readonly Option[];
  readonly about: string;
  /** Whether the command takes the name of a file. */
  readonly takesFile?: boolean;
}

/** Works on a migrated database. */
interface Command extends Synopsis {
  run(em: EntityManager, flags: Flags): Promise<void>;
}

/** Works on the database as a whole. */
interface DatabaseCommand extends Synopsis {
  run(config: Config, flags: Flags, file: string): Promise<void>;
}

/** The operator called it wrongly; the message says how. */
class UsageError extends Error {}

/** The call was right, and what it asks for cannot be done; the message says why. */
class Refusal extends Error {}

const DATABASE_COMMANDS: Readonly<Record<string, DatabaseCommand>> = {
  migrate: {
    required: [],
    optional: ['application-role', 'operator-role'],
    about: 'applies what the database lacks, and gives the roles their rights',
    async run(config, flags) {
      const applied = await migrateDatabase(config, rolesOf(flags));
      process.stdout.write(applied.length === 0 ? 'Nothing to migrate.\n' : `Applied: ${applied.join(', ')}\n`);
    },
  },

  backup: {
    required: [],
    optional: [],
    takesFile: true,
    about: 'writes all that the database holds into a new file, also while the gateway runs',
    async run(config, _flags, file) {
      const rows = await backupDatabase(config, file);
      process.stdout.write(`Wrote ${rows} rows to ${file}.\n`);
    },
  },

  restore: {
    required: [],
    optional: ['application-role', 'operator-role'],
    takesFile: true,
    about: 'fills an empty database from a backup, and proves the books; exit code 2 says that they are wrong',
    async run(config, flags, file) {
      const { rows, health } = await restoreDatabase(config, rolesOf(flags), file);
      process.stdout.write(`Restored ${rows} rows from ${file}.\n\n`);
      printHealth(health);
    },
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  'organization create': {
    required: ['id', 'name', 'currency', 'time-zone'],
    optional: ['by'],
    about: 'opens the books of an organization',
    async run(em, flags) {
      const publicId = required(flags, 'id');
      const [taken] = await em.execute<{ id: string }[]>(
        'select public_id as id from organizations where lower(public_id) = lower(?)',
        [publicId],
      );
      if (taken !== undefined) throw new Refusal(`There is an organization ${taken.id} already`);
      const organization = await createOrganization(em, {
        publicId,
        name: required(flags, 'name'),
        baseCurrency: required(flags, 'currency'),
        timeZone: required(flags, 'time-zone'),
      });
      const { baseCurrency, timeZone } = organization;
      recordEvent(em, organization, 'organization create', { baseCurrency, timeZone, by: by(flags) }, OPERATOR);
      await em.flush();
      print([{ id: organization.publicId, name: organization.name }]);
    },
  },

  'organization list': {
    required: [],
    optional: [],
    about: 'lists id, name, base currency, time zone',
    async run(em) {
      const organizations = await em.find(Organization, {}, { orderBy: { id: 'asc' } });
      print(organizations.map(({ publicId, name, baseCurrency, timeZone }) => ({ id: publicId, name, baseCurrency, timeZone })));
    },
  },

  'member add': {
    required: ['organization', 'subject', 'name', 'role'],
    optional: ['by'],
    about: 'makes a user a member, also a former one',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const [subject, role] = [required(flags, 'subject'), roleOf(flags)];
      const added = await addMember(em, organization, { subject, name: required(flags, 'name'), role }, { by: by(flags) });
      if (!added) throw new Refusal(`${subject} is a member already`);
      print([{ organization: organization.publicId, subject, role }]);
    },
  },

  'member list': {
    required: ['organization'],
    optional: [],
    about: 'lists subject, name, role, and when the membership ended',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const memberships = await em.find(
        Membership,
        { organization: organization.id },
        { populate: ['user'], orderBy: { user: { id: 'asc' } } },
      );
      print(
        memberships.map(({ user: { subject, name }, role, endedAt }) => ({
          subject,
          name,
          role,
          ended: endedAt?.toISOString() ?? 'no',
        })),
      );
    },
  },

  'member change': {
    required: ['organization', 'subject', 'role'],
    optional: ['by'],
    about: 'gives a member another role, at once',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const [subject, role] = [required(flags, 'subject'), roleOf(flags)];
      const changed = await changeMember(em, organization, { subject, role }, { by: by(flags) });
      if (changed === null) throw notAMember(subject);
      print([{ organization: organization.publicId, subject, before: changed.before, role }]);
    },
  },

  'member end': {
    required: ['organization', 'subject'],
    optional: ['by'],
    about: 'ends a membership, at once',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const subject = required(flags, 'subject');
      if (!(await endMembership(em, organization, subject, { by: by(flags) }))) throw notAMember(subject);
      process.stdout.write(`The membership of ${subject} has ended.\n`);
    },
  },

  'api-key create': {
    required: ['organization', 'name', 'role'],
    optional: ['expires', 'by'],
    about: 'makes a key, and prints it this once; it ends with the day of --expires',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const expiresAt = await expiryOf(em, organization, flags);
      const [name, role] = [required(flags, 'name'), roleOf(flags)];
      const { key, apiKey } = await em.transactional(async (em) => {
        const created = await createApiKey(em, organization, { name, role, expiresAt });
        const details = { id: String(created.apiKey.id), name, role, expires: flags.expires ?? 'never', by: by(flags) };
        recordEvent(em, organization, 'api-key create', details, OPERATOR);
        return created;
      });
      process.stdout.write(`${key}\n\nThis is key ${apiKey.id}. It is shown only now; store it in a safe place.\n`);
    },
  },

  'api-key list': {
    required: ['organization'],
    optional: [],
    about: 'lists id, beginning, name, role, expiry, when it was revoked and last used',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const keys = await em.find(ApiKey, { organization: organization.id }, { orderBy: { id: 'asc' } });
      print(
        keys.map(({ id, prefix, name, role, expiresAt, revokedAt, lastUsedAt }) => ({
          id,
          key: `${prefix}…`,
          name,
          role,
          expires: expiresAt?.toISOString() ?? 'never',
          revoked: revokedAt?.toISOString() ?? 'no',
          lastUsed: lastUsedAt?.toISOString() ?? 'never',
        })),
      );
    },
  },

  'api-key revoke': {
    required: ['organization', 'key'],
    optional: ['by'],
    about: 'revokes a key for good, at once',
    async run(em, flags) {
      const organization = await organizationOf(em, flags);
      const id = parseId(required(flags, 'key'));
      const revoked = await em.transactional(async (em) => {
        if (id === null || !(await revokeApiKey(em, organization, id))) return false;
        recordEvent(em, organization, 'api-key revoke', { id: String(id), by: by(flags) }, OPERATOR);
        return true;
      });
      if (!revoked) throw new Refusal('There is no such key that is not revoked yet');
      process.stdout.write(`Key ${id} is revoked.\n`);
    },
  },

  audit: {
    required: [],
    optional: ['organization'],
    about: 'proves the books of all organizations or of one; exit code 2 says that they are wrong',
    run: audit,
  },
};

/** Proves the books of one organization, or of all; the exit code tells. */
async function audit(em: EntityManager, flags: Flags): Promise<void> {
  const organization = flags.organization === undefined ? null : await organizationOf(em, flags);
  printHealth(await ledgerHealth(em, organization?.id ?? null));
}

function printHealth({ healthy, checkedAt, checks }: LedgerHealth): void {
  print(
    checks.map((check) => ({ healthy: check.healthy ? 'ok' : 'BROKEN', name: check.name, offenders: check.offenders.join(', ') })),
  );
  process.stdout.write(`\n${healthy ? 'The books are right' : 'THE BOOKS ARE WRONG'}, as of ${checkedAt.toISOString()}.\n`);
  if (!healthy) process.exitCode = 2;
}

async function main(args: readonly string[]): Promise<void> {
  assertNodeVersion(process.versions.node);
  const call = read(args);
  if (call.help) {
    process.stdout.write(usage(call.name));
    return;
  }
  assertKnown(call);
  const { name, flags, file } = call;
  for (const option of synopsisOf(name).required) required(flags, option);

  const databaseCommand = DATABASE_COMMANDS[name];
  if (databaseCommand !== undefined) return databaseCommand.run(readConfig(process.env), flags, file);
  const database = await openDatabaseBeside(readConfig(process.env));
  try {
    await COMMANDS[name]?.run(database.orm.em.fork(), flags);
  } finally {
    await database.close();
  }
}

/** Every command by its name. */
const ALL: ReadonlyMap<string, Synopsis> = new Map(Object.entries({ ...DATABASE_COMMANDS, ...COMMANDS }));

interface Call {
  readonly name: string;
  readonly flags: Flags;
  /** Options that no command has, as they were written. */
  readonly unknown: readonly string[];
  /** Empty where the command takes none. */
  readonly file: string;
  readonly help: boolean;
}

/** @throws {UsageError} for an option without its value, or that stands there twice, and for a command without its file */
function read(args: readonly string[]): Call {
  const options = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }]));
  const help = { type: 'boolean' as const, short: 'h' };
  const { positionals, tokens } = parseArgs({
    args: [...args],
    options: { ...options, help },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const flags: Partial<Record<Option, string>> = {};
  const unknown: string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option' || token.name === 'help') continue;
    const { name, rawName, value, inlineValue } = token;
    if (!isOption(name)) {
      unknown.push(rawName);
      continue;
    }
    if (flags[name] !== undefined) throw new UsageError(`--${name} stands there twice`);
    const isValue = value !== undefined && (inlineValue || !value.startsWith('-'));
    if (!isValue) throw new UsageError(`--${name} needs a value: --${name} ${OPTIONS[name]}`);
    flags[name] = tidy(value);
  }
  const asksForHelp = tokens.some((token) => token.kind === 'option' && token.name === 'help');
  const [first = '', file = '', ...others] = positionals;
  if (!ALL.get(first)?.takesFile) return { name: positionals.join(' '), flags, unknown, file: '', help: asksForHelp };
  if (!asksForHelp && (file === '' || others.length > 0)) throw new UsageError(`${first} takes the name of one file`);
  return { name: first, flags, unknown, file, help: asksForHelp };
}

function isOption(name: string): name is Option {
  return Object.hasOwn(OPTIONS, name);
}

/** @throws {UsageError} */
function synopsisOf(name: string): Synopsis {
  const synopsis = ALL.get(name);
  if (synopsis === undefined) throw new UsageError(`There is no such command${name === '' ? '' : `: ${name}`}`);
  return synopsis;
}

/** @throws {UsageError} for an option that the command does not have, with those that it has */
function assertKnown({ name: words, flags, unknown }: Call): void {
  // What seems to be the value of an unknown option stands among the words of the command.
  const name = [...ALL.keys()].find((each) => `${words} `.startsWith(`${each} `));
  const { required, optional } = name === undefined ? { required: [], optional: [] } : synopsisOf(name);
  const known: readonly string[] = name === undefined ? Object.keys(OPTIONS) : [...required, ...optional];
  const misplaced = Object.keys(flags).filter((option) => !known.includes(option));
  const [wrong] = [...unknown, ...misplaced.map((option) => `--${option}`)];
  if (wrong === undefined) return;
  const options = [...known, 'help'].map((option) => `--${option}`).join(', ');
  throw new UsageError(`There is no option ${wrong}${name === undefined ? '' : ` for ${name}`}; there is: ${options}`);
}

/** How the command is called, or all that begin with the name; all commands, if none does. */
function usage(name = ''): string {
  const all = [...ALL];
  const meant = all.filter(([each]) => each === name || each.startsWith(`${name} `));
  const lines = (meant.length > 0 ? meant : all).map(
    ([each, synopsis]) => `  ${callOf(each, synopsis)}\n      ${synopsis.about}\n`,
  );
  return `usage:\n${lines.join('')}`;
}

function callOf(name: string, { required, optional, takesFile }: Synopsis): string {
  const [topic = '', ...rest] = name.split(' ');
  const options = [
    ...(takesFile ? ['FILE'] : []),
    ...required.map((option) => `--${option} ${OPTIONS[option]}`),
    ...optional.map((option) => `[--${option} ${OPTIONS[option]}]`),
  ];
  const words = [...rest, ...options].join(' ');
  return rest.length === 0 && required.length === 0 && !takesFile
    ? `npm run ${topic} [-- ${words}]`
    : `npm run ${topic} -- ${words}`;
}

function rolesOf(flags: Flags): DatabaseRoles {
  return { application: flags['application-role'], operator: flags['operator-role'] };
}

function required(flags: Flags, name: Option): string {
  const value = flags[name];
  if (!value) throw new UsageError(`--${name} is missing`);
  return value;
}

async function organizationOf(em: EntityManager, flags: Flags): Promise<Organization> {
  const publicId = required(flags, 'organization');
  const organization = await em.findOne(Organization, { publicId });
  if (organization === null) throw new Refusal(`There is no organization ${publicId}; see: npm run organization -- list`);
  return organization;
}

function roleOf(flags: Flags): Role {
  const role = Object.values(Role).find((name) => name === required(flags, 'role'));
  if (role === undefined) throw new Refusal(`--role must be one of: ${Object.values(Role).join(', ')}`);
  return role;
}

/** Who is at the keyboard, as the operating system knows, unless the operator says it. */
function by(flags: Flags): string {
  return flags.by ?? process.env.SUDO_USER ?? userInfo().username;
}

function notAMember(subject: string): Refusal {
  return new Refusal(`${subject} is no member; see: npm run member -- list --organization PUBLIC_ID`);
}

/** The moment in which the day ends in the organization's time zone; compared by the database's clock, as keys are at each request. */
async function expiryOf(em: EntityManager, { timeZone }: Organization, { expires }: Flags): Promise<Date | null> {
  if (expires === undefined) return null;
  const end = isCalendarDate(expires) ? endOfDay(expires, timeZone) : null;
  const [row] = end === null ? [] : await em.execute<{ future: boolean }[]>('select ? > clock_timestamp() as future', [end]);
  if (!row?.future) throw new Refusal('--expires must be a date that has not passed, such as 2027-12-31');
  return end;
}

function print(rows: readonly Record<string, unknown>[]): void {
  process.stdout.write(rows.length === 0 ? 'None.\n' : `${rows.map((row) => Object.values(row).join('\t')).join('\n')}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) process.stderr.write(`${message}\n\n${usage()}`);
  else process.stderr.write(isMissingRight(error) ? `${RIGHT_MISSING}\n` : `${message}\n`);
  process.exitCode = 1;
});

const RIGHT_MISSING =
  'The role of DATABASE_URL may not do this. Commands take the role that manages organizations, members and keys; npm run migrate ' +
  'takes the owner of the tables. See docs/operations.md, "Three roles".';
