import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Actor, requireRole } from '../../auth/actor.js';
import { readStanding } from '../../auth/standing.js';
import type { Role } from '../../entities/access.js';
import type { Organization } from '../../entities/organization.js';
import { run } from '../../orm/query.js';
import type { PostingDate } from '../../values/posting-date.js';
import { by, recordEvent } from './audit-trail.js';
import { type Fields, type InputOf, normalize, type ValuesOf } from './fields.js';
import type { Idempotency } from './idempotency.js';
import type { Period } from './locks.js';
import { NOTHING, underLocks } from './unit-of-work.js';

/** What a door knows of a command: the mutation takes its name and its role from here. */
export interface Declared<Name extends string = string> {
  readonly name: Name;
  /** The lowest role that may give the command. */
  readonly role: Role;
}

/** A command that a caller gives: one transaction, done once for each idempotency key. */
export interface Command<Input, Result, Name extends string = string> extends Declared<Name> {
  /**
   * @throws {Forbidden} if the actor's role is too low, or has become so while locks were waited for
   * @throws {Unauthenticated} if the actor's key or membership has ended meanwhile
   * @throws {IdempotencyKeyReused} if the key was used for another command
   */
  (em: EntityManager, actor: Actor, input: Input, idempotency?: Idempotency): Promise<Result>;
}

/** The input of a command. */
export type InputFor<C> = C extends Command<infer Input, unknown> ? Input : never;

interface Declaration<Name extends string, F extends Fields, Result> extends Declared<Name> {
  /** Entity that the command makes or changes: a command that was done before returns it by its id. */
  readonly result: EntityClass<Result>;
  /** Each field of the input with its type. They tell one command from another under the same idempotency key. */
  readonly fields: F;
  /** `exclusive` for a command that changes the lock date. Absent: `shared`. */
  readonly period?: Period;
  /** Locks and loads, refuses, changes the model, builds the entry and persists; nothing is flushed here. */
  run(work: CommandWork, values: ValuesOf<F>): Promise<Result>;
  /** Details of the audit event that is recorded with the change. Absent: no event is recorded. */
  audit?(done: CommandDone<Result, ValuesOf<F>>): Readonly<Record<string, string>>;
}

/** What a command runs with: its transaction, the organization as it is under the locks, and the caller. */
interface CommandWork {
  readonly em: EntityManager;
  readonly organization: Organization;
  readonly actor: Actor;
}

/** What an audit event tells of a command. */
export interface CommandDone<Result, Values> {
  readonly result: Result;
  readonly values: Values;
  /** The organization as it was before. */
  readonly before: { readonly lockDate: PostingDate | null };
}

/**
 * Declares a command, all of it in one place, and makes the function that executes it.
 *
 * @example
 * export const createBranch = command({
 *   name: 'createBranch',
 *   role: Role.ACCOUNTANT,
 *   result: Branch,
 *   fields: { code: text, name: text },
 *   async run({ em, organization }, { code, name }) {
 *     return em.create(Branch, { organization, code, name, isPrimary: false });
 *   },
 * });
 *
 * const branch = await createBranch(em, actor, { code: '2', name: 'West Coast' }, idempotency);
 */
export function command<const Name extends string, F extends Fields, Result extends { id: number }>(
  declaration: Declaration<Name, F, Result>,
): Command<InputOf<F>, Result, Name> {
  const { name, role, fields } = declaration;
  const execute = async (em: EntityManager, actor: Actor, input: InputOf<F>, idempotency?: Idempotency): Promise<Result> => {
    requireRole(actor, role);
    // The organization's time zone never changes, so the organization that the caller was found with is right.
    return executeOnce(em, actor, declaration, normalize(fields, input, actor.organization), idempotency);
  };
  return Object.assign(Object.defineProperty(execute, 'name', { value: name }), { role }) as Command<InputOf<F>, Result, Name>;
}

/** Runs the command in one transaction, and once per idempotency key: the second time, the first one's result is read again. */
function executeOnce<Name extends string, F extends Fields, Result extends { id: number }>(
  em: EntityManager,
  actor: Actor,
  declaration: Declaration<Name, F, Result>,
  values: ValuesOf<F>,
  idempotency: Idempotency | undefined,
): Promise<Result> {
  const { name, role, period } = declaration;
  const organizationId = actor.organization.id;
  const given = { name, values, idempotency };
  return underLocks(
    em,
    organizationId,
    { period, commands: [given], actors: [actor], load: NOTHING },
    async ({ em, organization, keys, standing }) => {
      standing.assertMay(actor, role);
      const earlier = keys.resultOf(given);
      if (earlier !== null) return em.findOneOrFail(declaration.result, { id: earlier } as FilterQuery<Result>);
      const before = { lockDate: organization.lockDate };
      const result = await declaration.run({ em, organization, actor }, values);
      const details = declaration.audit?.({ result, values, before });
      if (details !== undefined) recordEvent(em, organization, name, details, by(actor));
      // A new result gets its id from the database.
      await em.persist(result).flush();
      keys.keep(given, result);
      // The command may have waited for more locks.
      const [presentStanding] = await run(em, readStanding(organizationId, [actor]));
      presentStanding.assertMay(actor, role);
      return result;
    },
  );
}
