import { Role } from '../entities/access.js';
import { createKey, listApiKeys, revokeKey } from '../services/organizations/api-keys.js';
import { addMember, changeMember, endMembership, listMembers } from '../services/organizations/members.js';
import { OperatorRefusal } from '../services/organizations/operator-command.js';
import { type Commands, onDatabase, operatorOf, organizationOf } from './command.js';
import { type Flags, required } from './command-line.js';
import { print, timeOr } from './output.js';

/** The commands that decide who may call: members and API keys. */
export const ACCESS_COMMANDS: Commands = {
  'member add': {
    required: ['organization', 'subject', 'name', 'role'],
    optional: ['by'],
    about: 'makes a user a member; a former member becomes one again',
    run: onDatabase(async (em, flags) => {
      const organization = await organizationOf(em, flags);
      const [subject, name, role] = [required(flags, 'subject'), required(flags, 'name'), roleOf(flags)];
      await addMember(em, organization, { subject, name, role }, operatorOf(flags));
      print([[organization.publicId, subject, role]]);
    }),
  },

  'member list': {
    required: ['organization'],
    optional: [],
    about: 'lists subject, name, role, and when the membership ended',
    run: onDatabase(async (em, flags) => {
      const members = await listMembers(em, await organizationOf(em, flags));
      print(members.map(({ user: { subject, name }, role, endedAt }) => [subject, name, role, timeOr('no', endedAt)]));
    }),
  },

  'member change': {
    required: ['organization', 'subject', 'role'],
    optional: ['by'],
    about: 'gives a member another role, at once',
    run: onDatabase(async (em, flags) => {
      const organization = await organizationOf(em, flags);
      const [subject, role] = [required(flags, 'subject'), roleOf(flags)];
      const { before } = await changeMember(em, organization, { subject, role }, operatorOf(flags));
      print([[organization.publicId, subject, before, role]]);
    }),
  },

  'member end': {
    required: ['organization', 'subject'],
    optional: ['by'],
    about: 'ends a membership, at once',
    run: onDatabase(async (em, flags) => {
      const subject = required(flags, 'subject');
      await endMembership(em, await organizationOf(em, flags), { subject }, operatorOf(flags));
      process.stdout.write(`The membership of ${subject} has ended.\n`);
    }),
  },

  'api-key create': {
    required: ['organization', 'name', 'role'],
    optional: ['expires', 'by'],
    about: 'makes a key and prints it; it cannot be printed again. It expires at the end of the day of --expires',
    run: onDatabase(async (em, flags, { cell }) => {
      const organization = await organizationOf(em, flags);
      const input = { name: required(flags, 'name'), role: roleOf(flags), expires: flags.expires, cell };
      const { key, apiKey } = await createKey(em, organization, input, operatorOf(flags));
      process.stdout.write(`${key}\n\nThis is key ${apiKey.id}. It is shown only now; store it in a safe place.\n`);
    }),
  },

  'api-key list': {
    required: ['organization'],
    optional: [],
    about: 'lists id, beginning, name, role, expiry, when it was revoked and last used',
    run: onDatabase(async (em, flags) => {
      const keys = await listApiKeys(em, await organizationOf(em, flags));
      print(
        keys.map(({ id, prefix, name, role, expiresAt, revokedAt, lastUsedAt }) => [
          ...[id, `${prefix}…`, name, role],
          ...[timeOr('never', expiresAt), timeOr('no', revokedAt), timeOr('never', lastUsedAt)],
        ]),
      );
    }),
  },

  'api-key revoke': {
    required: ['organization', 'key'],
    optional: ['by'],
    about: 'revokes a key for good, at once',
    run: onDatabase(async (em, flags) => {
      const id = required(flags, 'key');
      await revokeKey(em, await organizationOf(em, flags), { id }, operatorOf(flags));
      process.stdout.write(`Key ${id} is revoked.\n`);
    }),
  },
};

function roleOf(flags: Flags): Role {
  const role = Object.values(Role).find((name) => name === required(flags, 'role'));
  if (role === undefined) throw new OperatorRefusal(`--role must be one of: ${Object.values(Role).join(', ')}`);
  return role;
}
