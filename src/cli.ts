import { parseArgs } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createApiKey, revokeApiKey } from './auth/api-keys.js';
import { readConfig } from './config.js';
import { migrateDatabase, openDatabaseBeside } from './database.js';
import { ApiKey, Membership, Role, User } from './entities/access.js';
import { Organization } from './entities/organization.js';
import { parseId } from './entities/owned.js';
import { isPostingDate } from './posting-date.js';
import { OPERATOR, recordEvent } from './services/audit-trail.js';
import { createOrganization } from './services/create-organization.js';
import { ledgerHealth } from './services/ledger-health.js';

const USAGE = `usage:
  npm run migrate [-- --application-role ROLE]
  npm run organization -- create --id PUBLIC_ID --name NAME --currency USD --time-zone Europe/Berlin
  npm run organization -- list
  npm run member -- add --organization PUBLIC_ID --subject JWT_SUB --name NAME --role VIEWER|ACCOUNTANT|ADMIN
  npm run api-key -- create --organization PUBLIC_ID --name NAME --role VIEWER|ACCOUNTANT|ADMIN [--expires 2027-12-31]
  npm run api-key -- list --organization PUBLIC_ID
  npm run api-key -- revoke --organization PUBLIC_ID --key ID
  npm run audit [-- --organization PUBLIC_ID]
`;

/** The operator called it wrongly; the message says how. */
class UsageError extends Error {}

type Flags = Readonly<Record<string, string | undefined>>;

const COMMANDS: Readonly<Record<string, (em: EntityManager, flags: Flags) => Promise<void>>> = {
  audit,

  'organization create': async (em, flags) => {
    const publicId = required(flags, 'id');
    if ((await em.count(Organization, { publicId })) > 0) throw new UsageError(`There is an organization ${publicId} already`);
    const organization = await createOrganization(em, {
      publicId,
      name: required(flags, 'name'),
      baseCurrency: required(flags, 'currency'),
      timeZone: required(flags, 'time-zone'),
    });
    recordEvent(
      em,
      organization,
      'organization create',
      { baseCurrency: organization.baseCurrency, timeZone: organization.timeZone },
      OPERATOR,
    );
    await em.flush();
    print([{ id: organization.publicId, name: organization.name }]);
  },

  'organization list': async (em) => {
    const organizations = await em.find(Organization, {}, { orderBy: { id: 'asc' } });
    print(organizations.map(({ publicId, name, baseCurrency, timeZone }) => ({ id: publicId, name, baseCurrency, timeZone })));
  },

  'member add': async (em, flags) => {
    const organization = await organizationOf(em, flags);
    const subject = required(flags, 'subject');
    const user = (await em.findOne(User, { subject })) ?? em.create(User, { subject, name: required(flags, 'name') });
    if ((await em.count(Membership, { organization, user: { subject } })) > 0)
      throw new UsageError(`${subject} is a member already`);
    em.create(Membership, { organization, user, role: roleOf(flags) });
    recordEvent(em, organization, 'member add', { subject, role: roleOf(flags) }, OPERATOR);
    await em.flush();
    print([{ organization: organization.publicId, subject, role: roleOf(flags) }]);
  },

  'api-key create': async (em, flags) => {
    const organization = await organizationOf(em, flags);
    const expiresAt = expiryOf(flags);
    const [name, role] = [required(flags, 'name'), roleOf(flags)];
    const { key, apiKey } = await em.transactional(async (em) => {
      const created = await createApiKey(em, organization, { name, role, expiresAt });
      recordEvent(em, organization, 'api-key create', { id: String(created.apiKey.id), name, role }, OPERATOR);
      return created;
    });
    process.stdout.write(`${key}\n\nThis is key ${apiKey.id}. It is shown only now; store it in a safe place.\n`);
  },

  'api-key list': async (em, flags) => {
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

  'api-key revoke': async (em, flags) => {
    const organization = await organizationOf(em, flags);
    const id = parseId(required(flags, 'key'));
    const revoked = await em.transactional(async (em) => {
      if (id === null || !(await revokeApiKey(em, organization, id))) return false;
      recordEvent(em, organization, 'api-key revoke', { id: String(id) }, OPERATOR);
      return true;
    });
    if (!revoked) throw new UsageError('There is no such key that is not revoked yet');
    process.stdout.write(`Key ${id} is revoked.\n`);
  },
};

/** Proves the books of one organization, or of all; the exit code tells. */
async function audit(em: EntityManager, flags: Flags): Promise<void> {
  const organization = flags.organization === undefined ? null : await organizationOf(em, flags);
  const { healthy, checkedAt, checks } = await ledgerHealth(em, organization?.id ?? null);
  print(
    checks.map((check) => ({ healthy: check.healthy ? 'ok' : 'BROKEN', name: check.name, offenders: check.offenders.join(', ') })),
  );
  process.stdout.write(`\n${healthy ? 'The books are right' : 'THE BOOKS ARE WRONG'}, as of ${checkedAt.toISOString()}.\n`);
  if (!healthy) process.exitCode = 2;
}

async function main([topic = '', ...words]: readonly string[]): Promise<void> {
  const flag = { type: 'string' } as const;
  const { values, positionals } = parseFlags(words, {
    id: flag,
    name: flag,
    currency: flag,
    'time-zone': flag,
    organization: flag,
    subject: flag,
    role: flag,
    expires: flag,
    key: flag,
    'application-role': flag,
  });
  const name = [topic, ...positionals].join(' ');
  if (name === 'migrate') {
    const applied = await migrateDatabase(readConfig(process.env), values['application-role']);
    process.stdout.write(applied.length === 0 ? 'Nothing to migrate.\n' : `Applied: ${applied.join(', ')}\n`);
    return;
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new UsageError('There is no such command');

  const database = await openDatabaseBeside(readConfig(process.env));
  try {
    await command(database.orm.em.fork(), values);
  } finally {
    await database.close();
  }
}

function parseFlags(args: string[], options: Record<string, { type: 'string' }>): { values: Flags; positionals: string[] } {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function required(flags: Flags, name: string): string {
  const value = flags[name];
  if (!value) throw new UsageError(`--${name} is missing`);
  return value;
}

async function organizationOf(em: EntityManager, flags: Flags): Promise<Organization> {
  const publicId = required(flags, 'organization');
  const organization = await em.findOne(Organization, { publicId });
  if (organization === null) throw new UsageError(`There is no organization ${publicId}; see: npm run organization -- list`);
  return organization;
}

function roleOf(flags: Flags): Role {
  const role = Object.values(Role).find((name) => name === required(flags, 'role'));
  if (role === undefined) throw new UsageError(`--role must be one of: ${Object.values(Role).join(', ')}`);
  return role;
}

function expiryOf({ expires }: Flags): Date | null {
  if (expires === undefined) return null;
  const date = new Date(expires);
  if (!isPostingDate(expires) || date <= new Date())
    throw new UsageError('--expires must be a date in the future, such as 2027-12-31');
  return date;
}

function print(rows: readonly Record<string, unknown>[]): void {
  process.stdout.write(rows.length === 0 ? 'None.\n' : `${rows.map((row) => Object.values(row).join('\t')).join('\n')}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(error instanceof UsageError ? `${message}\n\n${USAGE}` : `${message}\n`);
  process.exitCode = 1;
});
