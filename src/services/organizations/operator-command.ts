import type { EntityManager } from '@mikro-orm/postgresql';
import { Organization } from '../../entities/organization.js';
import { run as runQueries } from '../../orm/query.js';
import { OPERATOR, recordEvent } from '../unit-of-work/audit-trail.js';
import { type Fields, type InputOf, normalize, type ValuesOf } from '../unit-of-work/fields.js';
import { lockOperators, lockPeriod } from '../unit-of-work/locks.js';
import { readOrganization } from '../unit-of-work/unit-of-work.js';

/** A refusal of an operator's command: nothing was written. The message is one line for a terminal. */
export class OperatorRefusal extends Error {}

/** The person at the command line. The permissions are those of the database role; the gateway's roles do not apply. */
export interface Operator {
  readonly by: string;
}

interface OperatorDeclaration<F extends Fields, Result> {
  /** The words at the command line, such as `member add`. They are also the action of the audit event. */
  readonly name: string;
  readonly fields: F;
  /** Mode of the period lock, for a command that all requests of the organization wait for. Others must not wait behind requests. */
  readonly period?: 'exclusive';
  /** Whether the command runs although the organization is frozen; default false. */
  readonly whileFrozen?: boolean;
  run(work: { readonly em: EntityManager; readonly organization: Organization }, values: ValuesOf<F>): Promise<Result>;
  /** Returns the details of the audit event. The operator's name is added. */
  audit(done: { readonly result: Result; readonly values: ValuesOf<F> }): Readonly<Record<string, string>>;
}

/**
 * Executes a declared command in one transaction, together with its audit event.
 *
 * @throws {OrganizationMoving} if the organization is frozen
 */
export type OperatorCommand<Input, Result> = (
  em: EntityManager,
  organization: Organization,
  input: Input,
  operator: Operator,
) => Promise<Result>;

/**
 * Declares a command that operators execute for an organization, and returns the function that executes it.
 *
 * @example
 * const { before } = await changeMember(em, organization, { subject: 'ann', role: Role.ADMIN }, { by: 'Otto Operator' });
 */
export function operatorCommand<F extends Fields, Result>({
  name,
  fields,
  period,
  whileFrozen = false,
  run,
  audit,
}: OperatorDeclaration<F, Result>): OperatorCommand<InputOf<F>, Result> {
  return (em, { id }, input, { by }) =>
    em.transactional(async (em) => {
      await lockOperators(em);
      if (period !== undefined) await runQueries(em, lockPeriod(id, period));
      // Freezing takes the operators' lock, too, so the organization is not frozen meanwhile.
      const [organization] = await runQueries(em, readOrganization(em, id));
      if (!whileFrozen) organization.assertNotFrozen();
      const values = normalize(fields, input, organization);
      const result = await run({ em, organization }, values);
      recordEvent(em, organization, name, { ...audit({ result, values }), by }, OPERATOR);
      return result;
    });
}

/**
 * Returns the organization with the public id.
 *
 * @throws {OperatorRefusal} if there is none
 */
export async function findOrganization(em: EntityManager, publicId: string): Promise<Organization> {
  const organization = await em.findOne(Organization, { publicId });
  if (organization === null) {
    throw new OperatorRefusal(`There is no organization ${publicId}; see: npm run organization -- list`);
  }
  return organization;
}
