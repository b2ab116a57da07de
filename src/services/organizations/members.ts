import type { EntityManager } from '@mikro-orm/postgresql';
import { Membership, Role, User } from '../../entities/access.js';
import type { Organization } from '../../entities/organization.js';
import { oneOf, text } from '../unit-of-work/fields.js';
import { OperatorRefusal, operatorCommand } from './operator-command.js';

/**
 * Makes a user a member of the organization, or a former member a member again. The subject is the `sub` claim of the user's JWTs. The name is
 * stored for a new user only.
 *
 * @throws {OperatorRefusal} if the user is a member already
 */
export const addMember = operatorCommand({
  name: 'member add',
  fields: { subject: text, name: text, role: oneOf(Role) },
  async run({ em, organization }, { subject, name, role }) {
    const former = await findMembership(em, organization, subject);
    if (former !== null && former.endedAt === null) throw new OperatorRefusal(`${subject} is a member already`);
    if (former !== null) {
      em.assign(former, { role, endedAt: null });
      return;
    }
    const user = (await em.findOne(User, { subject })) ?? em.create(User, { subject, name });
    em.create(Membership, { organization: organization.id, user, role });
  },
  audit: ({ values: { subject, role } }) => ({ subject, role }),
});

/**
 * Changes the role of a member, with immediate effect. Returns the previous role.
 *
 * @throws {OperatorRefusal} if the user is not a member
 */
export const changeMember = operatorCommand({
  name: 'member change',
  fields: { subject: text, role: oneOf(Role) },
  async run({ em, organization }, { subject, role }) {
    const membership = await memberOf(em, organization, subject);
    const before = membership.role;
    membership.role = role;
    return { before };
  },
  audit: ({ result: { before }, values: { subject, role } }) => ({ subject, before, after: role }),
});

/**
 * Ends a membership, with immediate effect, also while the organization is frozen: reads go on. The row stays, since refunds refer to it.
 *
 * @throws {OperatorRefusal} if the user is not a member
 */
export const endMembership = operatorCommand({
  name: 'member end',
  fields: { subject: text },
  whileFrozen: true,
  async run({ em, organization }, { subject }) {
    const membership = await memberOf(em, organization, subject);
    // A trigger replaces it with the time of the database.
    membership.endedAt = new Date();
    return membership;
  },
  audit: ({ result: { role }, values: { subject } }) => ({ subject, role }),
});

/** Returns all memberships with their users, also those that have ended, in the order of the users' ids. */
export function listMembers(em: EntityManager, organization: Organization): Promise<Membership[]> {
  return em.find(Membership, { organization: organization.id }, { populate: ['user'], orderBy: { user: { id: 'asc' } } });
}

async function memberOf(em: EntityManager, organization: Organization, subject: string): Promise<Membership> {
  const membership = await findMembership(em, organization, subject);
  if (membership === null || membership.endedAt !== null) {
    throw new OperatorRefusal(`${subject} is no member; see: npm run member -- list --organization ${organization.publicId}`);
  }
  return membership;
}

function findMembership(em: EntityManager, organization: Organization, subject: string): Promise<Membership | null> {
  return em.findOne(Membership, { organization: organization.id, user: { subject } }, { populate: ['user'] });
}
