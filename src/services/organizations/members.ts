import type { EntityManager } from '@mikro-orm/postgresql';
import { Membership, type Role, User } from '../../entities/access.js';
import type { Organization } from '../../entities/organization.js';
import { OPERATOR, recordEvent } from '../unit-of-work/audit-trail.js';

export interface NewMember {
  /** The `sub` claim of the user's JWTs. */
  readonly subject: string;
  /** Of a user who is not known yet. */
  readonly name: string;
  readonly role: Role;
}

/** The person at the operator's command line. */
interface Operator {
  readonly by: string;
}

/** Makes the user a member, also one whose membership has ended; whether the user was none. */
export function addMember(
  em: EntityManager,
  organization: Organization,
  { subject, name, role }: NewMember,
  { by }: Operator,
): Promise<boolean> {
  return em.transactional(async (em) => {
    const former = await findMembership(em, organization, subject);
    if (former !== null && former.endedAt === null) return false;
    if (former === null) {
      const user = (await em.findOne(User, { subject })) ?? em.create(User, { subject, name });
      em.create(Membership, { organization: organization.id, user, role });
    } else {
      em.assign(former, { role, endedAt: null });
    }
    recordEvent(em, organization, 'member add', { subject, role, by }, OPERATOR);
    return true;
  });
}

/** Gives the member another role, which holds at once; `null` if the user is no member. */
export function changeMember(
  em: EntityManager,
  organization: Organization,
  { subject, role }: Omit<NewMember, 'name'>,
  { by }: Operator,
): Promise<{ before: Role } | null> {
  return em.transactional(async (em) => {
    const membership = await findMembership(em, organization, subject);
    if (membership === null || membership.endedAt !== null) return null;
    const before = membership.role;
    membership.role = role;
    recordEvent(em, organization, 'member change', { subject, before, after: role, by }, OPERATOR);
    return { before };
  });
}

/** Ends the membership, at once; whether the user was a member. It is kept: refunds name it. */
export function endMembership(em: EntityManager, organization: Organization, subject: string, { by }: Operator): Promise<boolean> {
  return em.transactional(async (em) => {
    const membership = await findMembership(em, organization, subject);
    if (membership === null || membership.endedAt !== null) return false;
    // The database puts its own time in place of this one.
    membership.endedAt = new Date();
    recordEvent(em, organization, 'member end', { subject, role: membership.role, by }, OPERATOR);
    return true;
  });
}

function findMembership(em: EntityManager, organization: Organization, subject: string): Promise<Membership | null> {
  return em.findOne(Membership, { organization: organization.id, user: { subject } }, { populate: ['user'] });
}
